"""The mean of a run's last checkpoints: section 6.1 of "Attention is all you need"."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from fledge.runtime.shard import whole
from fledge.train.moving_average import lent


class LastWeights:
    """The running mean of the weights at the last `count` of every `every` steps up to `steps`.

    The run's length is known, so one copy is enough: no checkpoint need be kept for it. Every
    process holds all of it, so that saving needs no other process.
    """

    def __init__(self, count: int, every: int, steps: int) -> None:
        """`count` 1 keeps no mean: the last weights are the mean."""
        self.steps_taken = set(range(steps, max(0, steps - count * every), -every))
        self.wanted = count > 1
        self.taken = 0
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def after_step(self, step: int, module: nn.Module) -> None:
        """Take the weights of `module` in if it is their turn; every process calls it."""
        if not self.wanted or step not in self.steps_taken:
            return
        self.taken += 1
        for name, parameter in module.named_parameters():
            now = whole(parameter.detach())
            if name in self.weights:
                self.weights[name].lerp_(now, 1 / self.taken)
            else:
                self.weights[name] = now.clone()

    def applied(self, module: nn.Module) -> AbstractContextManager[None]:
        """Lend the mean to `module`, whose weights are whole at this moment."""
        return lent(module, self.weights)

    def state_dict(self) -> dict[str, object]:
        """Whole tensors by name, and how many were taken."""
        return {"taken": self.taken, "weights": dict(self.weights)}

    def load_state_dict(self, state: Mapping[str, object], device: torch.device) -> None:
        """What `state_dict` gave."""
        taken, weights = state["taken"], state["weights"]
        assert isinstance(taken, int) and isinstance(weights, dict)
        self.taken = taken
        self.weights = {name: weight.to(device) for name, weight in weights.items()}
