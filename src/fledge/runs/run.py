"""A run: a stage with its plan, from a TOML file to a finished checkpoint."""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from fledge.checkpoint.directory import latest, step_of
from fledge.checkpoint.lineage import read_lineage
from fledge.config import with_new_names
from fledge.errors import ConfigError, NonFiniteLoss, WriteError
from fledge.files import write_text
from fledge.runs.differences import differences, flat
from fledge.runs.estimate.announcement import Announcement
from fledge.runs.longer import how_it_goes_on
from fledge.runs.open_settings import choices, filled
from fledge.runs.recommended import Recommended
from fledge.runs.record import read_record, write_record
from fledge.runtime import Runtime
from fledge.runtime.collective import Place
from fledge.stages.ppo.build import build_ppo
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.pretrain import Pretrain, PretrainConfig
from fledge.stages.reward.config import RewardConfig
from fledge.stages.reward.stage import RewardModelling
from fledge.stages.sft import SFT, SFTConfig
from fledge.stages.translate.config import TranslateConfig
from fledge.stages.translate.stage import Translate
from fledge.train.loop import fit
from fledge.train.plan import Plan
from fledge.train.presence import present
from fledge.train.progress import Progress, Several, TensorBoardProgress, for_terminal
from fledge.train.stage import Stage, StageContext

StageConfig = Annotated[
    PretrainConfig | TranslateConfig | SFTConfig | RewardConfig | PPOConfig,
    Field(discriminator="name"),
]

ADAPTABLE = (SFTConfig, RewardConfig, PPOConfig)
"""Stages that can train adapters instead of whole models."""

StageBuilder = Callable[..., Stage[Any]]
"""Makes a stage from its settings and a `StageContext`."""

STAGES: Mapping[str, StageBuilder] = {
    "pretrain": Pretrain.build,
    "translate": Translate.build,
    "sft": SFT.build,
    "reward": RewardModelling.build,
    "ppo": build_ppo,
}


class Run(Plan):
    """Everything needed to repeat one training run."""

    stage: StageConfig
    """Stage to train: `name` picks it, the other keys are its own."""

    @model_validator(mode="after")
    def _adapters_go_into_a_chat_model(self) -> "Run":
        if self.lora is not None and not isinstance(self.stage, ADAPTABLE):
            raise ValueError(f"lora is for sft, reward and ppo, not for {self.stage.name}")
        return self

    @model_validator(mode="after")
    def _patience_needs_evaluations(self) -> "Run":
        patience = self.stage.patience if isinstance(self.stage, RewardConfig) else None
        if patience is not None and self.evaluation.every is None:
            raise ValueError("stage.patience counts evaluations; also set evaluation.every")
        return self


logger = logging.getLogger(__name__)

NOT_FINITE_FILE = "not-finite.json"
FREE_TO_CHANGE = (
    "output",
    "checkpoint",
    "evaluation",
    "samples",
    "runtime",
    "tensorboard",
    "stage.critic.keep",
    # A saved run has read all of its data: no record was bad, or bad ones were skipped.
    "stage.skip_bad",
)
"""Settings that may differ when a run resumes, since they do not change the result."""


STEPS, EPOCHS = "optimizer.steps", "stage.epochs"
LENGTH = (STEPS, EPOCHS)
"""Settings of a run's length."""


def execute(run: Run, progress: Progress | None = None, build: StageBuilder | None = None) -> Path:
    """Train a run to its end and return its final checkpoint.

    A finished run returns at once. An interrupted one resumes where it was saved, and so does a
    finished one whose `optimizer.steps` or epochs were raised, on the schedule of its new length.
    Settings that a run leaves open take its stage's recommendations when it begins. `build` makes
    the stage instead of `STAGES`, if it has parts that no file can hold, such as a reward function.

    Raises:
        ConfigError: `run.output` holds another run, as the message tells, or is being trained.
        Interrupted: the user stopped it; the same call resumes.
        FledgeError: as `fit` and the stage raise it.
    """
    chosen = choose(run)
    run = filled(run, chosen)
    check_output(run)
    finished = finished_checkpoint(run.output)
    if finished is not None and not is_longer(run, _read_run(run.output)):
        return finished
    done = None if finished is None else step_of(finished)
    runtime = Runtime.start(run.runtime)
    try:
        build = build or STAGES[run.stage.name]
        if done is not None and runtime.is_main and (how := how_it_goes_on(run.optimizer, done)):
            logger.warning("%s", how)
        with present(run.output) if runtime.is_main else nullcontext():
            checkpoint = _train(run, chosen, runtime, progress or for_terminal(), build)
        if step_of(checkpoint) == done and runtime.is_main:
            logger.warning(
                "%s: the run had ended by itself at step %d, so more steps do not continue it; the "
                "log of its end and `fledge doctor` say why",
                run.output,
                done,
            )
        return checkpoint
    except NonFiniteLoss as error:
        if runtime.is_main:
            _note(error, run.output)
        raise


def _note(error: NonFiniteLoss, output: Path) -> None:
    """Note that the loss was not finite, so that the optimiser's settings may change."""
    note = json.dumps({"step": error.step, "value": str(error.value)})
    try:
        write_text(output / NOT_FINITE_FILE, note)
    except WriteError as unwritten:
        # The loss is what the user must hear of.
        logger.warning("%s", unwritten)


def finished_checkpoint(output: Path) -> Path | None:
    """Return the final checkpoint of a finished run, and None for any other."""
    checkpoint = latest(output)
    lineage = None if checkpoint is None else read_lineage(checkpoint)
    return checkpoint if lineage is not None and lineage.finished else None


def check_output(run: Run) -> None:
    """Check that `run.output` is empty or holds this very run.

    After a loss that was not finite, the optimiser's settings may differ.

    Raises:
        ConfigError: it holds another run; the message names each difference.
    """
    if latest(run.output) is None:
        return
    here, there = run.model_dump(mode="json"), _read_run(run.output)
    free: tuple[str, ...] = FREE_TO_CHANGE
    if (run.output / NOT_FINITE_FILE).exists():
        free = (*free, "optimizer")
    if finished_checkpoint(run.output) is not None and is_longer(run, there):
        free = (*free, *LENGTH)
    found = differences(here, there, free)
    if found:
        raise ConfigError(
            f"{run.output} holds another run: {'; '.join(found)}. Choose another output, "
            "restore the settings it began with, or delete the directory"
        )


def is_longer(run: Run, before: Mapping[str, object]) -> bool:
    """Tell whether a run asks for more optimiser steps or epochs than when it finished."""
    here, there = flat(run.model_dump(mode="json")), flat(before)
    steps, steps_before = here.get(STEPS), there.get(STEPS)
    if steps != steps_before:
        checkpoint = finished_checkpoint(run.output)
        lineage = None if checkpoint is None else read_lineage(checkpoint)
        return isinstance(steps, int) and lineage is not None and steps > lineage.step
    if steps is not None or run.stage.name == "ppo":
        return False  # PPO's epochs are passes over each rollout, not over the prompts
    epochs, epochs_before = here.get(EPOCHS), there.get(EPOCHS)
    if not isinstance(epochs, float) or not isinstance(epochs_before, float):
        return False
    return epochs > epochs_before


def _train(
    run: Run, chosen: Recommended, runtime: Runtime, progress: Progress, build: StageBuilder
) -> Path:
    if run.batch.examples % runtime.world_size:
        raise ConfigError(
            f"batch.examples is {run.batch.examples}, expected a multiple of the "
            f"{runtime.world_size} processes"
        )
    if runtime.is_main:
        write_record(run.output, run.model_dump(mode="json"), chosen)
    runtime.seed(run.seed)
    context = StageContext(
        run.output,
        run.seed,
        run.batch,
        runtime,
        run.optimizer.steps,
        progress.preparing,
        run.lora,
        run.samples,
    )
    stage = build(run.stage, context)
    if runtime.is_main:
        warn_of_unfinished(stage.sources().parents)
    if run.tensorboard and runtime.is_main:
        progress = Several([progress, TensorBoardProgress()])
    if runtime.is_main:
        progress = Several([progress, Announcement(stage, run.stage, run, runtime)])
    checkpoint = fit(stage, run, runtime, progress)
    (run.output / NOT_FINITE_FILE).unlink(missing_ok=True)
    return checkpoint


def warn_of_unfinished(parents: Mapping[str, Path]) -> None:
    """Warn of every parent whose own training is unfinished, with its progress."""
    for role, checkpoint in parents.items():
        past = read_lineage(checkpoint)
        if past is not None and not past.finished:
            logger.warning(
                "%s: this %s is unfinished, at step %d of %d; its newest checkpoint is used. To "
                "finish it first, run its own command again",
                checkpoint,
                role,
                past.step,
                past.steps,
            )


def choose(run: Run) -> Recommended:
    """Choose values for the settings that a run leaves open, or read those it began with.

    Raises:
        CheckpointError: the record of a run that began is missing or damaged.
    """
    if latest(run.output) is None:
        return choices(run, run.stage, Place.from_environment().world_size)
    _, chosen = read_record(run.output)
    return chosen


def _read_run(output: Path) -> dict[str, object]:
    values, _ = read_record(output)
    try:
        # A setting that did not exist then counts as its default, which means the same.
        return Run.model_validate(with_new_names(values)).model_dump(mode="json")
    except ValidationError:
        return values  # holds a removed setting, which `differences` will name
