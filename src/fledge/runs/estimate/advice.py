"""Warn of a run that will not fit, and name the settings that make it smaller."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from fledge.runs.estimate.report import Estimate
from fledge.runs.estimate.words import size
from fledge.runs.open_settings import AnyStage
from fledge.runtime.memory import machine_memory
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.pretrain import PretrainConfig
from fledge.stages.sft import SFTConfig
from fledge.stages.translate.config import TranslateConfig
from fledge.train.plan import Plan

WORTH_SAYING = 0.1
"""Share of the peak from which a part is worth making smaller."""


def warnings(
    estimate: Estimate, plan: Plan, stage: AnyStage, memory: int | None = None
) -> list[str]:
    """Return a sentence for each of memory and disk that does not suffice; [] if all fits.

    `memory` are the bytes that a run may take, by default three quarters of the machine's or of
    its container's.
    """
    found = []
    limit = memory or machine_memory()
    if estimate.peak_bytes > limit:
        found.append(
            f"{stage.name} will not fit: it takes {size(estimate.peak_bytes)} of memory "
            f"({estimate.peak_phase}), and {size(limit)} may be used here; "
            + "; or ".join(smaller(estimate, plan, stage))
        )
    needed, free = with_one_more(estimate, plan), free_disk(plan.output)
    if needed > free:
        found.append(
            f"{stage.name} needs {size(needed)} of disk while it saves, and {size(free)} are "
            f"free in {plan.output}; free some space, name another output, or set "
            "checkpoint.keep=1"
        )
    return found


def smaller(estimate: Estimate, plan: Plan, stage: AnyStage) -> Iterator[str]:
    """Name the settings that lower the peak, those that change no result first."""
    parts = estimate.memory[estimate.peak_phase]
    worth = {name for name, number in parts.items() if number > WORTH_SAYING * estimate.peak_bytes}
    at_once = plan.batch.microbatch or plan.batch.examples
    if worth & {"activations", "temporaries", "logits and activations", "cache"}:
        if isinstance(stage, TranslateConfig):
            yield f"set stage.batch_tokens below {stage.batch_tokens:,}"
        elif at_once > 1 and estimate.peak_phase != "evaluation":
            yield f"set batch.microbatch={at_once // 2}, which changes no result"
    if "activations" in worth and not plan.runtime.gradient_checkpointing:
        yield "set runtime.gradient_checkpointing=true, which changes no result"
    if (
        worth & {"moments", "gradients"}
        and not isinstance(stage, PretrainConfig | TranslateConfig)
        and plan.lora is None
    ):
        yield "train adapters: lora.rank=16"
    if isinstance(stage, PPOConfig) and "cache" in worth:
        yield "lower stage.rollout.examples or stage.rollout.max_new_tokens"
    if isinstance(stage, PretrainConfig) and stage.model is None:
        yield "lower stage.size.context_length, stage.size.width or stage.size.num_layers"
    elif isinstance(stage, SFTConfig):
        yield "lower stage.length"
    if estimate.peak_phase == "evaluation":
        yield "measure on nothing: stage.held_out_fraction=0"
    yield "use a smaller model"


def with_one_more(estimate: Estimate, plan: Plan) -> int:
    """Return the disk while one more checkpoint is written than is kept."""
    kept = estimate.disk["models"] + estimate.disk["states to resume from"]
    return estimate.disk_bytes + kept // plan.checkpoint.keep


def free_disk(output: Path) -> int:
    """Return the free bytes of the disk that `output` is or will be on."""
    place = output.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
