"""Fields of a record that hold a prompt, read as the turns of a chat."""

import math
import re
from collections.abc import Callable

from fledge.data.messages import as_json, refuse_media, turn_from
from fledge.data.records import Located, shown
from fledge.text.conversation import Message, Role
from fledge.text.tool_prompt import tools_text

SYSTEM_FIELDS = ("system", "system_prompt", "system_message")
"""Fields whose text is the system turn."""
CONTEXT_FIELDS = ("input", "context", "passage", "paragraph", "document", "article")
"""Fields whose text belongs to a question in a field of its own, in this order."""

_STRICT_DIALOGUE = re.compile(r"(?:^|\n\n)(Human|Assistant):")
_LOOSE_DIALOGUE = re.compile(r"(?:^|\s)(Human|Assistant):")


def turns_in(record: Located, name: str) -> tuple[Message, ...]:
    """Read the messages in the field `name`: `{"role", "content"}` or `{"from", "value"}`."""
    value = record.take(name)
    if not isinstance(value, list | tuple) or not value:
        raise record.error(f"a list of messages in {name!r}", shown(value))
    return tuple(turn_from(record, f"{name}[{index}]", turn) for index, turn in enumerate(value))


def text_in(record: Located, name: str) -> str:
    """Read the string in the field `name`; a finite number is spelled out."""
    value = record.take(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    if not isinstance(value, str):
        raise record.error(f"a string in {name!r}", shown(value))
    return value


def opening(record: Located) -> tuple[Message, ...]:
    """Read the turns before the prompt: the system turn, with `tools` as JSON, and `history`."""
    fields = record.present()
    system = [text_in(record, name) for name in SYSTEM_FIELDS if fields.get(name)]
    if tools := record.take("tools"):
        text = tools if isinstance(tools, str) else as_json(record, "'tools'", tools)
        system.append(tools_text(text))
    turns = [Message("system", "\n\n".join(dict.fromkeys(system)))] if system else []
    history = record.take("history") or []
    if not isinstance(history, list | tuple):
        raise record.error('a list of [user, assistant] pairs in "history"', shown(history))
    for pair in history:
        match pair:
            case [str(asked), str(answered)]:
                turns += [Message("user", asked), Message("assistant", answered)]
            case _:
                raise record.error('[user, assistant] pairs of strings in "history"', shown(pair))
    return tuple(turns)


def question(record: Located, name: str) -> tuple[Message, ...]:
    """Make one user turn of a question, with the texts that belong to it on the next lines.

    Alpaca's `input` is such a text, and a `context` is. One that the question quotes already is
    not repeated.
    """
    asked = text_in(record, name)
    for field in CONTEXT_FIELDS:
        extra = _context(record, field)
        if extra.strip() and extra not in asked:
            asked = f"{asked}\n{extra}"
    return (Message("user", asked),)


def prompt_in(record: Located, name: str) -> tuple[Message, ...]:
    """Read a prompt: a list of messages, a question, or a `Human: … Assistant:` dialogue."""
    if isinstance(record.value.get(name), list | tuple):
        return turns_in(record, name)
    text = text_in(record, name)
    if text.strip().startswith("Human:") and text.rstrip().endswith("Assistant:"):
        return dialogue(record, text.rstrip().removesuffix("Assistant:"))
    return question(record, name)


def dialogue(record: Located, text: str) -> tuple[Message, ...]:
    """Cut a `Human: … Assistant: …` string into turns (Bai et al. 2022, arXiv:2204.05862).

    A blank line stands before every speaker; a one-line dialogue is cut at the bare names.
    """
    text = "\n\n" + text.strip()
    strict = _STRICT_DIALOGUE.split(text)
    parts = strict if len(strict) > 3 else _LOOSE_DIALOGUE.split(text)
    if parts[0].strip() or len(parts) < 3:
        raise record.error('a dialogue that begins with "Human:"', shown(text.strip()))
    speakers: dict[str, Role] = {"Human": "user", "Assistant": "assistant"}
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return tuple(Message(speakers[speaker], said.strip()) for speaker, said in pairs)


def prompt_field(record: Located) -> str | None:
    """Return the name of the field that holds the prompt, or None."""
    fields = record.present()
    return next((name for name in PROMPT_FIELDS if name in fields), None)


def prompt_turns(record: Located, name: str | None = None) -> tuple[Message, ...]:
    """Read all turns before an answer in its own field; none without a prompt field.

    `name` is the prompt field; None takes the first of `PROMPT_FIELDS` that is there. A system turn
    that stands in a field and among the messages is read once.

    Raises:
        RecordError: a turn cannot be read, or the record has a picture, a sound or a film.
    """
    refuse_media(record, record.value)
    name = name or prompt_field(record)
    if name is None:
        return ()
    first, turns = opening(record), PROMPT_FIELDS[name](record, name)
    return (*first, *turns[1:]) if first and first[0] == turns[0] else (*first, *turns)


def _context(record: Located, name: str) -> str:
    """Return the text of a field of `CONTEXT_FIELDS`, or several joined; empty if it is absent."""
    match record.value.get(name):
        case None | "":
            return ""
        case [*several] if all(isinstance(one, str) for one in several):
            record.take(name)
            return "\n".join(map(str, several))
        case _:
            return text_in(record, name)


PROMPT_FIELDS: dict[str, Callable[[Located, str], tuple[Message, ...]]] = {
    "prompt": prompt_in,
    "messages": turns_in,
    "conversations": turns_in,
    "instruction": question,
    "question": question,
    "utterances": turns_in,
    "utterance": question,
}
"""Fields that may hold the prompt, in the order in which they are looked for."""
