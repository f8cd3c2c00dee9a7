"""The output layer fused with its cross-entropy, so that a batch's logits never exist at once."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

ROWS_AT_ONCE = 512
"""Rows whose logits exist at the same time."""
WORTH_IT_FROM = 2**15
"""Smallest vocabulary for which it is faster than the plain loss.

On one core, in bfloat16, it is 1.35 times as fast with 50,257 tokens, 0.9 times with 8,192."""


def linear_cross_entropy_sum(
    hidden: Float[Tensor, "N D"], weight: Float[Tensor, "V D"], targets: Int[Tensor, "N"]
) -> Float[Tensor, ""]:
    """Compute Σ −log softmax(hidden weightᵀ)[target], in nats.

    Under autocast the matrix products take its number format.
    """
    device = hidden.device.type
    autocasts = torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if autocasts else hidden.dtype
    apply: Callable[..., Tensor] = _LinearCrossEntropy.apply
    total = apply(hidden, weight, targets, dtype)
    return total


class _LinearCrossEntropy(torch.autograd.Function):
    """Linear layer and cross-entropy, with gradients taken in the forward pass.

    ∂loss/∂logits is softmax − one-hot, known as soon as the logits are. So both gradients of a
    piece are taken before the next piece begins (Hsu et al. 2024, arXiv:2410.10989).
    """

    @staticmethod
    def forward(
        context: Any, hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype
    ) -> Tensor:
        rows, columns = hidden.to(dtype), weight.to(dtype)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        hidden_gradient = torch.empty_like(rows)
        # An adapter leaves the output layer as it is: a third of the work less.
        learns = context.needs_input_grad[1]
        weight_gradient = torch.zeros_like(weight) if learns else None
        with torch.autocast(hidden.device.type, enabled=False):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                piece = slice(start, start + ROWS_AT_ONCE)
                # fp32: bf16 loses the tail of the softmax over V.
                logits = (rows[piece] @ columns.T).float()
                target = targets[piece, None]
                normaliser = logits.logsumexp(dim=-1, keepdim=True)
                total += (normaliser - logits.gather(1, target)).sum()
                gradient = logits.sub_(normaliser).exp_()
                gradient.scatter_add_(1, target, torch.full_like(normaliser, -1.0))
                gradient = gradient.to(dtype)
                hidden_gradient[piece] = gradient @ columns
                if weight_gradient is not None:
                    weight_gradient += gradient.T @ rows[piece]
        context.save_for_backward(hidden_gradient, weight_gradient)
        context.dtype = hidden.dtype
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        hidden_gradient, weight_gradient = context.saved_tensors
        (scale,) = gradients
        to_hidden = (hidden_gradient * scale).to(context.dtype)
        to_weight = None if weight_gradient is None else weight_gradient * scale
        return to_hidden, to_weight, None, None
