import pytest
import torch

from fledge.evaluate.win_rate import paired_bootstrap


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_clear_rise_is_significant_and_its_reverse_is_not():
    before = torch.randn(80, generator=generator(1))
    after = before + 0.3 + 0.2 * torch.randn(80, generator=generator(2))
    up = paired_bootstrap(before, after, generator())
    assert up.difference == pytest.approx(float((after - before).mean()), abs=1e-6)
    assert up.low < up.difference < up.high and up.p_value < 0.001
    down = paired_bootstrap(after, before, generator())
    assert down.p_value > 0.999 and down.difference == pytest.approx(-up.difference)
    assert up.win_rate + down.win_rate == pytest.approx(1)


def test_the_pairing_finds_what_the_means_hide():
    before = 10 * torch.randn(50, generator=generator(3))
    result = paired_bootstrap(before, before + 0.1, generator())
    assert result.p_value == pytest.approx(1 / 10_001)


def test_p_is_uniform_when_nothing_changed():
    random = generator(4)
    below = 0
    for trial in range(200):
        before, after = torch.randn(2, 40, generator=random)
        below += paired_bootstrap(before, after, generator(trial), resamples=300).p_value < 0.1
    assert 8 <= below <= 36


def test_ties_are_half_a_win():
    result = paired_bootstrap(torch.zeros(4), torch.tensor([0.0, 0.0, 1.0, -1.0]), generator())
    assert result.win_rate == 0.5 and result.prompts == 4
