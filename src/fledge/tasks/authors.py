"""Authors of sampled answers: each is one checkpoint at one temperature."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint, step_of
from fledge.checkpoint.inference import open_language_model
from fledge.checkpoint.lineage import weights_hash
from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import ConfigError
from fledge.files import file_hash
from fledge.generate.request import SamplingParams
from fledge.weight_format import WeightFormat

LONGEST_RUN_NAME = 80
"""Characters of a run's name that a model's name keeps."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """Opened checkpoint. `name` has its run and the start of `digest`, that of its weights."""

    name: str
    digest: str
    loaded: LoadedModel


@dataclass(frozen=True, slots=True)
class Author:
    """One model at one temperature."""

    model: NamedModel
    sampling: SamplingParams

    @property
    def is_greedy(self) -> bool:
        """True where a second answer to a prompt would be the first again."""
        return self.sampling.is_greedy


def open_models(paths: Sequence[Path], weights: WeightFormat = "auto") -> list[NamedModel]:
    """Open checkpoints to answer with.

    Raises:
        ConfigError: two of them have the same weights.
        CheckpointError: one is missing or damaged.
    """
    models: dict[str, NamedModel] = {}
    for path in paths:
        checkpoint = find_checkpoint(path)
        digest = digest_of(checkpoint)
        if digest in models:
            raise ConfigError(
                f"{path} has the weights of {models[digest].name}; name each model once"
            )
        name = f"{run_name(checkpoint)[:LONGEST_RUN_NAME]}@{digest[:12]}"
        models[digest] = NamedModel(name, digest, open_language_model(checkpoint, weights))
    return list(models.values())


def authors_of(
    models: Sequence[NamedModel], temperatures: Sequence[float], sampling: SamplingParams
) -> list[Author]:
    """Return every model at every temperature.

    Raises:
        ConfigError: a temperature is given twice.
    """
    twice = [each for each in temperatures if temperatures.count(each) > 1]
    if twice:
        raise ConfigError(f"--temperature {twice[0]:g} is given twice; name each once")
    return [
        Author(model, sampling.model_copy(update={"temperature": temperature}))
        for model in models
        for temperature in temperatures
    ]


def digest_of(checkpoint: Path) -> str:
    """Return the sha256 of a checkpoint's weights; of sharded ones, that of the shards' sha256."""
    whole = weights_hash(checkpoint)
    if whole:
        return whole
    shards = sorted(checkpoint.glob("*.safetensors"))
    return hashlib.sha256("".join(map(file_hash, shards)).encode("ascii")).hexdigest()


def run_name(checkpoint: Path) -> str:
    """Return the name of the run that a checkpoint belongs to, or else its own."""
    place = checkpoint.resolve()
    return place.parent.name if step_of(place) >= 0 else place.name
