"""A moving average of weights (Polyak and Juditsky 1992), saved in place of the last ones."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from fledge.runtime.shard import shard_like, whole


class MovingAverage:
    """w̄ ← decay · w̄ + (1 − decay) · w after every step; `decay` None keeps no average."""

    def __init__(self, decay: float | None, module: nn.Module) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}
        if decay is not None:
            self.weights = {name: p.detach().clone() for name, p in module.named_parameters()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take one step towards the weights of `module`."""
        if self.decay is not None:
            for name, parameter in module.named_parameters():
                self.weights[name].lerp_(parameter.detach(), 1 - self.decay)

    @contextmanager
    def applied(self, module: nn.Module) -> Iterator[None]:
        """Lend the average to `module`, whose weights are whole at this moment."""
        parameters = dict(module.named_parameters())
        saved = {name: parameters[name].data for name in self.weights}
        for name, weight in self.weights.items():
            parameters[name].data = whole(weight).to(saved[name].device)
        try:
            yield
        finally:
            for name, data in saved.items():
                parameters[name].data = data

    def state_dict(self) -> dict[str, Tensor]:
        """Whole tensors by name; every process calls it."""
        return {name: whole(weight) for name, weight in self.weights.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """What `state_dict` gave, spread as the weights are."""
        for name, weight in state.items():
            example = self.weights[name]
            self.weights[name] = shard_like(weight, example).to(example.device)
