import math

import pytest
import torch

from fledge.model.attention import (
    SHORT,
    Attention,
    fused_scaled_dot_product,
    record_attention,
    scaled_dot_product,
)
from fledge.model.masks import causal, padded
from model.small_models import CONFIG, GPT2_LIKE, make, random_ids


def random_heads(heads: int = 4, groups: int = 2, length: int = 5):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(2, count, length, 8, generator=generator) for count in (heads, groups, groups)
    )


def test_equation_1_by_a_loop():
    q, k, v = random_heads()
    output, weights = scaled_dot_product(q, k, v, causal(5))
    for head in range(4):
        for t in range(5):
            key, value = k[0, head // 2, : t + 1], v[0, head // 2, : t + 1]
            expected = torch.softmax(key @ q[0, head, t] / math.sqrt(8), dim=0)
            torch.testing.assert_close(weights[0, head, t, : t + 1], expected)
            torch.testing.assert_close(output[0, head, t], expected @ value)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_both_kernels_agree(groups):
    q, k, v = random_heads(groups=groups)
    fused = fused_scaled_dot_product(q, k, v, None, 0.0)
    eager, _ = scaled_dot_product(q, k, v, causal(5))
    torch.testing.assert_close(fused, eager)


@pytest.mark.parametrize("length", [5, SHORT, SHORT + 1])
def test_bfloat16_training_attends_as_fp32_does(length):
    exact = [heads.bfloat16().float().requires_grad_() for heads in random_heads(length=length)]
    expected = fused_scaled_dot_product(*exact, None, 0.0)
    expected.square().sum().backward()
    half = [heads.detach().bfloat16().requires_grad_() for heads in exact]
    with torch.autocast("cpu", torch.bfloat16):
        output = fused_scaled_dot_product(*half, None, 0.0)
    output.float().square().sum().backward()
    assert output.dtype == half[0].grad.dtype == torch.bfloat16
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fused_scaled_dot_product(*half, None, 0.0), output)
    if length <= SHORT:  # rounded once, at the end
        assert torch.equal(output, expected.bfloat16())
    for ours, theirs in zip(half, exact, strict=True):
        difference = (ours.grad.float() - theirs.grad).norm() / theirs.grad.norm()
        assert difference < 0.01


def test_fully_masked_rows_give_zeros_and_finite_gradients():
    mask = padded(torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]).bool())
    for kernel in (fused_scaled_dot_product, lambda *args: scaled_dot_product(*args[:4])[0]):
        inputs = [tensor.requires_grad_() for tensor in random_heads()]
        output = kernel(*inputs, mask, 0.0)
        assert torch.equal(output[0, :, :2], torch.zeros(4, 2, 8))
        output.sum().backward()
        assert all(tensor.grad.isfinite().all() for tensor in inputs)


@pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE], ids=["rotary", "learned"])
def test_recorded_attention_equals_fused_and_sums_to_one(config):
    model, ids = make(config), random_ids()
    plain = model(ids)
    with record_attention(model) as maps:
        recorded = model(ids)
    torch.testing.assert_close(recorded, plain, atol=1e-5, rtol=0)
    assert [tuple(weights.shape) for weights in maps] == [(3, 4, 12, 12)] * 2
    for weights in maps:
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 4, 12))
        assert not weights.triu(1).any()


def test_recording_leaves_nothing_behind():
    model, ids = make(), random_ids()
    before = [set(vars(module)) for module in model.modules()]
    with pytest.raises(RuntimeError, match="stop"), record_attention(model) as maps:
        model(ids)
        raise RuntimeError("stop")
    model(ids)
    assert len(maps) == 2
    assert [set(vars(module)) for module in model.modules()] == before
    attentions = [module for module in model.modules() if isinstance(module, Attention)]
    assert all(attention.kernel is fused_scaled_dot_product for attention in attentions)


def test_weights_of_a_padded_row_are_zero_on_padding():
    model, ids = make(), random_ids(2, 6)
    is_token = torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6]).bool()
    with record_attention(model) as maps:
        model(ids, mask=padded(is_token))
    assert not maps[0][0, :, :, :2].any() and not maps[0][0, :, :2].any()


def test_dropout_acts_in_training_only():
    config = CONFIG.model_copy(update={"dropout": 0.5})
    model, ids = make(config), random_ids()
    assert torch.equal(model(ids), model(ids))
    model.train()
    assert not torch.equal(model(ids), model(ids))
    model.set_dropout(0.0)
    assert torch.equal(model(ids), model(ids)) and model.config.dropout == 0.0
