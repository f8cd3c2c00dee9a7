"""Prompts that are sampled for labels, each with an id that stays and the place it comes from."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from fledge.checkpoint.model_files import LoadedModel
from fledge.data.prompts import prompt_from
from fledge.data.records import Located, Skipped
from fledge.data.sources import load_placed
from fledge.data.told import optional_truth
from fledge.errors import DataError
from fledge.generate.fitting import fits
from fledge.generate.request import SamplingParams
from fledge.text.conversation import Conversation

READABLE = frozenset({"system", "user", "assistant"})
"""Roles whose turns labellers see."""
LONGEST_NAME = 100
"""Most characters of a task's source and pseudonym."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """Prompt to answer. `source` is its file and line.

    `consent` and `pseudonym` are what its record tells of the person who wrote it; None if it tells
    nothing.
    """

    id: str
    conversation: Conversation
    source: str
    consent: bool | None
    pseudonym: str | None


def prompt_id(conversation: Conversation) -> str:
    """Hash the turns, system prompt included; the same turns have the same id in every file."""
    turns = [[turn.role, turn.content] for turn in conversation.messages]
    return hashlib.sha256(json.dumps(turns).encode("ascii")).hexdigest()[:16]


def read_asked(
    sources: Sequence[str],
    models: Sequence[LoadedModel],
    sampling: SamplingParams,
    skipped: Skipped | None = None,
) -> list[Asked]:
    """Read the prompts that every model can answer and that people can be shown, in order.

    A warning counts prompts that were given before; they are asked once.

    Raises:
        RecordError: a prompt cannot be used, unless `skipped` collects it.
        DataError: none is left.
    """
    known: dict[str, Asked] = {}
    repeated = 0
    for placed in load_placed(sources, asked_from, skipped=skipped, kind="prompts"):
        one = placed.item
        if one.id in known:
            repeated += 1
        elif all(fits(placed, one.conversation, each, sampling, skipped) for each in models):
            known[one.id] = one
    if repeated:
        logger.warning("prompts that stand in the files again and are asked once: %s", repeated)
    if not known:
        raise DataError(f"{', '.join(sources)}: no prompt is left to ask")
    return list(known.values())


def asked_from(record: Located) -> Asked:
    """Read the prompt of one record.

    Raises:
        RecordError: it holds none, or one that labellers cannot be shown.
    """
    conversation = prompt_from(record)  # refuses one whose writer forbids training
    problem = _problem(conversation)
    if problem is not None:
        raise record.error("a prompt that labellers can read", problem)
    pseudonym = record.take("pseudonym")
    return Asked(
        id=prompt_id(conversation),
        conversation=conversation,
        source=f"{record.path.name}:{record.line}"[-LONGEST_NAME:],
        consent=optional_truth(record, "consent"),
        pseudonym=None if pseudonym in (None, "") else str(pseudonym)[:LONGEST_NAME],
    )


def _problem(conversation: Conversation) -> str | None:
    """Tell why labellers cannot be shown a prompt; None if they can."""
    turns = conversation.messages
    if conversation.tools or any(turn.calls or turn.role not in READABLE for turn in turns):
        return "tools, or a call of one"
    if any(turn.role == "system" for turn in turns[1:]):
        return "a system prompt after the first turn"
    if any(not turn.content.strip() for turn in turns):
        return "an empty turn"
    if any("\0" in turn.content for turn in turns):
        return "a NUL character"
    if turns[-1].role != "user":
        return f"a last turn of the role {turns[-1].role}"
    return None
