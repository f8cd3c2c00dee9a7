"""Attention of whole texts in C++, forward and backward: equation 1 of "Attention is all you need"
(arXiv:1706.03762) in bfloat16, whose weights never lie in memory as a whole (FlashAttention-2: Dao
2023, arXiv:2307.08691).

A text's numbers are the same in any company and with any number of threads, bit for bit.
"""

import ctypes
from typing import Any

import torch
from jaxtyping import BFloat16, Bool, Float
from torch import Tensor

from fledge.native import structures
from fledge.native.library import library

LANES = 16
"""Numbers that the processor takes at once: the width of a head is a multiple."""
MOST_SLOTS = 4096
"""Longest text: a thread holds the scores of 48 queries."""

Heads = BFloat16[Tensor, "B H T d"]
Slots = BFloat16[Tensor, "B G S d"]
Mask = Bool[Tensor, "#B 1 #T S"]


def attends() -> bool:
    """Return whether there is a compiler here, and a processor with products of bfloat16."""
    compiled = library()
    return compiled is not None and compiled.fledge_attention_size() > 0


# torch.compiler.assume_constant_result does this, and imports torch's compiler: a second.
attends._dynamo_marked_constant = True  # type: ignore[attr-defined]


def takes(q: Tensor, k: Tensor, mask: Tensor | None, dropout: float) -> bool:
    """Return whether `attend` computes this: whole texts on a CPU, and no dropout."""
    return (
        q.dtype == k.dtype == torch.bfloat16
        and q.device.type == "cpu"
        and q.shape[2] > 1
        and k.shape[2] <= MOST_SLOTS
        and q.shape[3] % LANES == 0
        and (mask is not None or q.shape[2] == k.shape[2])
        and not dropout
        and attends()
    )


def attend(q: Heads, k: Slots, v: Slots, mask: Mask | None) -> Heads:
    """Compute softmax(QKᵀ/√d) V; a mask of None is causal.

    H / G neighbouring heads share keys and values. A query whose mask is all False gives zeros.
    """
    out: Tensor = _forward(q, k, v, mask)[0]
    return out


@torch.library.custom_op("fledge::attend", mutates_args=())
def _forward(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return equation 1, and log2 of each query's sum of exponentials (B H T)."""
    out, log_sums = _empty(q), q.new_empty(q.shape[:3], dtype=torch.float32)
    _run("fledge_attend", {"q": q, "k": k, "v": v, "out": out}, log_sums, mask)
    return out, log_sums


@torch.library.custom_op("fledge::attend_backward", mutates_args=())
def _backward(
    gradient: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    log_sums: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of q, k and v."""
    gradients = {f"gradient_{name}": _empty(of) for name, of in (("q", q), ("k", k), ("v", v))}
    given = {"q": q, "k": k, "v": v, "out": out, "gradient_out": gradient}
    _run("fledge_attend_backward", {**given, **gradients}, log_sums, mask)
    return gradients["gradient_q"], gradients["gradient_k"], gradients["gradient_v"]


@_forward.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    return _empty(q), q.new_empty(q.shape[:3], dtype=torch.float32)


@_backward.register_fake
def _(
    gradient: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    log_sums: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    return _empty(q), _empty(k), _empty(v)


def _keep(ctx: Any, inputs: tuple[Tensor | None, ...], output: tuple[Tensor, Tensor]) -> None:
    q, k, v, mask = inputs
    ctx.save_for_backward(q, k, v, *output, mask)


def _differentiate(
    ctx: Any, gradient: Tensor, _: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, None]:
    return *_backward(gradient, *ctx.saved_tensors), None


_forward.register_autograd(_differentiate, setup_context=_keep)


def _empty(like: Tensor) -> Tensor:
    """Return memory in which a token's heads lie side by side, as products read and write them."""
    batch, heads, tokens, width = like.shape
    return like.new_empty(batch, tokens, heads, width).transpose(1, 2)


def _run(
    name: str, rows: dict[str, Tensor], log_sums: Float[Tensor, "B H T"], mask: Tensor | None
) -> None:
    compiled = library()
    assert compiled is not None
    # Copies made here live until the call is over.
    rows = {name: one if one.stride(3) == 1 else one.contiguous() for name, one in rows.items()}
    mask = mask if mask is None or mask.stride(3) == 1 else mask.contiguous()
    q, k = rows["q"], rows["k"]
    attention = structures.Attention(
        **{name: _rows(one) for name, one in rows.items()},
        log_sums=log_sums.data_ptr(),
        mask=None if mask is None else mask.data_ptr(),
        mask_batch=0 if mask is None or len(mask) == 1 else mask.stride(0),
        mask_query=0 if mask is None or mask.shape[2] == 1 else mask.stride(2),
        batch=len(q),
        heads=q.shape[1],
        groups=k.shape[1],
        queries=q.shape[2],
        slots=k.shape[2],
        width=q.shape[3],
        threads=torch.get_num_threads(),
    )
    getattr(compiled, name)(ctypes.byref(attention))


def _rows(heads: Tensor) -> structures.Rows:
    batch, head, token, _ = heads.stride()
    return structures.Rows(at=heads.data_ptr(), batch=batch, head=head, position=token)
