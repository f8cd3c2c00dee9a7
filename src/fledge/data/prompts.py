"""Prompts for PPO, and for sampling the answers that people rank."""

from collections.abc import Iterable

from fledge.data.comparison_records import LABELLED_FIELDS, PAIR_FIELDS, ranked
from fledge.data.marks import VERDICTS, WEIGHTS, refuse_withheld
from fledge.data.records import Located, Skipped
from fledge.data.sources import Source, load_with
from fledge.data.turns import PROMPT_FIELDS, prompt_field, prompt_turns
from fledge.feedback.records import Ranking
from fledge.text.conversation import Conversation, Message

ANSWER_FIELDS = frozenset(
    [
        *("completion", "response", "output", "answer", "instances"),
        *(*VERDICTS, *WEIGHTS),
        *(*PAIR_FIELDS, *LABELLED_FIELDS, *Ranking.model_fields),
    ]
)
"""Fields of demonstrations and rankings that tell of an answer, which a prompt goes without."""


def load_prompts(
    paths: Source | Iterable[Source], skip_bad: bool = False, skipped: Skipped | None = None
) -> list[Conversation]:
    """Read conversations that end with a user's (or tool's) turn, from prompts or other records.

    Raises:
        RecordError: a record holds no prompt, unless bad records are skipped.
        DataError: a file cannot be read, or nothing is left.
    """
    return load_with(paths, prompt_from, skip_bad, skipped, kind="prompts")


def prompt_from(record: Located) -> Conversation:
    """Read the prompt of one record: its question, or its chat without the last answer."""
    refuse_withheld(record)
    record.read.update(ANSWER_FIELDS)
    turns = [Message(turn.role, turn.content) for turn in _turns(record)]
    while turns and turns[-1].role in ("assistant", "system"):
        turns.pop()
    if not turns or not turns[-1].content.strip():
        raise record.error("a prompt that ends with a user's turn", "none, or an empty one")
    return Conversation(tuple(turns))


def _turns(record: Located) -> tuple[Message, ...]:
    if prompt_field(record):
        return prompt_turns(record)
    if all(name in record.present() for name in PAIR_FIELDS):
        return tuple(Message(turn.role, turn.content) for turn in ranked(record).prompt)
    known = ", ".join(PROMPT_FIELDS)
    raise record.error(f"a prompt in one of the fields {known}", record.describe(*PROMPT_FIELDS))
