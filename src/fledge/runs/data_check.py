"""Read the data of a whole pipeline before any training, so that a mistake costs seconds."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model
from fledge.data.records import Skipped
from fledge.data.sources import HUB, files_of
from fledge.errors import DataError, FledgeError, RecordError
from fledge.runs.run import Run, finished_checkpoint
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.prompts import read_prompts
from fledge.stages.pretrain import PretrainConfig, tokenizer_of
from fledge.stages.reward.config import RewardConfig
from fledge.stages.reward.data import read_comparisons
from fledge.stages.sft import SFTConfig, read_demonstrations
from fledge.stages.translate.config import TranslateConfig
from fledge.stages.translate.data import load_parallel_text
from fledge.text.chat import ChatTemplate
from fledge.text.renderer import Renderer

logger = logging.getLogger(__name__)

Read = Callable[[Any, Renderer, Skipped | None], object]
"""Reads a stage's records as the stage does; a bad one is raised, or collected."""

READERS: dict[type, Read] = {
    SFTConfig: read_demonstrations,
    RewardConfig: read_comparisons,
    PPOConfig: read_prompts,
}


def check_data(runs: Sequence[Run]) -> None:
    """Read the records of every run with the tokenizer and context that its model will have.

    Raises:
        DataError: some cannot be used; the message names every run that has some, and counts them.
    """
    renderers: dict[Path, Renderer] = {}
    problems = []
    for run in runs:
        if finished_checkpoint(run.output) is not None:
            continue  # its data has done its work, and may be gone
        try:
            _check(run, renderers)
        except FledgeError as error:
            problems.append(f"{run.stage.name}: {error}")
    if problems:
        raise DataError("\n".join(["some data cannot be used, so nothing was trained", *problems]))


def _check(run: Run, renderers: dict[Path, Renderer]) -> None:
    stage = run.stage
    if isinstance(stage, PretrainConfig):
        for source in stage.text:
            if not source.startswith(HUB):
                files_of(Path(source))
        renderers[run.output] = _of_pretraining(stage, renderers)
        return
    if isinstance(stage, TranslateConfig):
        load_parallel_text(stage, run.seed)
        return
    parent = stage.policy if isinstance(stage, PPOConfig) else stage.model
    renderer = renderers[run.output] = _of(parent, renderers)
    _read(stage, renderer)


def _read(stage: SFTConfig | RewardConfig | PPOConfig, renderer: Renderer) -> None:
    """Read a stage's records; the error for bad ones counts them and advises.

    Raises:
        DataError: a record cannot be used and the stage does not skip it, or none is left.
    """
    read, bad = READERS[type(stage)], Skipped()
    try:
        if not stage.skip_bad:
            read(stage, renderer, None)
            return
    except RecordError as error:
        try:
            read(stage, renderer, bad)
        except FledgeError as nothing_left:
            raise DataError(f"{error}\n  without such records: {nothing_left}") from error
        raise DataError(
            f"{error}\n  {_counted(bad)} of this run cannot be used; leave out such records "
            "with --skip-bad, or, if they are too long, use a context of more than "
            f"{renderer.context_length:,} tokens"
        ) from error
    read(stage, renderer, bad)
    if bad:
        logger.warning("%s: %s will be left out", stage.name, _counted(bad))


def _counted(bad: Skipped) -> str:
    return f"{len(bad):,} record{'' if len(bad) == 1 else 's'}"


def _of_pretraining(stage: PretrainConfig, renderers: dict[Path, Renderer]) -> Renderer:
    if stage.model is not None:
        return _of(stage.model, renderers)
    tokenizer = tokenizer_of(stage)
    return Renderer(tokenizer, ChatTemplate.of(tokenizer), stage.size.context_length)


def _of(model: Path, renderers: dict[Path, Renderer]) -> Renderer:
    """Return the text side of an earlier run's model, or of an existing checkpoint."""
    if model in renderers:
        return renderers[model]
    return load_language_model(find_checkpoint(model)).renderer
