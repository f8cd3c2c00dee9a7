"""The moving average of weights against its definition, number by number."""

import pytest
import torch
from torch import nn

from fledge.train.moving_average import MovingAverage, lent

STEPS = ([1.0, -2.0], [3.0, 0.5], [0.0, 4.0])


def module(weights=(0.5, 0.25)):
    """Two weights that are trained, and a bias that is not."""
    one = nn.Linear(2, 1)
    with torch.no_grad():
        one.weight.copy_(torch.tensor([weights]))
        one.bias.fill_(7.0)
    one.bias.requires_grad_(False)
    return one


def set_weights(one, weights):
    with torch.no_grad():
        one.weight.copy_(torch.tensor([weights]))


def followed(decay):
    """An average that saw `STEPS`, and the module that took them."""
    one, average = module(), MovingAverage(decay)
    average.begin(one)
    for weights in STEPS:
        set_weights(one, weights)
        average.update(one)
    return one, average


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9, 1.0])
def test_each_step_moves_the_average_by_its_definition(decay):
    _, average = followed(decay)
    expected = [0.5, 0.25]
    for weights in STEPS:
        expected = [decay * a + (1 - decay) * w for a, w in zip(expected, weights, strict=True)]
    assert average.state_dict().keys() == {"weight"}  # nothing that is not trained
    assert average.state_dict()["weight"][0].tolist() == pytest.approx(expected)


def test_without_a_decay_nothing_is_kept():
    one, average = followed(None)
    assert average.state_dict() == {}
    with average.applied(one):
        assert one.weight[0].tolist() == list(STEPS[-1])


def test_a_second_begin_keeps_the_average():
    one, average = followed(0.9)
    before = average.state_dict()["weight"].clone()
    average.begin(one)
    assert torch.equal(average.state_dict()["weight"], before)
    assert not torch.equal(before, one.weight)


def test_a_module_has_its_own_weights_again_after_an_error():
    one, average = followed(0.5)
    own = one.weight.data_ptr()
    with pytest.raises(KeyError), average.applied(one):
        assert one.weight.data_ptr() == average.weights["weight"].data_ptr() != own
        raise KeyError
    assert one.weight.data_ptr() == own
    assert one.weight[0].tolist() == list(STEPS[-1])


def test_only_the_named_weights_are_lent():
    one = module()
    with lent(one, {"bias": torch.tensor([2.0])}):
        assert (one.weight[0].tolist(), one.bias.tolist()) == ([0.5, 0.25], [2.0])
    assert one.bias.tolist() == [7.0]
