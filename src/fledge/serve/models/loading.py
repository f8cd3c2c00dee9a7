"""From checkpoints on disk to models that can be loaded when somebody asks for them."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint, is_checkpoint, latest, step_of
from fledge.checkpoint.lineage import Lineage, read_lineage
from fledge.checkpoint.model_files import LoadedModel, check_vocabulary, load_language_model
from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.weights import open_tensors
from fledge.errors import CheckpointError, ConfigError
from fledge.generate.engine import Engine
from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, parameters
from fledge.model.huggingface.decoder_only import family_of, read_config
from fledge.serve.models.registry import ServedModel
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

MOST_ROWS = 256
"""Answers written at a time by one model, where memory allows and nothing else is said."""
CACHE_SHARE = 4
"""A model's cache takes at most this fraction, 1/4, of the memory budget."""
PREFILL_TOKENS = 1024
"""Prompt tokens read in one step while others wait for their next token."""
WINDOWS_BYTES = 6 * 2**30
"""Taken where the standard library cannot tell how much memory there is."""
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
BYTES_PER_WEIGHT = 4
"""Weights are computed in fp32 on a CPU, whatever they are kept in."""


def named(entries: Sequence[str]) -> dict[str, Path]:
    """`NAME=PATH` or `PATH` to checkpoints by name; a run's name is that of its directory.

    The output of a pipeline or a demo stands for the language models in it, last stage first; with
    a NAME they are called NAME/ppo, NAME/sft and so on.

    Raises:
        CheckpointError: a path holds no checkpoint.
        ConfigError: two have the same name.
    """
    models: dict[str, Path] = {}
    for entry in entries:
        given, equals, path = entry.partition("=")
        name, place = (given, Path(path)) if equals else ("", Path(entry))
        stages = stages_in(place)
        found = {f"{name}/{stage}" if name else stage: at for stage, at in stages.items()}
        if not found:
            checkpoint = find_checkpoint(place)
            found = {name or name_of(checkpoint): checkpoint}
        for each, checkpoint in found.items():
            if each in models:
                suggestion = f"{name or each.partition('/')[0]}-2={place}"
                raise ConfigError(
                    f"two models are called {each!r} ({models[each]} and {checkpoint}); "
                    f"name them: {suggestion}"
                )
            models[each] = checkpoint
    return models


def name_of(checkpoint: Path) -> str:
    """The run's directory where the checkpoint is one of its steps, else the checkpoint's own."""
    checkpoint = checkpoint.resolve()
    return checkpoint.parent.name if step_of(checkpoint) >= 0 else checkpoint.name


def stages_in(output: Path) -> dict[str, Path]:
    """The language models among the runs in a directory, those with the longest past first."""
    if not output.is_dir() or is_checkpoint(output) or latest(output) is not None:
        return {}
    found = [newest for child in sorted(output.iterdir()) if (newest := latest(child)) is not None]
    talking = [checkpoint for checkpoint in found if is_language_model(checkpoint)]
    talking.sort(key=lambda checkpoint: -generations(read_lineage(checkpoint)))
    return {name_of(checkpoint): checkpoint for checkpoint in talking}


def is_language_model(checkpoint: Path) -> bool:
    """Whether it writes text, unlike a reward model or a translator."""
    try:
        family_of(resolve(checkpoint).config_json)
    except CheckpointError:
        return False
    return True


def generations(lineage: Lineage | None) -> int:
    """How many stages led to a checkpoint, its own included."""
    if lineage is None:
        return 0
    return 1 + max((generations(parent.lineage) for parent in lineage.parents.values()), default=0)


def served_models(
    checkpoints: Mapping[str, Path], max_batch: int | None = None, memory: int | None = None
) -> list[ServedModel]:
    """Each with an engine of its own that writes up to `max_batch` answers at a time.

    Only settings and tokenizers are read; weights when they are asked for. `memory` is what all
    together may take, in bytes; None is most of the machine's.

    Raises:
        CheckpointError: one is damaged, or is no language model.
        ConfigError: one does not fit into the memory.
    """
    budget = memory or machine_memory()
    return [served_model(name, path, max_batch, budget) for name, path in checkpoints.items()]


def served_model(name: str, checkpoint: Path, max_batch: int | None, memory: int) -> ServedModel:
    """One of them; its age is that of its directory."""
    checkpoint = find_checkpoint(checkpoint)
    resolved = resolve(checkpoint)
    open_tensors(resolved)  # opens every file, reads no weights
    settings = resolved.config_json
    try:
        config = read_config(family_of(settings), settings)
    except CheckpointError as error:
        raise CheckpointError(f"{checkpoint}: {error}") from error
    tokenizer = Tokenizer.load(checkpoint)
    check_vocabulary(checkpoint, config.vocabulary_size, tokenizer)
    rows = max_batch or rows_for(config, memory)
    needed = parameters(config) * BYTES_PER_WEIGHT + cache_bytes(
        config, rows, config.context_length
    )
    if needed > memory:
        raise ConfigError(
            f"{name} needs {needed / 2**30:.1f} GiB for its weights and {rows} answers at a time, "
            f"but models may take {memory / 2**30:.1f} GiB; raise --memory, or lower --max-batch"
        )
    lineage = read_lineage(checkpoint)
    stage = name.rpartition("/")[2]
    return ServedModel(
        id=name,
        name=name if lineage is None or lineage.stage == stage else f"{name} ({lineage.stage})",
        tokenizer=tokenizer,
        template=ChatTemplate.of(tokenizer),
        context_length=config.context_length,
        banned_ids=tokenizer.banned_ids.union(
            range(tokenizer.vocabulary_size, config.vocabulary_size)
        ),
        created=int(checkpoint.stat().st_mtime),
        load=partial(load_engine, checkpoint, rows),
        bytes=needed,
    )


def load_engine(checkpoint: Path, max_batch: int) -> Engine:
    """The weights in memory, ready to write.

    Raises:
        CheckpointError: they are damaged.
    """
    loaded: LoadedModel = load_language_model(checkpoint)
    return Engine(loaded.model, max_batch=max_batch, prefill_tokens=PREFILL_TOKENS)


def rows_for(config: GPTConfig, memory: int) -> int:
    """How many answers at a time a model's share of the memory has room for, at most 256."""
    each = cache_bytes(config, 1, config.context_length)
    return max(1, min(MOST_ROWS, memory // CACHE_SHARE // each))


def machine_memory() -> int:
    """Three quarters of the machine's memory, or of what a container leaves of it, in bytes."""
    if sys.platform == "win32":
        return WINDOWS_BYTES
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits += [int(text) for path in CONTAINER_LIMITS if (text := _first_line(path)).isdigit()]
    return min(limits) * 3 // 4


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
