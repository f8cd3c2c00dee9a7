import pytest
import torch
import torch.nn.functional as F

from fledge.model.layers import (
    GeluFeedForward,
    LayerNorm,
    RMSNorm,
    SwiGLUFeedForward,
    make_feed_forward,
    make_norm,
)
from model.small_models import CONFIG, GPT2_LIKE


def test_rms_norm_by_hand():
    norm = RMSNorm(2, eps=0.5)
    norm.weight.data = torch.tensor([2.0, 1.0])
    # mean square (1 + 49) / 2 = 25
    expected = torch.tensor([1.0 * 2, 7.0]) / 25.5**0.5
    torch.testing.assert_close(norm(torch.tensor([1.0, 7.0])), expected)


@pytest.mark.parametrize("make", [RMSNorm, LayerNorm])
def test_norms_are_fp32_inside(make):
    norm = make(256, eps=1e-6)
    x = 100 + torch.randn(4, 256, generator=torch.Generator().manual_seed(0))
    exact = norm(x.bfloat16().float())
    found = norm.bfloat16()(x.bfloat16())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), exact.bfloat16().float(), atol=0, rtol=0.01)


def test_swiglu_is_its_formula():
    layer = SwiGLUFeedForward(CONFIG)
    x = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(0))
    gate, up = layer.gate_up.weight.chunk(2)
    expected = (F.silu(x @ gate.T) * (x @ up.T)) @ layer.down.weight.T
    torch.testing.assert_close(layer(x), expected)


def test_gelu_is_the_tanh_form():
    layer = GeluFeedForward(GPT2_LIKE)
    x = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(0))
    h = layer.up(x)
    gelu = 0.5 * h * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (h + 0.044715 * h**3)))
    torch.testing.assert_close(layer(x), layer.down(gelu))


def test_settings_choose_the_layers():
    assert isinstance(make_norm(CONFIG), RMSNorm)
    assert isinstance(make_norm(GPT2_LIKE), LayerNorm)
    assert isinstance(make_feed_forward(CONFIG), SwiGLUFeedForward)
    assert make_feed_forward(GPT2_LIKE).down.bias is not None
