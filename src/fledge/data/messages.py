"""One message of a chat in its many spellings on disk: speaker, content, calls and marks."""

import json
from collections.abc import Mapping

from fledge.data.marks import MESSAGE_MASKS, MESSAGE_WEIGHTS, PARTIAL_MASKS, is_learned
from fledge.data.records import Located, shown
from fledge.data.unread import METADATA, is_nothing
from fledge.text.conversation import Message, Role
from fledge.text.tool_prompt import call_with_object, json_line

SPEAKERS: dict[str, Role] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "model", "function_call"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function", "ipython"), "tool"),
}
"""Names of speakers in the known formats (OpenAI, ShareGPT, Gemma, Llama)."""
MEDIA = ("image", "images", "image_url", "audio", "audios", "video", "videos")
"""Fields of a record or a message for pictures, sound and films."""

_ROLE_FIELDS = ("role", "from", "speaker")
_CONTENT_FIELDS = ("content", "value", "text")
_CALL_FIELDS = ("tool_calls", "function_call")
_READ = frozenset(_CALL_FIELDS + MESSAGE_WEIGHTS + MESSAGE_MASKS + PARTIAL_MASKS + MEDIA)
_QUIET = METADATA | {"tool_call_id"}
_TEXT_PARTS = ("text", "input_text", "output_text")
_PLAIN = {"role", "content"}
_WITHOUT_TEXT = frozenset(("type", "text", "annotations", "cache_control", "citations", "logprobs"))
"""Fields of a text part without which its text is the same."""


def turn_from(record: Located, name: str, value: object) -> Message:
    """Read one message; `name` is its place, for the error.

    Raises:
        RecordError: it has no known speaker, or a content that is not all text.
    """
    if not isinstance(value, dict):
        raise record.error(f"a message with a role and a content in {name}", shown(value))
    if value.keys() == _PLAIN and value["role"] in SPEAKERS and isinstance(value["content"], str):
        return Message(SPEAKERS[value["role"]], value["content"])  # most are: no need to look on
    refuse_media(record, value, f" in {name}")
    speaker_field = _first(value, _ROLE_FIELDS)
    content_field = _first(value, _CONTENT_FIELDS)
    content = _text(record, name, value.get(content_field))
    calls = _calls(record, name, value)
    speaker = value.get(speaker_field)
    if not isinstance(speaker, str) or (content is None and not calls):
        found = ", ".join(key for key, part in value.items() if part is not None) or "no field"
        raise record.error(f'"role" and "content" (or "from" and "value") in {name}', found)
    if speaker.lower() not in SPEAKERS:
        known = ", ".join(SPEAKERS)
        raise record.error(f"a speaker among {known} in {name}", repr(speaker))
    _pass_over(record, name, value, {speaker_field, content_field})
    role = SPEAKERS[speaker.lower()]
    learned = role != "assistant" or is_learned(record, name, value)
    return Message(role, "\n".join([content, *calls] if content else calls), learned)


def refuse_media(record: Located, fields: Mapping[str, object], place: str = "") -> None:
    """Check that a record or a message has no picture, sound or film beside its text.

    Raises:
        RecordError: it has one. Without it, the text would mean something else.
    """
    if fields.keys().isdisjoint(MEDIA):
        return
    for name in MEDIA:
        if fields.get(name):
            expected = f"text alone{place}, which is all that the model reads"
            raise record.error(expected, f"{name!r}: {shown(fields[name])}")


def as_json(record: Located, name: str, value: object) -> str:
    """Write a tool or a call as JSON.

    Raises:
        RecordError: JSON has no spelling for a number in it, or a value of its kind.
    """
    try:
        return json_line(value)
    except (TypeError, ValueError) as error:
        raise record.error(f"JSON in {name}", str(error)) from error


def _text(record: Located, name: str, content: object) -> str | None:
    """Return a content as text: a string, or OpenAI's parts joined; None if there is none."""
    match content:
        case None | [] | ():
            return None
        case str():
            return content
        case list() | tuple():
            return "".join(_part(record, name, part) for part in content)
        case _:
            raise record.error(f"a string, or text parts, as the content of {name}", shown(content))


def _part(record: Located, name: str, part: object) -> str:
    """Return the text of a part.

    Raises:
        RecordError: it is no text part. Without it, the message would mean something else.
    """
    fields = {key: value for key, value in part.items() if value} if isinstance(part, dict) else {}
    text = part.get("text") if isinstance(part, dict) else None
    if (
        isinstance(text, str)
        and fields.get("type", "text") in _TEXT_PARTS
        and fields.keys() <= _WITHOUT_TEXT
    ):
        return text
    expected = f'parts like {{"type": "text", "text": "…"}} alone as the content of {name}'
    raise record.error(expected, shown(part))


def _calls(record: Located, name: str, value: Mapping[str, object]) -> list[str]:
    """Return each call of a tool as JSON; on disk, the calls are a list or JSON of one."""
    lines = []
    for field in _CALL_FIELDS:
        calls = value.get(field)
        if isinstance(calls, str) and calls.strip():
            try:
                calls = json.loads(calls)
            except ValueError as error:
                raise record.error(f"JSON in {name}.{field}", shown(calls)) from error
        if not calls:
            continue
        several = [calls] if isinstance(calls, dict) else calls
        if not isinstance(several, list | tuple) or not all(isinstance(c, dict) for c in several):
            raise record.error(f"a list of calls in {name}.{field}", shown(calls))
        for call in several:
            function = call.get("function", call)
            told = call_with_object(function) if isinstance(function, dict) else function
            lines.append(as_json(record, f"{name}.{field}", told))
    return lines


def _pass_over(record: Located, name: str, value: Mapping[str, object], read: set[str]) -> None:
    """Note the fields of a message that nobody reads."""
    field = name.partition("[")[0]
    for key, content in value.items():
        if key not in read and key not in _READ and key not in _QUIET and not is_nothing(content):
            record.passed_over.add(f"{field}[].{key}")


def _first(value: Mapping[str, object], names: tuple[str, ...]) -> str:
    """Return the first of `names` with a value, or else the first."""
    return next((name for name in names if value.get(name) is not None), names[0])
