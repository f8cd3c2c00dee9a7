"""Turns of a chat in their many spellings on disk, read as messages."""

import json
import re
from collections.abc import Callable

from fledge.data.records import Located
from fledge.text.conversation import Message, Role

SPEAKERS: dict[str, Role] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "model", "function_call"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function", "ipython"), "tool"),
}
"""Names of speakers in the known formats (OpenAI, ShareGPT, Gemma, Llama)."""

_ROLE_FIELDS = ("role", "from", "speaker")
_CONTENT_FIELDS = ("content", "value", "text")
_STRICT_DIALOGUE = re.compile(r"(?:^|\n\n)(Human|Assistant):")
_LOOSE_DIALOGUE = re.compile(r"(?:^|\s)(Human|Assistant):")


def turns_in(record: Located, name: str) -> tuple[Message, ...]:
    """Read the messages in the field `name`: `{"role", "content"}` or `{"from", "value"}`."""
    value = record.value[name]
    if not isinstance(value, list | tuple) or not value:
        raise record.error(f"a list of messages in {name!r}", _shown(value))
    return tuple(turn_from(record, f"{name}[{index}]", turn) for index, turn in enumerate(value))


def turn_from(record: Located, name: str, value: object) -> Message:
    """Read one message; `name` is its place, for the error."""
    if not isinstance(value, dict):
        raise record.error(f"a message with a role and a content in {name}", _shown(value))
    speaker = _first(value, _ROLE_FIELDS)
    content = _content(value)
    if not isinstance(speaker, str) or content is None:
        found = ", ".join(key for key, part in value.items() if part is not None) or "no field"
        raise record.error(f'"role" and "content" (or "from" and "value") in {name}', found)
    if speaker.lower() not in SPEAKERS:
        known = ", ".join(SPEAKERS)
        raise record.error(f"a speaker among {known} in {name}", repr(speaker))
    return Message(SPEAKERS[speaker.lower()], content)


def text_in(record: Located, name: str) -> str:
    """Read the string in the field `name`; a number, which writers mix up with it, is spelled."""
    value = record.value.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise record.error(f"a string in {name!r}", _shown(value))
    return value


def opening(record: Located) -> tuple[Message, ...]:
    """Read the turns before the prompt: `system`, with `tools` as JSON in it, and `history`."""
    fields = record.present()
    system = [text_in(record, "system")] if fields.get("system") else []
    if tools := fields.get("tools"):
        system.append(f"Tools: {tools if isinstance(tools, str) else json.dumps(tools)}")
    turns = [Message("system", "\n\n".join(system))] if system else []
    history = fields.get("history") or []
    if not isinstance(history, list | tuple):
        raise record.error('a list of [user, assistant] pairs in "history"', _shown(history))
    for pair in history:
        match pair:
            case [str(asked), str(answered)]:
                turns += [Message("user", asked), Message("assistant", answered)]
            case _:
                raise record.error('[user, assistant] pairs of strings in "history"', _shown(pair))
    return tuple(turns)


def instruction(record: Located, name: str) -> tuple[Message, ...]:
    """Read Alpaca's `instruction`, with its `input`, if any, on the next line."""
    asked = text_in(record, name)
    extra = text_in(record, "input") if record.present().get("input") else ""
    return (Message("user", f"{asked}\n{extra}" if extra.strip() else asked),)


def question(record: Located, name: str) -> tuple[Message, ...]:
    """Make one user turn of the string in the field `name`."""
    return (Message("user", text_in(record, name)),)


def prompt_in(record: Located, name: str) -> tuple[Message, ...]:
    """Read a prompt: a list of messages, a question, or a `Human: … Assistant:` dialogue."""
    if isinstance(record.value.get(name), list | tuple):
        return turns_in(record, name)
    text = text_in(record, name)
    if text.strip().startswith("Human:") and text.rstrip().endswith("Assistant:"):
        return dialogue(record, text.rstrip().removesuffix("Assistant:"))
    return (Message("user", text),)


def dialogue(record: Located, text: str) -> tuple[Message, ...]:
    """Cut a `Human: … Assistant: …` string into turns (Bai et al. 2022, arXiv:2204.05862).

    A blank line stands before every speaker; a one-line dialogue is cut at the bare names.
    """
    text = "\n\n" + text.strip()
    strict = _STRICT_DIALOGUE.split(text)
    parts = strict if len(strict) > 3 else _LOOSE_DIALOGUE.split(text)
    if parts[0].strip() or len(parts) < 3:
        raise record.error('a dialogue that begins with "Human:"', _shown(text.strip()))
    speakers: dict[str, Role] = {"Human": "user", "Assistant": "assistant"}
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return tuple(Message(speakers[speaker], said.strip()) for speaker, said in pairs)


def prompt_field(record: Located) -> str | None:
    """Return the name of the field that holds the prompt, or None."""
    fields = record.present()
    return next((name for name in PROMPT_FIELDS if name in fields), None)


def prompt_turns(record: Located) -> tuple[Message, ...]:
    """Read all turns before an answer in its own field; none without a prompt field."""
    name = prompt_field(record)
    return (*opening(record), *PROMPT_FIELDS[name](record, name)) if name else ()


PROMPT_FIELDS: dict[str, Callable[[Located, str], tuple[Message, ...]]] = {
    "prompt": prompt_in,
    "messages": turns_in,
    "conversations": turns_in,
    "instruction": instruction,
    "question": question,
    "utterances": turns_in,
    "utterance": question,
}
"""Fields that may hold the prompt, in the order in which they are looked for."""


def _content(value: dict[str, object]) -> str | None:
    """Return a message's text: a string, OpenAI's list of parts, or tool calls as JSON lines."""
    content = _first(value, _CONTENT_FIELDS)
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(text for text in texts if isinstance(text, str))
    calls = value.get("tool_calls")
    if isinstance(calls, list) and calls:
        lines = [json.dumps(call.get("function", call)) for call in calls if isinstance(call, dict)]
        content = "\n".join([content, *lines] if isinstance(content, str) and content else lines)
    return content if isinstance(content, str) else None


def _first(value: dict[str, object], names: tuple[str, ...]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _shown(value: object) -> str:
    """Shorten a value for an error message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
