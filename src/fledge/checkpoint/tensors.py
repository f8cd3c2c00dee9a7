"""safetensors files, written tensor by tensor: no second copy of a model is ever in memory."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from fledge.model.huggingface.family import TensorError, dtype_name

DTYPES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
}
"""Names in the format's order; the last are stored first, aligned to their own width."""

ALIGNMENT = 8
"""The header is padded with spaces to a multiple of this many bytes."""


def write_tensors(
    path: Path,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype | None = None,
    check: Callable[[str, Tensor], None] = lambda name, tensor: None,
) -> None:
    """Write `tensors` as the safetensors library does: the same tensors give the same bytes.

    Each is asked for twice, once for its size and once for its contents, so `tensors` may read
    them from a file when they are needed. `dtype` casts them on the way; `check` gets the name and
    the numbers of each as they will be written, and may raise.

    Raises:
        OSError: the disk is full or not writable, with the number of the cause.
    """
    facts = {name: (dtype or tensor.dtype, tensor.shape) for name, tensor in tensors.items()}
    order = list(DTYPES)
    names = sorted(facts, key=lambda name: (-order.index(facts[name][0]), name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in names:
        kind, shape = facts[name]
        start, end = end, end + math.prod(shape) * kind.itemsize
        header[name] = {
            "dtype": DTYPES[kind],
            "shape": list(shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name in names:
            file.write(_contents(name, tensors[name], facts[name][0], check))


def refuse_not_finite(name: str, tensor: Tensor) -> None:
    """Refuse a tensor with NaN or infinity: one such weight spoils every answer.

    Raises:
        TensorError: it has; the message names it and counts such numbers.
    """
    # aminmax gives NaN if there is one; a mask would take memory.
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


def _contents(
    name: str, tensor: Tensor, dtype: torch.dtype, check: Callable[[str, Tensor], None]
) -> memoryview:
    stored = tensor.detach().to("cpu", dtype).contiguous()
    check(name, stored)
    return stored.flatten().view(torch.uint8).numpy().data
