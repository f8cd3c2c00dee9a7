"""Weights that nothing can be computed with, found before they are passed on."""

import math

import torch
from torch import Tensor

from fledge.model.huggingface.family import TensorError, dtype_name


def refuse_not_finite(name: str, tensor: Tensor) -> None:
    """Raise for a tensor that holds NaN or infinity: one such weight spoils every answer.

    Raises:
        TensorError: it does; the message names it, and how many of its numbers are so.
    """
    # NaN is the least and the greatest of all; a mask would take memory.
    if all(math.isfinite(end) for end in tensor.aminmax()):
        return
    count = int(tensor.isfinite().logical_not().sum())
    advice = "copy the file again, or take a checkpoint from before its training diverged"
    if tensor.dtype == torch.float16:
        advice += "; if it was cast to float16, which ends at 65,504, choose --dtype bfloat16"
    raise TensorError(
        f"tensor {name}: expected numbers, found {count:,} of {tensor.numel():,} that are NaN or "
        f"infinite in {dtype_name(tensor)}; {advice}"
    )
