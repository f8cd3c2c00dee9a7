"""Demonstrations, step 1 of InstructGPT (Ouyang et al. 2022, 3.1), from every format in use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fledge.data.records import Located, Skipped
from fledge.data.sources import Source, load_with
from fledge.data.turns import instruction, prompt_turns, text_in, turns_in
from fledge.text.conversation import Conversation, Message

Turns = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """A record format: the fields that identify it, and the function that reads its turns."""

    fields: tuple[str, ...]
    read: Callable[[Located], Turns]


def load_demonstrations(
    paths: Source | Iterable[Source], skip_bad: bool = False, skipped: Skipped | None = None
) -> list[Conversation]:
    """Read conversations that end with the assistant's answer, from files of any known format.

    Raises:
        RecordError: a record is not a demonstration, unless bad records are skipped.
        DataError: a file cannot be read, or nothing is left.
    """
    return load_with(paths, demonstration_from, skip_bad, skipped)


def demonstration_from(record: Located) -> Conversation:
    """Read the conversation of one record; turns after the assistant's last are dropped."""
    fields = record.present()
    if "chosen" in fields and "rejected" in fields:
        found = 'a comparison ("chosen", "rejected"); it belongs to the reward stage'
        raise record.error("a demonstration", found)
    if fields.get("label") is False or fields.get("kto_tag") is False:
        raise record.error("an answer worth imitating", "one that was marked bad")
    turns = list(format_of(record).read(record))
    while turns and turns[-1].role != "assistant":
        turns.pop()
    if not any(turn.role == "assistant" and turn.content.strip() for turn in turns):
        raise record.error("an answer by the assistant", "none, or only empty ones")
    return Conversation(tuple(turns))


def format_of(record: Located) -> Format:
    """Return the first format whose fields are all there.

    Raises:
        RecordError: none is; it lists the fields found, the formats known and near misses.
    """
    fields = record.present()
    for candidate in FORMATS:
        if all(name in fields for name in candidate.fields):
            return candidate
    known = "; ".join(" + ".join(candidate.fields) for candidate in FORMATS)
    missing = _nearest_format(fields)
    raise record.error(f"one of the formats: {known}", record.describe(*missing))


def _nearest_format(fields: dict[str, object]) -> tuple[str, ...]:
    """List names worth suggesting: those that a format uses and this record lacks."""
    names = dict.fromkeys(name for candidate in FORMATS for name in candidate.fields)
    return tuple(name for name in names if name not in fields)


def _then(name: str) -> Callable[[Located], Turns]:
    """Read the prompt, then the answer in the field `name`: a string or a list of messages."""

    def read(record: Located) -> Turns:
        if isinstance(record.value[name], list | tuple):
            return prompt_turns(record) + turns_in(record, name)
        return (*prompt_turns(record), Message("assistant", text_in(record, name)))

    return read


def _self_instruct(record: Located) -> Turns:
    """Read a seed task's first instance (Self-Instruct, Wang et al. 2023, arXiv:2212.10560)."""
    match record.value["instances"]:
        case [{"input": str(extra), "output": str(answer)}, *_]:
            task: dict[str, object] = {"instruction": record.value["instruction"], "input": extra}
            asked = instruction(Located(record.path, record.line, task), "instruction")
            return (*asked, Message("assistant", answer))
        case _:
            expected = '"instances" to begin with an object of strings "input" and "output"'
            raise record.error(expected, repr(record.value["instances"])[:60])


FORMATS = (
    Format(("messages",), prompt_turns),
    Format(("conversations",), prompt_turns),
    Format(("prompt", "completion"), _then("completion")),
    Format(("prompt", "response"), _then("response")),
    Format(("instruction", "output"), _then("output")),
    Format(("question", "answer"), _then("answer")),
    Format(("instruction", "instances"), _self_instruct),
    Format(("utterances",), prompt_turns),
)
