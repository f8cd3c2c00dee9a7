"""Muon (Jordan et al. 2024) for matrices that may be spread over processes."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.runtime.shard import shard_like, whole

NUMBERS_AT_ONCE = 2**20
"""Most numbers of matrices that are orthogonalised by the same products: for the 16 matrices of
192 columns or rows of the demo's model that is 1.55 times as fast as one after another (two cores,
bfloat16), for matrices of 768 x 3072 no faster."""


@final
class Muon(torch.optim.Muon):
    """torch's Muon, with the same step however many processes share a matrix.

    Newton-Schulz runs in bfloat16, and sums over shards would round elsewhere. So every process
    gathers the whole update and orthogonalises it alone. Matrices of one shape go together.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the matrices that have a gradient."""
        for group in self.param_groups:
            learning = [one for one in group["params"] if one.grad is not None]
            for alike in _alike(learning):
                self._step(alike, group)

    def _step(self, parameters: Sequence[Tensor], group: Mapping[str, Any]) -> None:
        updates = [whole(self._update(parameter, group)) for parameter in parameters]
        rate, (rows, columns) = group["lr"], updates[0].shape
        directions = orthogonalised(updates, group)
        for parameter, direction in zip(parameters, directions, strict=True):
            parameter.mul_(1 - rate * group["weight_decay"])
            step = -rate * sqrt(max(1.0, rows / columns))
            parameter.add_(shard_like(direction, parameter), alpha=step)

    def _update(self, parameter: Tensor, group: Mapping[str, Any]) -> Tensor:
        """Return the gradient mixed with its momentum, which takes the gradient in."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        momentum: Tensor = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        return gradient.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum


def orthogonalised(
    updates: Sequence[Float[Tensor, "N M"]], group: Mapping[str, Any]
) -> Sequence[Float[Tensor, "N M"]]:
    """Replace the singular values of each update by about 1.

    It is Newton-Schulz of degree 5, `ns_steps` times X ← aX + b(XXᵀ)X + c(XXᵀ)²X from norm 1, in
    bfloat16.
    """
    a, b, c = group["ns_coefficients"]
    alone = len(updates) == 1
    x = (updates[0] if alone else torch.stack(list(updates))).bfloat16()
    is_tall = x.shape[-2] > x.shape[-1]
    x = x.mT if is_tall else x
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=group["eps"])
    multiply_add = torch.addmm if alone else torch.baddbmm
    for _ in range(group["ns_steps"]):
        gram = x @ x.mT
        x = multiply_add(x, multiply_add(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    x = x.mT if is_tall else x
    return [x] if alone else x.unbind()


def _alike(parameters: Sequence[Tensor]) -> Iterator[Sequence[Tensor]]:
    """Yield parameters of one shape together, as many as are worth it."""
    by_shape: dict[torch.Size, list[Tensor]] = {}
    for parameter in parameters:
        by_shape.setdefault(parameter.shape, []).append(parameter)
    for shape, alike in by_shape.items():
        at_once = max(1, NUMBERS_AT_ONCE // shape.numel())
        for start in range(0, len(alike), at_once):
            yield alike[start : start + at_once]
