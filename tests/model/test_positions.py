import math

import pytest
import torch

from fledge.errors import ConfigError
from fledge.model.config import RotaryConfig
from fledge.model.positions import Rotary, frequencies, rotate


def test_rotation_is_a_complex_product_of_half_split_pairs():
    rotary = Rotary(RotaryConfig(base=100.0), head_width=4, context_length=8)
    x = torch.randn(1, 3, 2, 4, generator=torch.Generator().manual_seed(0))
    turned = rotate(x, rotary(torch.tensor([[0, 1, 5]])))
    for t, position in enumerate((0, 1, 5)):
        for pair, frequency in enumerate((1.0, 0.1)):
            turn = complex(math.cos(position * frequency), math.sin(position * frequency))
            for head in range(2):
                before = complex(x[0, t, head, pair], x[0, t, head, pair + 2])
                after = complex(turned[0, t, head, pair], turned[0, t, head, pair + 2])
                assert after == pytest.approx(before * turn, abs=1e-6)


def test_scores_depend_on_the_distance_alone():
    rotary = Rotary(RotaryConfig(), head_width=8, context_length=64)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0))

    def score(query: int, key: int) -> torch.Tensor:
        turned_q = rotate(q, rotary(torch.tensor([[query]])))
        return (turned_q * rotate(k, rotary(torch.tensor([[key]])))).sum()

    torch.testing.assert_close(score(9, 4), score(50, 45), atol=1e-5, rtol=0)


def test_casting_the_module_keeps_the_table():
    rotary = Rotary(RotaryConfig(), head_width=8, context_length=600)
    exact = rotary.cosine.clone()
    rotary.to(torch.bfloat16)
    assert rotary.cosine.dtype == torch.float32
    assert torch.equal(rotary.cosine, exact)


def test_a_module_built_on_the_meta_device_has_a_real_table():
    with torch.device("meta"):
        rotary = Rotary(RotaryConfig(), head_width=8, context_length=6)
    assert rotary.cosine.device.type == "cpu"
    moved = rotary.to("meta").to_empty(device="cpu")
    assert torch.equal(moved.cosine, Rotary(RotaryConfig(), head_width=8, context_length=6).cosine)


def test_the_table_is_no_part_of_the_state():
    assert not Rotary(RotaryConfig(), head_width=8, context_length=6).state_dict()


def test_linear_scaling_squeezes_positions():
    scaled = frequencies(RotaryConfig(scaling={"rope_type": "linear", "factor": 4.0}), 8)
    assert torch.equal(scaled * 4, frequencies(RotaryConfig(), 8))


def test_llama3_scaling_keeps_fast_waves_and_slows_slow_ones():
    scaling = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    plain, scaled = frequencies(RotaryConfig(), 16), frequencies(RotaryConfig(scaling=scaling), 16)
    turns = 64 * plain / (2 * math.pi)
    assert torch.equal(scaled[turns > 4], plain[turns > 4])
    assert torch.equal(scaled[turns < 1], plain[turns < 1] / 8)
    between = (turns >= 1) & (turns <= 4)
    assert between.any() and (scaled[between] < plain[between]).all()


@pytest.mark.parametrize(
    ("scaling", "message"),
    [({"rope_type": "yarn", "factor": 2.0}, "'yarn'"), ({"type": "linear"}, "'factor'")],
)
def test_unknown_or_incomplete_scaling_is_refused_by_name(scaling, message):
    with pytest.raises(ConfigError, match=message):
        frequencies(RotaryConfig(scaling=scaling), 8)
