"""Find checkpoints on disk, and prepare models that load when a request asks for them."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from fledge.checkpoint.directory import find_checkpoint, is_checkpoint, latest, step_of
from fledge.checkpoint.inference import inference_dtype, load_for_inference, settings_of
from fledge.checkpoint.lineage import Lineage, read_lineage
from fledge.checkpoint.promotions import is_place
from fledge.checkpoint.recommended import read_recommended
from fledge.checkpoint.resolved import Checkpoint, resolve
from fledge.checkpoint.settings import check_vocabulary
from fledge.checkpoint.weights import open_tensors
from fledge.errors import CheckpointError, ConfigError
from fledge.generate.engine import Engine
from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, parameters
from fledge.model.huggingface.decoder_only import family_of
from fledge.runtime.memory import machine_memory, return_freed_memory
from fledge.serve.models.offer import FILE_NAME, name_in_offer, raised, read_offer
from fledge.serve.models.promoted import PromotedModel
from fledge.serve.models.registry import AwaitedModel, ServedModel
from fledge.text.chat import ChatTemplate
from fledge.text.decoding import lines_of
from fledge.text.tokenizer import Tokenizer
from fledge.weight_format import WeightFormat

MOST_ROWS = 256
"""Answers that one model writes at a time, where memory allows and no number is given."""
CACHE_SHARE = 4
"""A model's cache takes at most this fraction, 1/4, of the memory budget."""
PREFILL_TOKENS = 1024
"""Prompt tokens read in one step while others wait for their next token."""
SUGGESTIONS = "suggestions.txt"
"""File beside the runs of a project: first messages that the chat page offers, one a line."""
MOST_SUGGESTIONS = 8
LONGEST_SUGGESTION = 200
"""Characters."""


def named(entries: Sequence[str]) -> dict[str, Path]:
    """Return checkpoints by name, from `NAME=PATH` or `PATH`; a run is named after its directory.

    The output of a pipeline or a demo stands for the models in its `models.toml`, and without one
    for the language models in it, last stage first; with a NAME they are called NAME/ppo, NAME/sft
    and so on. A model of a `models.toml` that is not raised yet has the path of its run. A place of
    rounds stands for the model that it promoted, under the place's name, whichever round made it.

    Raises:
        CheckpointError: a path holds no checkpoint.
        ConfigError: two have the same name, or a `models.toml` is not readable.
    """
    models: dict[str, Path] = {}
    for entry in entries:
        given, equals, path = entry.partition("=")
        name, place = (given, Path(path)) if equals else ("", Path(entry))
        stages = listed_in(place) or stages_in(place)
        found = {f"{name}/{stage}" if name else stage: at for stage, at in stages.items()}
        if is_place(place):
            found = {name or place.resolve().name: place}
        elif not found:
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
    """Return the name of the run's directory for a step of a run, else the checkpoint's own."""
    checkpoint = checkpoint.resolve()
    return checkpoint.parent.name if step_of(checkpoint) >= 0 else checkpoint.name


def listed_in(output: Path) -> dict[str, Path]:
    """Return the models of a directory's `models.toml`; none without one."""
    offer = read_offer(output)
    if offer is None:
        return {}
    runs = {model.id: output / model.run for model in offer.models}
    return {id_: raised(run) or run for id_, run in runs.items()}


def stages_in(output: Path) -> dict[str, Path]:
    """Return the language models among the runs in a directory, the longest past first."""
    if not output.is_dir() or is_checkpoint(output) or latest(output) is not None:
        return {}
    found = [newest for child in sorted(output.iterdir()) if (newest := latest(child)) is not None]
    talking = [checkpoint for checkpoint in found if is_language_model(checkpoint)]
    talking.sort(key=lambda checkpoint: -generations(read_lineage(checkpoint)))
    return {name_of(checkpoint): checkpoint for checkpoint in talking}


def is_language_model(checkpoint: Path) -> bool:
    """Return whether a checkpoint writes text, unlike a reward model or a translator."""
    try:
        family_of(resolve(checkpoint).config_json)
    except CheckpointError:
        return False
    return True


def generations(lineage: Lineage | None) -> int:
    """Return the number of stages that led to a checkpoint, its own included."""
    if lineage is None:
        return 0
    return 1 + max((generations(parent.lineage) for parent in lineage.parents.values()), default=0)


def offered_models(
    checkpoints: Mapping[str, Path],
    max_batch: int | None = None,
    memory: int | None = None,
    weights: WeightFormat = "auto",
) -> list[ServedModel | AwaitedModel]:
    """Return what `served_models` does, with those of `named` that are awaited at their places.

    Raises:
        CheckpointError, ConfigError: as `served_models`; also where every model is awaited.
    """
    budget = memory or machine_memory()
    awaited = {
        name: path
        for name, path in checkpoints.items()
        if not is_checkpoint(path) and not is_place(path)
    }
    if awaited and len(awaited) == len(checkpoints):
        runs = ", ".join(map(str, awaited.values()))
        raise ConfigError(
            f"none of the models in {FILE_NAME} is ready: none of the runs {runs} has finished; "
            "finish one, or name a checkpoint"
        )
    return [
        awaited_model(name, path, max_batch, budget, weights)
        if name in awaited
        else served_model(name, path, max_batch, budget, weights)
        for name, path in checkpoints.items()
    ]


def awaited_model(
    name: str, run: Path, max_batch: int | None, memory: int, weights: WeightFormat
) -> AwaitedModel:
    """Return a model that is offered once its run is finished."""

    def find() -> ServedModel | None:
        checkpoint = raised(run)
        if checkpoint is None:
            return None
        return served_model(name, checkpoint, max_batch, memory, weights)

    return AwaitedModel(name, name_in_offer(name, run) or name, find)


def served_models(
    checkpoints: Mapping[str, Path],
    max_batch: int | None = None,
    memory: int | None = None,
    weights: WeightFormat = "auto",
) -> list[ServedModel]:
    """Return a model for each checkpoint; it writes up to `max_batch` answers at a time.

    Only settings and tokenizers are read here; weights are read with a model's first request.
    `memory` is the bytes that all models may take together; None is most of the machine's.
    `weights` is their number format.

    Raises:
        CheckpointError: a checkpoint is damaged, or is no language model.
        ConfigError: a model does not fit into the memory.
    """
    budget = memory or machine_memory()
    return [
        served_model(name, path, max_batch, budget, weights) for name, path in checkpoints.items()
    ]


def served_model(
    name: str,
    checkpoint: Path,
    max_batch: int | None,
    memory: int,
    weights: WeightFormat = "auto",
) -> ServedModel:
    """Return the model of one checkpoint, whose age is that of its directory, or of a place."""
    if is_place(checkpoint):
        promoted = partial(find_checkpoint, checkpoint)
        return PromotedModel(
            checkpoint, lambda: served_model(name, promoted(), max_batch, memory, weights)
        ).first()
    checkpoint = find_checkpoint(checkpoint)
    resolved = resolve(checkpoint)
    open_tensors(resolved)  # opens every file, reads no weights
    config = settings_of(resolved)
    dtype = inference_dtype(resolved, weights)
    tokenizer = Tokenizer.load(checkpoint)
    check_vocabulary(checkpoint, config.vocabulary_size, tokenizer)
    rows = max_batch or rows_for(config, memory)
    needed = parameters(config) * dtype.itemsize + cache_bytes(config, rows, config.context_length)
    if needed > memory:
        raise ConfigError(
            f"{name} needs {needed / 2**30:.1f} GiB for its weights and {rows} answers at a time, "
            f"but models may take {memory / 2**30:.1f} GiB; raise --memory, or lower --max-batch"
        )
    return ServedModel(
        id=name,
        name=name_in_offer(name, checkpoint) or name_of_stage(name, checkpoint),
        tokenizer=tokenizer,
        template=ChatTemplate.of(tokenizer),
        context_length=config.context_length,
        banned_ids=tokenizer.banned_ids.union(
            range(tokenizer.vocabulary_size, config.vocabulary_size)
        ),
        created=int(checkpoint.stat().st_mtime),
        load=partial(load_engine, resolved, dtype, rows, tokenizer.vocabulary_size),
        bytes=needed,
        dimensions=config.width,
        suggestions=suggestions_of(checkpoint),
        recommended=read_recommended(checkpoint),
    )


def name_of_stage(name: str, checkpoint: Path) -> str:
    """Return a model's name, with the stage that raised it unless that is its name."""
    lineage = read_lineage(checkpoint)
    is_told = lineage is None or lineage.stage == name.rpartition("/")[2]
    return name if lineage is None or is_told else f"{name} ({lineage.stage})"


def suggestions_of(checkpoint: Path) -> tuple[str, ...]:
    """Return the first messages that a run's project offers, one a line; none without a file."""
    file = checkpoint.resolve().parent.parent / SUGGESTIONS
    if not file.is_file():
        return ()
    texts = lines_of(file.read_text(encoding="utf-8", errors="replace"))
    return tuple(text.strip()[:LONGEST_SUGGESTION] for text in texts if text.strip())[
        :MOST_SUGGESTIONS
    ]


def load_engine(
    checkpoint: Checkpoint, dtype: torch.dtype, max_batch: int, num_tokens: int
) -> Engine:
    """Open the weights in an engine that is ready to write; see `load_for_inference` and `Engine`.

    Raises:
        CheckpointError: they are damaged.
    """
    model = load_for_inference(checkpoint, dtype)
    return_freed_memory()
    return Engine(
        model,
        max_batch=max_batch,
        prefill_tokens=PREFILL_TOKENS,
        num_tokens=num_tokens,
    )


def rows_for(config: GPTConfig, memory: int) -> int:
    """Return how many answers fit into a model's share of the memory, from 1 to 256."""
    each = cache_bytes(config, 1, config.context_length)
    return max(1, min(MOST_ROWS, memory // CACHE_SHARE // each))
