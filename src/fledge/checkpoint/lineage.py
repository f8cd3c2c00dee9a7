"""`fledge.json` of a checkpoint: the run that made it, the data it saw, and its ancestors."""

import json
from pathlib import Path

from pydantic import Field, JsonValue, ValidationError

from fledge.config import Config
from fledge.errors import CheckpointError
from fledge.files import file_hash
from fledge.version import __version__

FILE_NAME = "fledge.json"


class Parent(Config):
    """A checkpoint that a stage started from, with its own past."""

    path: str
    """Its place when it was used."""
    weights: str
    """sha256 of the bytes of its model.safetensors or adapter; "" if it was sharded."""
    lineage: "Lineage | None" = None
    """Its own lineage; None for a model from elsewhere."""


class Lineage(Config):
    """Origin of a checkpoint, with all that repeating the run takes."""

    fledge_version: str = __version__
    """The version that wrote it."""
    stage: str
    """The stage's name, such as "sft"."""
    step: int = Field(ge=0)
    """Optimiser steps done."""
    steps: int = Field(ge=0)
    """Optimiser steps of the whole run; a checkpoint with step = steps is finished."""
    seen: int = Field(ge=0)
    """Amount of data that the loss was taken over so far, in `unit`."""
    unit: str = "tokens"
    """Unit of `seen`: tokens, or prompts."""
    threads: dict[int, int] = Field(default_factory=dict)
    """Threads of the CPU by the optimiser step after which they were taken; sums of another number
    are rounded differently. Of several processes the main one's; empty where nobody wrote it."""
    run: dict[str, JsonValue]
    """The resolved run."""
    data: dict[str, str] = Field(default_factory=dict)
    """sha256 of every data file, or of a corpus's manifest."""
    parents: dict[str, Parent] = Field(default_factory=dict)
    """Checkpoints the stage started from, by role: "model", "reward_model"."""

    @property
    def finished(self) -> bool:
        """Whether this is the last checkpoint of the run."""
        return self.step >= self.steps


def write_lineage(directory: Path, lineage: Lineage) -> None:
    """Write `fledge.json` into a checkpoint."""
    text = json.dumps(lineage.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (directory / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def read_lineage(checkpoint: Path) -> Lineage | None:
    """Read the lineage of a checkpoint; None for a model from elsewhere, which has none.

    Raises:
        CheckpointError: `fledge.json` is damaged.
    """
    path = checkpoint / FILE_NAME
    if not path.exists():
        return None
    try:
        return Lineage.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); delete the directory {checkpoint} to fall back to the "
            "checkpoint before, or delete the file to use the weights without their history"
        ) from error


def parent(checkpoint: Path) -> Parent:
    """Describe a checkpoint as another's ancestor."""
    return Parent(
        path=str(checkpoint),
        weights=weights_hash(checkpoint),
        lineage=read_lineage(checkpoint),
    )


def check_unchanged(adapter: Path, base: Path) -> None:
    """Refuse to put an adapter on other weights than it was trained on: nobody trained that model.

    Raises:
        CheckpointError: the base's weights are not those that the adapter's lineage names.
    """
    past = read_lineage(adapter)
    parents = set() if past is None else {parent.weights for parent in past.parents.values()}
    if parents and weights_hash(base) not in parents:
        raise CheckpointError(
            f"{base}: has other weights than when {adapter} was trained on it; restore them, or "
            "train again"
        )


def weights_hash(checkpoint: Path) -> str:
    """Return the sha256 of a checkpoint's file of weights; "" if they are sharded."""
    files = (checkpoint / name for name in ("model.safetensors", "adapter_model.safetensors"))
    return next((file_hash(file) for file in files if file.is_file()), "")
