"""Disk that a run takes: the checkpoints it keeps, with the states to resume from, and its ids."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from fledge.checkpoint.adapter_files import adapter_tensors
from fledge.model.gpt import GPT
from fledge.model.lora import matrices, trained_state
from fledge.model.scalar import ScalarModel
from fledge.runs.estimate.tensors import FLOAT32_BYTES, tensor_bytes
from fledge.stages.ppo.stage import PPO
from fledge.stages.pretrain import Pretrain
from fledge.stages.reward.stage import RewardModelling
from fledge.stages.sft import SFT
from fledge.stages.translate.stage import Translate
from fledge.train.plan import Plan
from fledge.train.stage import Stage

TOKENIZER_BYTES_PER_TOKEN = 70
"""Bytes of `tokenizer.json` and its companions for each token of the vocabulary, measured on those
of the demo (53 to 80)."""
METRICS_BYTES = 250
"""Bytes of a line of `metrics.jsonl`: one a step."""
PPO_METRICS_BYTES = 1500
"""The same for PPO, which has many more metrics."""


def saved_models(stage: Stage[Any]) -> list[nn.Module]:
    """Return the models that a stage writes into a checkpoint."""
    if isinstance(stage, PPO):
        kept = [stage.trained.critic] if stage.config.critic.keep else []
        return [stage.trained.policy, *kept]
    if isinstance(stage, Pretrain | SFT | RewardModelling | Translate):
        return [stage.loaded.model]
    return [stage.trained]


def model_bytes(stage: Stage[Any], plan: Plan) -> int:
    """Return the bytes of the tensors that a stage writes, and of its tokenizer."""
    total = 0
    for model in saved_models(stage):
        if plan.lora is None:
            total += sum(tensor.nbytes for tensor in model.state_dict().values())
        else:
            total += adapter_bytes(model)
        total += TOKENIZER_BYTES_PER_TOKEN * vocabulary_of(model)
    return total


def adapter_bytes(model: nn.Module) -> int:
    """Return the bytes of a model's adapters in the layout of `peft`, and of its scalar head."""
    trunk = model.trunk if isinstance(model, ScalarModel) else model
    assert isinstance(trunk, GPT), "only these are adapted"
    head = model.head.parameters() if isinstance(model, ScalarModel) else ()
    tensors = adapter_tensors(trunk.config, matrices(trunk)).values()
    return sum(tensor.nbytes for tensor in (*tensors, *head))


def state_bytes(stage: Stage[Any], plan: Plan) -> int:
    """Return the bytes to resume from: what is trained, its moments, and the stage's own state."""
    trained = trained_state(stage.trained).values()
    return (
        sum(tensor.nbytes for tensor in trained)
        + tensor_bytes(stage.trained, plan.optimizer).moments
        + nested_bytes(stage.state_dict())
        + average_bytes(stage)
    )


def average_bytes(stage: Stage[Any]) -> int:
    """Return the bytes of averaged or best weights that the stage will keep but has not yet."""
    if isinstance(stage, PPO):
        kept = int(stage.config.ema_decay is not None and not stage.state.average.weights)
        kept += int(stage.config.score.monitor is not None and not stage.state.monitor.weights)
        module: nn.Module = stage.trained.policy
    elif isinstance(stage, Translate):
        kept = int(stage.average.wanted and not stage.average.weights)
        module = stage.trained
    elif isinstance(stage, RewardModelling):
        kept = int(stage.config.patience is not None and stage.best.weights is None)
        module = stage.trained
    else:
        return 0
    return FLOAT32_BYTES * sum(p.numel() for p in module.parameters() if p.requires_grad) * kept


def nested_bytes(state: object) -> int:
    """Add up the tensors within nested mappings and sequences."""
    if isinstance(state, Tensor):
        return state.nbytes
    if isinstance(state, Mapping):
        return sum(map(nested_bytes, state.values()))
    return sum(map(nested_bytes, state)) if isinstance(state, list | tuple) else 0


def disk_parts(stage: Stage[Any], plan: Plan, steps: int) -> dict[str, int]:
    """Return what the output holds after `steps` steps, by part."""
    saves = num_saves(plan, steps)
    kept = min(plan.checkpoint.keep, saves)
    line = PPO_METRICS_BYTES if isinstance(stage, PPO) else METRICS_BYTES
    parts = {
        "models": kept * model_bytes(stage, plan),
        "states to resume from": kept * state_bytes(stage, plan),
        "metrics": steps * line,
    }
    if isinstance(stage, Pretrain) and stage.config.corpus is None:
        parts["encoded text"] = directory_bytes(plan.output / "corpus")
    return parts


def num_saves(plan: Plan, steps: int) -> int:
    """Count the checkpoints that a run writes."""
    return 1 if plan.checkpoint.every is None else math.ceil(steps / plan.checkpoint.every)


def vocabulary_of(model: nn.Module) -> int:
    """Return the rows of a model's embedding."""
    return max(
        (m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)), default=0
    )


def directory_bytes(directory: Path) -> int:
    """Add up the files below a directory; 0 if there is none."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
