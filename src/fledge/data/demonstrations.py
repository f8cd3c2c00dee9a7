"""Demonstrations, step 1 of InstructGPT (Ouyang et al. 2022, 3.1), from every format in use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fledge.data.marks import refuse_bad
from fledge.data.records import Located, Skipped
from fledge.data.sources import Source, load_with
from fledge.data.turns import PROMPT_FIELDS, prompt_turns, question, text_in, turns_in
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
    return load_with(paths, demonstration_from, skip_bad, skipped, kind="demonstrations")


def demonstration_from(record: Located) -> Conversation:
    """Read the conversation of one record; turns after the assistant's last are dropped.

    Raises:
        RecordError: it is no demonstration, or somebody marked its answers as bad.
    """
    fields = record.present()
    if "chosen" in fields and "rejected" in fields:
        found = 'a comparison ("chosen", "rejected"); it belongs to the reward stage'
        raise record.error("a demonstration", found)
    refuse_bad(record)
    turns = list(format_of(record).read(record))
    while turns and turns[-1].role != "assistant":
        turns.pop()
    answers = [turn for turn in turns if turn.role == "assistant" and turn.content.strip()]
    if not answers:
        raise record.error("an answer by the assistant", "none, or only empty ones")
    if not any(turn.learned for turn in answers):
        raise record.error("an answer to learn", "only ones that are marked not to be learned")
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


def _chat(name: str) -> Callable[[Located], Turns]:
    """Read the messages in the field `name`; fields that only quote one are read, too."""

    def read(record: Located) -> Turns:
        turns = prompt_turns(record, name)
        said = [turn.content for turn in turns]
        record.read.update(other for other in PROMPT_FIELDS if record.value.get(other) in said)
        return turns

    return read


def _then(name: str) -> Callable[[Located], Turns]:
    """Read the prompt, then the answer in the field `name`: a string or a list of messages."""

    def read(record: Located) -> Turns:
        if isinstance(record.value[name], list | tuple):
            return prompt_turns(record) + turns_in(record, name)
        return (*prompt_turns(record), Message("assistant", text_in(record, name)))

    return read


def _self_instruct(record: Located) -> Turns:
    """Read a seed task's first instance (Self-Instruct, Wang et al. 2023, arXiv:2212.10560)."""
    match record.take("instances"):
        case [{"input": str(extra), "output": str(answer)}, *others]:
            if others:
                record.passed_over.add("instances[1:]")
            task: dict[str, object] = {"instruction": record.take("instruction"), "input": extra}
            asked = question(Located(record.path, record.line, task), "instruction")
            return (*asked, Message("assistant", answer))
        case _:
            expected = '"instances" to begin with an object of strings "input" and "output"'
            raise record.error(expected, repr(record.value["instances"])[:60])


FORMATS = (
    Format(("messages",), _chat("messages")),
    Format(("conversations",), _chat("conversations")),
    Format(("prompt", "completion"), _then("completion")),
    Format(("prompt", "response"), _then("response")),
    Format(("instruction", "output"), _then("output")),
    Format(("instruction", "response"), _then("response")),
    Format(("question", "answer"), _then("answer")),
    Format(("question", "response"), _then("response")),
    Format(("instruction", "instances"), _self_instruct),
    Format(("utterances",), _chat("utterances")),
)
