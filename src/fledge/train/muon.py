"""Muon (Jordan et al. 2024) for matrices that may be spread over processes."""

from collections.abc import Mapping
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fledge.runtime.shard import is_sharded, shard_like, whole


@final
class Muon(torch.optim.Muon):
    """torch's Muon, with the same step however many processes share a matrix.

    Newton-Schulz runs in bfloat16, and sums over shards would round elsewhere. So every process
    gathers the whole update and orthogonalises it alone.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the matrices that have a gradient; the gradients of sharded ones are dropped."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if is_sharded(parameter) and parameter.grad is not None:
                    self._step_sharded(parameter, parameter.grad, group)
                    parameter.grad = None  # torch's step passes over it
        super().step(closure)  # type: ignore[no-untyped-call]

    def _step_sharded(self, parameter: Tensor, gradient: Tensor, group: Mapping[str, Any]) -> None:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        momentum = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        update = gradient.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum
        direction = shard_like(orthogonalised(whole(update), group), parameter)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(direction, alpha=-group["lr"])


def orthogonalised(update: Float[Tensor, "N M"], group: Mapping[str, Any]) -> Float[Tensor, "N M"]:
    """Replace the singular values of `update` by about 1, times √max(1, N / M).

    It is torch's own step from 0, at rate 1 and without momentum. `group` holds the settings of
    Newton-Schulz.
    """
    scratch = nn.Parameter(torch.zeros_like(update))
    scratch.grad = update
    names = ("ns_coefficients", "eps", "ns_steps", "adjust_lr_fn")
    settings = {name: group[name] for name in names}
    torch.optim.Muon([scratch], lr=1.0, weight_decay=0.0, momentum=0.0, **settings).step()  # type: ignore[no-untyped-call]
    return -scratch.detach()
