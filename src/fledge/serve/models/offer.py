"""`models.toml` beside the runs of a project: the models that its chat page offers, in order."""

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, model_validator

from fledge.checkpoint.directory import is_checkpoint, latest
from fledge.checkpoint.lineage import read_lineage
from fledge.config import Config, load_toml
from fledge.files import write_text

FILE_NAME = "models.toml"
HEAD = """\
# Models that `fledge serve` offers from this directory, the default first.
# One that is not there yet is awaited: it appears when its run is finished.
"""


class OfferedModel(Config):
    """One model of the list."""

    id: str = Field(min_length=1)
    """Name in the API."""
    run: str = Field(min_length=1)
    """Output of its run, or its checkpoint, in the directory of the list."""
    name: str = Field(min_length=1)
    """Name that people read."""


class Offer(Config):
    """Models of a project, the default first."""

    models: tuple[OfferedModel, ...] = Field(min_length=1)
    """At least one."""

    @model_validator(mode="after")
    def _ids_differ(self) -> "Offer":
        ids = [model.id for model in self.models]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"two models have the id {twice[0]!r}; give one of them another")
        return self


def read_offer(place: Path) -> Offer | None:
    """Return the list in a directory; None where there is none.

    Raises:
        ConfigError: it is not readable as such a list.
    """
    file = place / FILE_NAME
    return load_toml(file, Offer) if file.is_file() else None


def write_offer(place: Path, models: Iterable[OfferedModel]) -> None:
    """Write the list into a directory, whole or not at all. Raises `WriteError`."""
    entries = (
        "\n[[models]]\n"
        + "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
            for key, value in model.model_dump().items()
        )
        for model in models
    )
    write_text(place / FILE_NAME, HEAD + "".join(entries), "list of models")


def raised(run: Path) -> Path | None:
    """Return the final checkpoint of a run, or a checkpoint itself; None until there is one."""
    if is_checkpoint(run):
        return run
    checkpoint = latest(run)
    lineage = None if checkpoint is None else read_lineage(checkpoint)
    return checkpoint if lineage is not None and lineage.finished else None


def name_in_offer(id_: str, path: Path) -> str | None:
    """Return the name that the list beside a run gives the model of this id; None without one.

    `path` is the run's output or a checkpoint. "mine/ppo", as in `mine=demo`, keeps its "mine".

    Raises:
        ConfigError: the list is not readable.
    """
    path = path.resolve()
    for place, member in ((path.parent, path), (path.parent.parent, path.parent)):
        offer = read_offer(place)
        for model in () if offer is None else offer.models:
            if (place / model.run).resolve() != member:
                continue
            if id_ == model.id:
                return model.name
            if id_.endswith(f"/{model.id}"):
                return f"{id_.removesuffix(f'/{model.id}')}: {model.name}"
    return None
