"""A moving average of weights (Polyak and Juditsky 1992), saved instead of the last weights."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from fledge.runtime.shard import whole


class MovingAverage:
    """w̄ ← decay · w̄ + (1 − decay) · w after every step; `decay` None keeps no average.

    Every process holds the whole average, so that saving needs no other process.
    """

    def __init__(self, decay: float | None) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def begin(self, module: nn.Module) -> None:
        """Start from the weights of `module`, unless already started; every process calls this."""
        if self.decay is not None and not self.weights:
            self.weights = {
                name: whole(p.detach()).clone()
                for name, p in module.named_parameters()
                if p.requires_grad
            }

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the weights of `module`; every process calls this."""
        if self.decay is not None:
            parameters = dict(module.named_parameters())
            for name, weight in self.weights.items():
                weight.lerp_(whole(parameters[name].detach()), 1 - self.decay)

    def applied(self, module: nn.Module) -> AbstractContextManager[None]:
        """Lend the average to `module` within the context; its weights must be whole."""
        return lent(module, self.weights)

    def state_dict(self) -> dict[str, Tensor]:
        """Return whole tensors by name; none before `begin`."""
        return dict(self.weights)

    def load_state_dict(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Take up the average that `state_dict` returned."""
        self.weights = {name: weight.to(device) for name, weight in state.items()}


@contextmanager
def lent(module: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Give `module` these weights, by parameter name, within the context; then its own again."""
    parameters = dict(module.named_parameters())
    saved = {name: parameters[name].data for name in weights}
    for name, weight in weights.items():
        parameters[name].data = weight
    try:
        yield
    finally:
        for name, data in saved.items():
            parameters[name].data = data
