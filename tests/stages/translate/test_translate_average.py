import torch
from torch import nn

from fledge.stages.translate.average import LastWeights


def stepped(average, until, start=1):
    """A module whose weight is its step number."""
    module = nn.Linear(1, 1, bias=False)
    for step in range(start, until + 1):
        module.weight.data.fill_(float(step))
        average.after_step(step, module)
    return module


def test_the_mean_is_that_of_the_last_weights_of_the_run():
    average = LastWeights(count=3, every=4, steps=20)
    module = stepped(average, 20)
    assert average.taken == 3
    with average.applied(module):
        assert module.weight.item() == (12 + 16 + 20) / 3
    assert module.weight.item() == 20


def test_before_the_first_of_them_the_weights_are_the_last():
    average = LastWeights(count=3, every=4, steps=20)
    module = stepped(average, 11)
    with average.applied(module):
        assert module.weight.item() == 11


def test_a_count_of_one_averages_nothing():
    average = LastWeights(count=1, every=1, steps=3)
    module = stepped(average, 3)
    assert average.state_dict()["weights"] == {}
    with average.applied(module):
        assert module.weight.item() == 3


def test_a_run_too_short_for_the_count_averages_what_there_is():
    average = LastWeights(count=5, every=2, steps=3)
    module = stepped(average, 3)
    with average.applied(module):
        assert module.weight.item() == (1 + 3) / 2


def test_a_resumed_mean_goes_on_bit_for_bit():
    straight, broken = (LastWeights(count=3, every=4, steps=20) for _ in range(2))
    module = stepped(straight, 20)
    stepped(broken, 17)
    resumed = LastWeights(count=3, every=4, steps=20)
    resumed.load_state_dict(broken.state_dict(), torch.device("cpu"))
    stepped(resumed, 20, start=18)
    with straight.applied(module):
        expected = module.weight.clone()
    with resumed.applied(module):
        assert torch.equal(module.weight, expected)
