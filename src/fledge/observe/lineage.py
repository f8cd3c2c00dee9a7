"""Ancestors of a run in words: the checkpoints that it started from, and theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.lineage import Lineage, Parent, read_lineage
from fledge.errors import CheckpointError
from fledge.observe.folder import plain_checkpoint

MOST = 50


@dataclass(frozen=True, slots=True)
class Ancestor:
    """Checkpoint behind a run; `depth` counts the generations, 0 for its own parents."""

    depth: int
    role: str
    path: str
    text: str


def ancestors_of(run: Path) -> tuple[list[Ancestor], Mapping[str, str]]:
    """Return the ancestors of the newest checkpoint, and the hashes of its data by file.

    Both are empty before the first checkpoint.
    """
    checkpoint = plain_checkpoint(run)
    try:
        past = None if checkpoint is None else read_lineage(checkpoint)
    except CheckpointError:
        past = None
    if past is None:
        return [], {}
    return list(_behind(past, 0))[:MOST], past.data


def _behind(past: Lineage, depth: int) -> Iterator[Ancestor]:
    for role, parent in past.parents.items():
        yield Ancestor(depth, role, parent.path, _described(parent))
        if parent.lineage is not None:
            yield from _behind(parent.lineage, depth + 1)


def _described(parent: Parent) -> str:
    past = parent.lineage
    if past is None:
        return "a model from elsewhere"
    return f"{past.stage}, step {past.step:,} of {past.steps:,}, {past.seen:,} {past.unit}"
