"""From checkpoints on disk to models that answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint, step_of
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.model_files import load_language_model
from fledge.errors import ConfigError
from fledge.generate.engine import Engine
from fledge.serve.models import ServedModel


def named(entries: Sequence[str]) -> dict[str, Path]:
    """`NAME=PATH` or `PATH` to checkpoints by name; a run's name is that of its directory.

    Raises:
        CheckpointError: a path holds no checkpoint.
        ConfigError: two have the same name.
    """
    models: dict[str, Path] = {}
    for entry in entries:
        name, equals, path = entry.partition("=")
        checkpoint = find_checkpoint(Path(path if equals else entry))
        name = name if equals else name_of(checkpoint)
        if name in models:
            raise ConfigError(
                f"two models are called {name!r} ({models[name]} and {checkpoint}); "
                f"name them: {name}-2={path or entry}"
            )
        models[name] = checkpoint
    return models


def name_of(checkpoint: Path) -> str:
    """The run's directory where the checkpoint is one of its steps, else the checkpoint's own."""
    checkpoint = checkpoint.resolve()
    return checkpoint.parent.name if step_of(checkpoint) >= 0 else checkpoint.name


def load_models(checkpoints: Mapping[str, Path], max_batch: int) -> list[ServedModel]:
    """Load each with an engine of its own that writes up to `max_batch` answers at a time.

    Raises:
        CheckpointError: one is damaged, or is no language model.
    """
    return [load_model(name, path, max_batch) for name, path in checkpoints.items()]


def load_model(name: str, checkpoint: Path, max_batch: int) -> ServedModel:
    """One of them; its age is that of its weights."""
    checkpoint = find_checkpoint(checkpoint)
    loaded = load_language_model(checkpoint)
    engine = Engine(loaded.model, max_batch=max_batch)
    lineage = read_lineage(checkpoint)
    return ServedModel(
        id=name,
        name=name if lineage is None or lineage.stage == name else f"{name} ({lineage.stage})",
        engine=engine,
        tokenizer=loaded.tokenizer,
        template=loaded.template,
        context_length=engine.max_length,
        banned_ids=loaded.never_written,
        created=int((checkpoint / "config.json").stat().st_mtime),
    )
