"""A moving average of weights (Polyak and Juditsky 1992), saved in place of the last ones."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from fledge.runtime.shard import whole


class MovingAverage:
    """w̄ ← decay · w̄ + (1 − decay) · w after every step; `decay` None keeps no average.

    Every process holds all of it, so that saving needs no other process.
    """

    def __init__(self, decay: float | None) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def begin(self, module: nn.Module) -> None:
        """Start from the weights of `module`, unless it has begun; every process calls it."""
        if self.decay is not None and not self.weights:
            self.weights = {
                name: whole(p.detach()).clone()
                for name, p in module.named_parameters()
                if p.requires_grad
            }

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take one step towards the weights of `module`; every process calls it."""
        if self.decay is not None:
            parameters = dict(module.named_parameters())
            for name, weight in self.weights.items():
                weight.lerp_(whole(parameters[name].detach()), 1 - self.decay)

    def applied(self, module: nn.Module) -> AbstractContextManager[None]:
        """Lend the average to `module`, whose weights are whole at this moment."""
        return lent(module, self.weights)

    def state_dict(self) -> dict[str, Tensor]:
        """Whole tensors by name; empty before `begin`."""
        return dict(self.weights)

    def load_state_dict(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """What `state_dict` gave."""
        self.weights = {name: weight.to(device) for name, weight in state.items()}


@contextmanager
def lent(module: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Within the block `module` has these weights, by parameter name, in place of its own."""
    parameters = dict(module.named_parameters())
    saved = {name: parameters[name].data for name in weights}
    for name, weight in weights.items():
        parameters[name].data = weight
    try:
        yield
    finally:
        for name, data in saved.items():
            parameters[name].data = data
