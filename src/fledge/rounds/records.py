"""Records of people, told apart: demonstrations, rankings, and prompts without an answer."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fledge.data.comparison_records import KWAY_FIELDS, LABELLED_FIELDS, PAIR_FIELDS, ranking_from
from fledge.data.demonstrations import FORMATS, demonstration_from
from fledge.data.prompts import prompt_from
from fledge.data.records import Located, Skipped
from fledge.data.sources import Source, load_placed
from fledge.data.turns import prompt_turns
from fledge.feedback.records import Ranking
from fledge.text.conversation import Conversation, Message

Kind = Literal["demonstrations", "rankings", "prompts"]
KINDS: tuple[Kind, ...] = ("demonstrations", "rankings", "prompts")

PEOPLE = ("labeler", "labeller", "annotator", "author")
"""Fields that name the person behind a record, the first of them that is there."""
TOPICS = ("topic", "kind", "category")
"""Fields that name the subject of a prompt."""


@dataclass(frozen=True, slots=True)
class Given:
    """A record as somebody gave it: `line` is its JSON, `digest` the same for equal records."""

    kind: Kind
    line: str
    digest: str
    prompt: tuple[Message, ...]
    person: str | None
    topic: str | None
    ranking: Ranking | None


def read_given(sources: Iterable[Source], skipped: Skipped | None = None) -> list[Given]:
    """Read files and folders of records of any kind and format, equal records once.

    Raises:
        RecordError: a record is of no known format, unless `skipped` collects it.
        DataError: a source cannot be read, or nothing is left.
    """
    first: dict[str, Given] = {}
    for source in sources:
        for placed in load_placed(source, given_from, skipped=skipped):
            first.setdefault(placed.item.digest, placed.item)
    return list(first.values())


def read_kept(path: Path) -> list[Given]:
    """Read a file of records that a round keeps; none where the file is missing or empty."""
    if not path.is_file() or path.stat().st_size == 0:
        return []
    return read_given([path])


def lines_of_records(records: Sequence[Given]) -> str:
    """Write records as they were given, one a line."""
    return "".join(f"{each.line}\n" for each in records)


def given_from(record: Located) -> Given:
    """Read one record, whatever it is.

    Raises:
        RecordError: it is neither a ranking, nor a demonstration, nor a prompt.
    """
    kind = kind_of(record)
    person, topic = _named(record, PEOPLE), _named(record, TOPICS)
    ranking = ranking_from(record) if kind == "rankings" else None
    if ranking is not None:
        prompt = tuple(Message(turn.role, turn.content) for turn in ranking.prompt)
    elif kind == "demonstrations":
        prompt = _before_the_answer(demonstration_from(record))
    else:
        prompt = prompt_from(record).messages
    line = json.dumps(record.value, ensure_ascii=False, default=str)
    same = json.dumps(record.value, sort_keys=True, default=str)
    digest = hashlib.sha256(same.encode("utf-8")).hexdigest()
    return Given(kind, line, digest, prompt, person, topic, ranking)


def kind_of(record: Located) -> Kind:
    """Tell the kind of a record by its fields; a chat without an answer is a prompt."""
    fields = record.present()
    for names in (KWAY_FIELDS, PAIR_FIELDS, LABELLED_FIELDS):
        if all(name in fields for name in names):
            return "rankings"
    found = next((each for each in FORMATS if all(name in fields for name in each.fields)), None)
    if found is None:
        return "prompts"
    if len(found.fields) > 1:
        return "demonstrations"
    turns = prompt_turns(record, found.fields[0])
    return "demonstrations" if any(turn.role == "assistant" for turn in turns) else "prompts"


def _before_the_answer(chat: Conversation) -> tuple[Message, ...]:
    return chat.messages[:-1] or chat.messages


def _named(record: Located, names: Sequence[str]) -> str | None:
    found = (record.take(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)
