"""The state of PPO between optimiser steps, saved with every checkpoint."""

import logging
from collections.abc import Mapping
from typing import Any, cast, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fledge.model.gpt import GPT
from fledge.stages.doctor import Doctor, warn
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.kl import AdaptiveKL, FixedKL, KLController
from fledge.stages.ppo.kl_guard import KLGuard
from fledge.stages.ppo.monitor import Monitor
from fledge.stages.ppo.rollout import Experience
from fledge.train.moving_average import MovingAverage

logger = logging.getLogger(__name__)


@final
class PPOState:
    """The current rollout, the position in it, β, and four observers.

    The guard ends training that has moved too far, the monitor training whose held-out judge
    falls; the doctor reports illnesses, and the average follows the policy.
    """

    def __init__(self, config: PPOConfig) -> None:
        self.answers_per_rollout = config.rollout.examples
        self.kl = _kl_controller(config)
        self.guard = KLGuard(config.kl)
        self.monitor = Monitor(config.score.monitor)
        self.doctor = Doctor()
        self.average = MovingAverage(config.ema_decay)
        self.experience: Experience | None = None
        self.rollouts_done = 0
        self.minibatches_done = 0
        self.rollout_metrics: dict[str, float] = {}
        self.ratio_first = 0.0

    @property
    def stopped(self) -> bool:
        """True once the guard or the monitor ended training."""
        return self.guard.stopped or self.monitor.stopped

    @property
    def rollouts_begun(self) -> int:
        """Number of rollouts so far, the current one included."""
        return self.rollouts_done + (self.experience is not None)

    def begin_rollout(self, experience: Experience, metrics: dict[str, float]) -> None:
        """Keep a rollout and its metrics; set β for the next, or stop if the KL is too large."""
        self.experience, self.minibatches_done = experience, 0
        metrics["episode"] = float((self.rollouts_done + 1) * self.answers_per_rollout)
        self.rollout_metrics, self.ratio_first = metrics, 0.0
        self.kl.update(metrics["objective/kl"], self.answers_per_rollout)
        self.guard.saw_rollout(metrics["objective/kl"])
        if self.guard.stopped:
            logger.warning(
                "PPO ends early: the mean KL is %.1f nats per answer, above stage.kl.maximum. To "
                "train for longer, raise stage.kl_coefficient or lower the learning rate",
                metrics["objective/kl"],
            )

    def end_rollout(self) -> None:
        """Drop a rollout that is used up."""
        self.experience = None
        self.rollouts_done += 1

    def saw_first_ratio(self, ratio: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> None:
        """Keep the largest |π_θ / π_old − 1| before the first update on a rollout."""
        largest = (ratio.detach() - 1).abs().masked_fill(~mask, 0.0).max()
        self.ratio_first = max(self.ratio_first, float(largest))

    def saw_step(self, metrics: Mapping[str, float], policy: GPT) -> None:
        """Pass an optimiser step on to the guard, the doctor and the average."""
        self.guard.saw_update(metrics["policy/clipfrac_avg"])
        warn(self.doctor.saw_step(metrics))
        self.average.update(policy)

    def state_dict(self) -> dict[str, object]:
        """Return everything, also the experience, so that a run may stop within a rollout."""
        return {
            "rollouts_done": self.rollouts_done,
            "minibatches_done": self.minibatches_done,
            "experience": {} if self.experience is None else self.experience.state_dict(),
            "rollout_metrics": dict(self.rollout_metrics),
            "ratio_first": self.ratio_first,
            "kl_coefficient": self.kl.coefficient,
            "guard": self.guard.state_dict(),
            "monitor": self.monitor.state_dict(),
            "doctor": self.doctor.state_dict(),
            "average": self.average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, object], device: torch.device) -> None:
        """Resume where `state_dict` was taken, with the tensors on `device`."""
        values = cast(dict[str, Any], state)
        self.rollouts_done = values["rollouts_done"]
        self.minibatches_done = values["minibatches_done"]
        saved = values["experience"]
        self.experience = Experience.from_state_dict(saved).to(device) if saved else None
        if self.experience is not None and self.experience.examples != self.answers_per_rollout:
            logger.warning(
                "the checkpoint holds %d of a rollout's %d answers, as earlier versions saved "
                "them; the policy answers these prompts anew",
                self.experience.examples,
                self.answers_per_rollout,
            )
            self.experience, self.minibatches_done = None, 0
        self.rollout_metrics = dict(values["rollout_metrics"])
        self.ratio_first = values["ratio_first"]
        self.kl.coefficient = values["kl_coefficient"]
        self.guard.load_state_dict(values["guard"])
        self.monitor.load_state_dict(
            values.get("monitor", {}), device
        )  # not in earlier checkpoints
        self.doctor.load_state_dict(values["doctor"])
        self.average.load_state_dict(values["average"], device)


def _kl_controller(config: PPOConfig) -> KLController:
    if config.kl.target is None:
        return FixedKL(config.kl_coefficient)
    return AdaptiveKL(config.kl_coefficient, config.kl.target, config.kl.horizon)
