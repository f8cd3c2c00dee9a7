"""The mean of a run's last checkpoints: section 6.1 of "Attention is all you need"."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from fledge.runtime.shard import whole
from fledge.train.moving_average import lent


class LastWeights:
    """The running mean of `count` snapshots of the weights, `every` steps apart, up to `steps`.

    The length of the run is known beforehand, so one copy is enough and no checkpoints are kept
    for it. Every process holds the whole mean, so that saving needs no other process.
    """

    def __init__(self, count: int, every: int, steps: int) -> None:
        """Plan the snapshots; `count` 1 keeps no mean, since it would be the last weights."""
        self.steps_taken = set(range(steps, max(0, steps - count * every), -every))
        self.wanted = count > 1
        self.taken = 0
        self.snapshots: list[int] = []
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def after_step(self, step: int, module: nn.Module) -> None:
        """Add the weights of `module` to the mean if due at `step`; every process calls this."""
        if not self.wanted or step not in self.steps_taken:
            return
        self.taken += 1
        self.snapshots.append(step)
        for name, parameter in module.named_parameters():
            now = whole(parameter.detach())
            if name in self.weights:
                self.weights[name].lerp_(now, 1 / self.taken)
            else:
                self.weights[name] = now.clone()

    def applied(self, module: nn.Module) -> AbstractContextManager[None]:
        """Lend the mean to `module` within the context; its weights must be whole."""
        return lent(module, self.weights)

    def state_dict(self) -> dict[str, object]:
        """Return whole tensors by name, and the number and steps of the snapshots in them."""
        return {
            "taken": self.taken,
            "snapshots": list(self.snapshots),
            "weights": dict(self.weights),
        }

    def load_state_dict(self, state: Mapping[str, object], device: torch.device) -> None:
        """Take up the mean that `state_dict` returned.

        A mean of other steps is dropped: the run has become longer, and its last weights are still
        to come.
        """
        taken, weights = state["taken"], state["weights"]
        snapshots = state.get("snapshots", [])  # not in earlier checkpoints
        assert isinstance(taken, int) and isinstance(weights, dict) and isinstance(snapshots, list)
        if not self.steps_taken.issuperset(snapshots):
            return
        self.snapshots = list(snapshots)
        self.taken = taken
        self.weights = {name: weight.to(device) for name, weight in weights.items()}
