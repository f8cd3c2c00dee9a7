"""The monitor of over-optimisation: it stops PPO before a held-out judge falls.

A policy that exploits its reward model earns more reward while a judge that the reward model never
saw likes it less (Gao et al. 2022, arXiv:2210.10760).
"""

import logging
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.model.gpt import GPT
from fledge.runtime.shard import whole
from fledge.stages.ppo.config import MonitorConfig
from fledge.train.moving_average import lent

logger = logging.getLogger(__name__)


@final
class Monitor:
    """Keeps the policy that the judge liked best, and stops training when the judge falls.

    A measurement lies below the best if its paired mean difference, over the same prompts and
    seeds, is more than `errors` standard errors below 0. `patience` of them in a row are a fall.
    A policy whose newest measurement lies below is not saved: the best one is.
    """

    def __init__(self, config: MonitorConfig | None) -> None:
        self.config = config
        self.best: Tensor | None = None  # N
        self.weights: dict[str, Tensor] = {}
        self.mean = math.nan
        self.below = 0

    @property
    def stopped(self) -> bool:
        """True once the judge fell."""
        return self.config is not None and self.below >= self.config.patience

    @property
    def is_new(self) -> bool:
        """True until the policy that training starts from has been measured."""
        return self.config is not None and self.best is None

    def is_due(self, rollouts_done: int) -> bool:
        """Tell whether to measure after this many rollouts."""
        return self.config is not None and rollouts_done % self.config.every == 0

    @torch.no_grad()
    def saw(self, scores: Float[Tensor, "N"], policy: GPT) -> None:
        """Note the judge's scores of the policy's answers, one for each held-out prompt."""
        assert self.config is not None
        scores, self.mean = scores.double(), float(scores.double().mean())
        if self.best is None or self.mean > float(self.best.mean()):
            self.best, self.below = scores, 0
            trained = ((n, p) for n, p in policy.named_parameters() if p.requires_grad)
            self.weights = {name: whole(p.detach()).clone() for name, p in trained}
        elif is_below(scores, self.best, self.config.errors):
            self.below += 1
        else:
            self.below = 0
        if self.below and not self.stopped:
            logger.warning(
                "the held-out judge fell from %.3f to %.3f; if PPO ends before it rises again, the "
                "policy of the best measurement is saved",
                float(self.best.mean()),
                self.mean,
            )
        if self.stopped:
            logger.warning(
                "PPO ends early: the held-out judge fell from %.3f to %.3f, although the reward "
                "did not ask for it; the policy of the best measurement is saved",
                float(self.best.mean()),
                self.mean,
            )

    def metrics(self) -> dict[str, float]:
        """Return the newest mean, the best, and how many in a row lie below it.

        Before the first measurement there is nothing.
        """
        if self.best is None:
            return {}
        best = float(self.best.mean())
        return {
            "monitor/judge": self.mean,
            "monitor/best": best,
            "monitor/below": float(self.below),
        }

    def applied(self, policy: GPT) -> AbstractContextManager[None]:
        """Lend the best weights to `policy` within the context, if the newest lie below."""
        return lent(policy, self.weights if self.below else {})

    def state_dict(self) -> dict[str, object]:
        """Return the measurements and the best weights."""
        if self.best is None:
            return {}
        return {
            "best": self.best,
            "weights": dict(self.weights),
            "mean": self.mean,
            "below": self.below,
        }

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Resume where `state_dict` was taken."""
        if state:
            self.best, self.mean, self.below = state["best"].cpu(), state["mean"], state["below"]
            self.weights = {name: weight.to(device) for name, weight in state["weights"].items()}


def is_below(scores: Float[Tensor, "N"], best: Float[Tensor, "N"], errors: float) -> bool:
    """Tell whether the paired mean difference is more than `errors` standard errors below 0."""
    difference = scores - best
    error = difference.std(correction=0) / len(difference) ** 0.5
    return bool(difference.mean() < -errors * error)
