"""Attention in C++ against torch's: in fp32, which is the oracle, and in bfloat16."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fledge.model import attention as of_models
from fledge.model.attention import fused_scaled_dot_product
from fledge.native import attention
from fledge.native.library import FLAGS, compiled, find_compiler
from model.small_models import make

needs_instructions = pytest.mark.skipif(
    not attention.attends(), reason="needs a C++ compiler and products of bfloat16"
)
SIZES = [  # B, H, G, T, S, d
    (2, 3, 3, 64, 64, 64),
    (2, 6, 2, 50, 50, 32),
    (1, 2, 1, 257, 257, 48),
    (3, 2, 2, 97, 97, 16),
    (1, 1, 1, 2, 2, 80),
    (2, 4, 2, 143, 143, 128),
    (2, 2, 2, 33, 95, 64),
    (1, 2, 1, 95, 33, 112),
]


def heads(size: tuple[int, ...], seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """q, k, v as one product writes them, side by side, and a gradient of the result."""
    batch, heads, groups, queries, slots, width = size
    dice = torch.Generator().manual_seed(seed)
    longest = max(queries, slots)
    drawn = torch.randn(batch, longest, heads + 2 * groups, width, generator=dice).bfloat16()
    q, k, v = (each.transpose(1, 2) for each in drawn.split((heads, groups, groups), dim=2))
    gradient = torch.randn(batch, heads, queries, width, generator=dice).bfloat16()
    return q[:, :, :queries], k[:, :, :slots], v[:, :, :slots], gradient


def masks(size: tuple[int, ...]) -> dict[str, Tensor | None]:
    """None is causal; packed texts; padding on either side; a query and a text that see nothing."""
    batch, _, _, queries, slots, _ = size
    dice = torch.Generator().manual_seed(1)
    text = torch.randint(0, 4, (batch, max(queries, slots)), generator=dice).sort().values
    packed = text[:, None, :queries, None] == text[:, None, None, :slots]
    random = torch.rand(batch, 1, queries, slots, generator=dice) < 0.3
    random[0, 0, 1] = False
    padded = torch.rand(batch, 1, 1, slots, generator=dice) < 0.8
    padded[-1] = batch == 1
    found = {"packed": packed, "random": random, "padded": padded, "one for all": random[:1]}
    turned = {"turned": random.transpose(2, 3).contiguous().transpose(2, 3)}
    causal = {"causal": None} if queries == slots else {}
    return {**causal, **found, **turned, "packed, causal": packed.tril()}


def both(
    kernel: object, given: tuple[Tensor, ...], mask: Tensor | None, dtype: torch.dtype
) -> list[Tensor]:
    """The result, and the gradients of q, k and v."""
    q, k, v, gradient = (each.detach().to(dtype) for each in given)
    inputs = [each.requires_grad_() for each in (q, k, v)]
    out = kernel(*inputs, mask)
    return [out.detach(), *torch.autograd.grad(out, inputs, gradient)]


def by_torch(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    return F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=q.shape[1] != k.shape[1]
    )


def distance(found: Tensor, exact: Tensor) -> float:
    return float((found.float() - exact).norm() / exact.norm().clamp(min=1e-2))


@needs_instructions
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_kernel_is_as_close_to_fp32_as_torch_in_bfloat16(size: tuple[int, ...]) -> None:
    given = heads(size)
    for name, mask in masks(size).items():
        exact = both(by_torch, given, mask, torch.float32)
        found = both(attention.attend, given, mask, torch.bfloat16)
        theirs = both(by_torch, given, mask, torch.bfloat16)
        for ours, other, true in zip(found, theirs, exact, strict=True):
            assert ours.isfinite().all(), name
            assert ours.shape == true.shape and ours.dtype == torch.bfloat16
            assert distance(ours, true) < max(0.003, 1.1 * distance(other, true)), name


@needs_instructions
def test_a_query_that_sees_nothing_gives_zeros_and_moves_nothing() -> None:
    size = (1, 2, 1, 70, 70, 32)
    given = heads(size)
    mask = torch.ones(1, 1, 70, 70, dtype=torch.bool).tril()
    mask[0, 0, 60] = False
    out, of_q, of_k, of_v = both(attention.attend, given, mask, torch.bfloat16)
    assert not out[:, :, 60].any() and not of_q[:, :, 60].any()
    nothing = both(attention.attend, given, torch.zeros_like(mask), torch.bfloat16)
    assert not any(each.any() for each in nothing)
    assert of_k.any() and of_v.any()


@needs_instructions
def test_a_text_has_the_same_numbers_in_any_company_and_with_any_threads() -> None:
    size = (5, 4, 2, 101, 101, 32)
    q, k, v, gradient = heads(size)
    for mask in (None, masks(size)["packed, causal"]):
        together = both(attention.attend, (q, k, v, gradient), mask, torch.bfloat16)
        threads = torch.get_num_threads()
        try:
            torch.set_num_threads(3)
            more = both(attention.attend, (q, k, v, gradient), mask, torch.bfloat16)
        finally:
            torch.set_num_threads(threads)
        assert all(map(torch.equal, together, more))
        for row in range(5):
            part = tuple(each[row : row + 1] for each in (q, k, v, gradient))
            its = None if mask is None else mask[row : row + 1]
            alone = both(attention.attend, part, its, torch.bfloat16)
            assert all(map(torch.equal, alone, (each[row : row + 1] for each in together)))


@needs_instructions
@pytest.mark.parametrize("length", [1, 47, 48, 49, 64, 100])
def test_what_follows_changes_nothing_before_it(length: int) -> None:
    q, k, v, _ = heads((2, 2, 2, 130, 130, 32))
    whole = attention.attend(q, k, v, None)
    start = [each[:, :, :length] for each in (q, k, v)]
    ends = [each[:, :, length:] * -3 for each in (q, k, v)]
    changed = [torch.cat(parts, dim=2) for parts in zip(start, ends, strict=True)]
    assert torch.equal(attention.attend(*changed, None)[:, :, :length], whole[:, :, :length])
    if length > 1:
        assert torch.equal(attention.attend(*start, None), whole[:, :, :length])


@needs_instructions
def test_what_is_no_number_is_not_hidden() -> None:
    for broken in range(3):
        given = [each.clone() for each in heads((1, 1, 1, 20, 20, 16))[:3]]
        given[broken][0, 0, 7, 3] = torch.nan
        assert attention.attend(*given, None)[0, 0, 7].isnan().any()


@needs_instructions
def test_heads_may_lie_in_memory_as_they_like() -> None:
    given = heads((2, 3, 3, 40, 40, 32))
    expected = both(attention.attend, given, None, torch.bfloat16)
    turned = tuple(each.transpose(2, 3).contiguous().transpose(2, 3) for each in given)
    assert all(map(torch.equal, both(attention.attend, turned, None, torch.bfloat16), expected))


@needs_instructions
def test_compiled_and_plain_calls_are_equal() -> None:
    given = heads((2, 4, 2, 50, 50, 32))

    def kernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return attention._forward(q, k, v, mask)[0]

    whole = torch.compile(kernel, fullgraph=True, backend="aot_eager")
    expected = both(attention.attend, given, None, torch.bfloat16)
    assert all(map(torch.equal, both(whole, given, None, torch.bfloat16), expected))


@needs_instructions
def test_torch_agrees_that_the_operation_is_well_made() -> None:
    q, k, v, _ = heads((2, 4, 2, 18, 18, 16))
    inputs = tuple(each.detach().requires_grad_() for each in (q, k, v))
    # Numbers of bfloat16 are too coarse for gradients by differences.
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(attention._forward, (*inputs, None), test_utils=tests)


@needs_instructions
def test_models_in_bfloat16_use_it_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids = make(), torch.arange(40).reshape(2, 20)
    calls: list[torch.Size] = []

    def counted(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        calls.append(q.shape)
        return attention.attend(q, k, v, mask)

    monkeypatch.setattr(of_models.native, "attend", counted)
    exact = model(ids).detach()
    assert not calls
    with torch.autocast("cpu", torch.bfloat16):
        rounded = model(ids).detach()
    assert len(calls) == model.config.num_layers * (model.config.head_width % 16 == 0)
    assert distance(rounded.float(), exact) < 0.03


def test_only_whole_texts_of_known_sizes_are_taken() -> None:
    q, k, *_ = heads((1, 2, 2, 20, 20, 16))
    mask = torch.ones(1, 1, 20, 20, dtype=torch.bool)
    assert attention.takes(q, k, None, 0.0) == attention.attends()
    assert not attention.takes(q.float(), k.float(), None, 0.0)
    assert not attention.takes(q, k, mask, 0.1)
    assert not attention.takes(q[:, :, :1], k, mask[:, :, :1], 0.0)
    assert not attention.takes(q[:, :, :10], k, None, 0.0), "whose causal mask is not ours"
    assert not attention.takes(q[..., :10], k[..., :10], None, 0.0)
    long = k.expand(1, 2, 20, 16).new_empty(1, 1, attention.MOST_SLOTS + 1, 16)
    assert not attention.takes(long, long, None, 0.0)


@pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
def test_a_processor_without_the_instructions_leaves_attention_to_torch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    portable = tuple(flag for flag in FLAGS if flag != "-march=native")
    library = compiled(find_compiler(), tmp_path, portable)
    assert library is not None and library.fledge_attention_size() == 0
    monkeypatch.setattr(attention, "library", lambda: library)
    q, k, v, _ = heads((1, 2, 2, 20, 20, 16))
    assert not attention.attends()
    assert torch.equal(
        fused_scaled_dot_product(q, k, v, None, 0.0),
        by_torch(q.float(), k.float(), v.float(), None).bfloat16(),
    )
