import pytest
import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
    get_wsd_schedule,
)

from fledge.train.schedule import rate_fraction

STEPS, WARMUP = 100, 10


def theirs(make, **options):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = make(optimizer, num_warmup_steps=WARMUP, **options)
    rates = []
    for _ in range(STEPS + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def ours(name, **options):
    return [rate_fraction(name, step, STEPS, WARMUP, **options) for step in range(STEPS + 1)]


def assert_same(one, other):
    assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-12


def test_cosine_is_transformers():
    assert_same(
        ours("cosine", final_fraction=0.0),
        theirs(get_cosine_schedule_with_warmup, num_training_steps=STEPS),
    )


def test_cosine_to_a_tenth_is_transformers():
    assert_same(
        ours("cosine", final_fraction=0.1),
        theirs(
            get_cosine_with_min_lr_schedule_with_warmup, num_training_steps=STEPS, min_lr_rate=0.1
        ),
    )


def test_linear_is_transformers():
    assert_same(
        ours("linear", final_fraction=0.0),
        theirs(get_linear_schedule_with_warmup, num_training_steps=STEPS),
    )


def test_constant_is_transformers():
    assert_same(ours("constant"), theirs(get_constant_schedule_with_warmup))


def test_inverse_square_root_is_transformers():
    assert_same(ours("inverse_sqrt"), theirs(get_inverse_sqrt_schedule))


def test_inverse_square_root_is_equation_3_of_the_paper():
    width, warmup = 512, 4000
    peak = (width * warmup) ** -0.5
    for step in (1, 399, 4000, 4001, 100_000):
        paper = width**-0.5 * min(step**-0.5, step * warmup**-1.5)
        fraction = rate_fraction("inverse_sqrt", step, 100_000, warmup)
        assert peak * fraction == pytest.approx(paper, rel=1e-12)


@pytest.mark.parametrize("warmup", [0, 1, 4])
def test_inverse_square_root_falls_from_its_peak_at_the_end_of_the_warm_up(warmup):
    for step in range(max(1, warmup), 9):
        fraction = rate_fraction("inverse_sqrt", step, 9, warmup)
        assert fraction == pytest.approx((max(1, warmup) / step) ** 0.5, rel=1e-12)


@pytest.mark.parametrize("decay", [0.2, 0.65])
def test_wsd_is_transformers(decay):
    fall = round(STEPS * decay)
    assert_same(
        ours("wsd", final_fraction=0.0, decay_fraction=decay),
        theirs(
            get_wsd_schedule,
            num_decay_steps=fall,
            num_stable_steps=STEPS - WARMUP - fall,
            decay_type="linear",
        ),
    )


@pytest.mark.parametrize("name", ["cosine", "linear", "wsd"])
def test_every_schedule_ends_at_its_final_fraction_and_stays(name):
    assert rate_fraction(name, 100, 100, 0, 0.25) == pytest.approx(0.25)
    assert rate_fraction(name, 150, 100, 0, 0.25) == pytest.approx(0.25)
    assert rate_fraction(name, 0, 100, 0, 0.25) == 1.0
    assert rate_fraction(name, 8, 8, 7, 0.25) == pytest.approx(0.25)  # a fall of one step


def test_a_run_shorter_than_its_warm_up_still_rises():
    assert rate_fraction("cosine", 5, 5, warmup_steps=10) == 0.5
