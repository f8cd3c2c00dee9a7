"""A checkpoint's directory, resolved once: kind, settings, weight files, base of an adapter.

Only JSON is read. The weights stay closed until `fledge.checkpoint.weights` opens them.
"""

from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.directory import is_checkpoint
from fledge.checkpoint.json_files import read_json
from fledge.checkpoint.naming import Named
from fledge.errors import CheckpointError
from fledge.model.huggingface.decoder_only import classifier_settings, family_of, read_config
from fledge.model.huggingface.unread import Kind, kind_of

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk: settings that were read, and weights that were not opened."""

    directory: Path
    kind: Kind
    config_json: dict[str, object]
    """config.json; for an adapter without one, that of the model it makes of its base."""
    files: tuple[Path, ...]
    """model.safetensors or its shards; empty for an adapter, and where they are missing."""
    adapter: "AdapterFiles | None"
    """The adapter that makes this model of its base; None for a whole model."""
    named: Named
    """Files to name in errors: the directory stands for those that an adapter does not have."""


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A LoRA adapter on disk, in the layout of `peft`."""

    directory: Path
    settings: dict[str, object]
    """Values of adapter_config.json."""
    base: Checkpoint
    """The checkpoint that it adapts."""

    @property
    def config_file(self) -> Path:
        """adapter_config.json, which names the base."""
        return self.directory / ADAPTER_CONFIG

    @property
    def weights_file(self) -> Path:
        """adapter_model.safetensors, which may be missing."""
        return self.directory / ADAPTER_WEIGHTS


def resolve(directory: Path, adapters: tuple[Path, ...] = ()) -> Checkpoint:
    """Look into a directory of ours or of others, without opening its weights.

    A classifier that adapts a language model has one label. `adapters` are those on this base.

    Raises:
        CheckpointError: config.json, an index of shards or an adapter's base is missing or damaged.
    """
    config, weights, shards = (directory / name for name in (CONFIG, WEIGHTS, SHARDS))
    found = next((file for file in (weights, shards) if file.is_file()), None)
    is_adapter = found is None and (directory / ADAPTER_CONFIG).is_file()
    adapter = _adapter(directory, adapters) if is_adapter else None
    files = _shards(shards) if found == shards else (weights,) if found else ()
    if adapter is None or config.is_file():
        config_json = read_json(config)
    elif adapter.settings.get("task_type") == "SEQ_CLS" and adapter.base.kind != "scalar":
        base = adapter.base.config_json
        config_json = classifier_settings(read_config(family_of(base), base))
    else:
        config_json = adapter.base.config_json
    named = Named(config if config.is_file() else directory, found or directory)
    return Checkpoint(directory, kind_of(config_json), config_json, files, adapter, named)


def _adapter(directory: Path, adapters: tuple[Path, ...]) -> AdapterFiles:
    """Resolve the base, whose path is relative to this process or to the adapter."""
    settings = read_json(directory / ADAPTER_CONFIG)
    name = settings.get("base_model_name_or_path")
    places = [Path(str(name)), directory / str(name)]
    found = next((place for place in places if is_checkpoint(place)), None)
    if not name or found is None:
        raise CheckpointError(
            f"{directory / ADAPTER_CONFIG}: its base {name!r} is no checkpoint here; put it back, "
            "or write its new place as base_model_name_or_path"
        )
    adapters = (*adapters, directory.resolve())
    if found.resolve() in adapters:
        raise CheckpointError(
            f"{directory / ADAPTER_CONFIG}: its base {name!r} is the adapter itself, or one on it; "
            "write the place of the model that it adapts as base_model_name_or_path"
        )
    return AdapterFiles(directory, settings, resolve(found, adapters))


def _shards(index: Path) -> tuple[Path, ...]:
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict):
        raise CheckpointError(f"{index}: 'weight_map' is missing")
    names = sorted(set(map(str, weight_map.values())))
    for name in names:
        # A name with a directory in it would lead out of the checkpoint.
        if Path(name).name != name or not (index.parent / name).is_file():
            raise CheckpointError(
                f"{index.parent / name[:200]}: no such file here, but {index.name} names it"
            )
    return tuple(index.with_name(name) for name in names)
