import pytest
import torch

from fledge.model.policy import exact_kl
from fledge.stages.ppo.kl import AdaptiveKL, FixedKL, k1, k2, k3


def distributions(seed=0):
    random = torch.Generator().manual_seed(seed)
    logits, reference = torch.randn(2, 6, generator=random, dtype=torch.float64) * 1.2
    return logits.log_softmax(0), reference.log_softmax(0)


def test_exact_kl_is_torch_s():
    log_probs, reference = distributions()
    expected = torch.distributions.kl_divergence(
        torch.distributions.Categorical(logits=log_probs),
        torch.distributions.Categorical(logits=reference),
    )
    assert float(exact_kl(log_probs, reference)) == pytest.approx(float(expected), abs=1e-6)


def test_kl_of_half_precision_is_summed_in_float32():
    logits, reference = (one.bfloat16() for one in distributions())
    ours, theirs = (one.double().log_softmax(0) for one in (logits, reference))
    expected = float((ours.exp() * (ours - theirs)).sum())
    assert float(exact_kl(logits, reference)) == pytest.approx(expected, rel=1e-5)


def test_k1_and_k3_are_unbiased_and_k2_is_not():
    log_probs, reference = distributions()
    exact = float(exact_kl(log_probs, reference))
    p = log_probs.exp()

    def expected(estimator):
        return float((p * estimator(log_probs, reference)).sum())

    assert expected(k1) == pytest.approx(exact, abs=1e-6)
    assert expected(k3) == pytest.approx(exact, abs=1e-6)
    assert abs(expected(k2) - exact) > 0.05
    assert (k3(log_probs, reference) >= 0).all() and (k1(log_probs, reference) < 0).any()


def test_banned_tokens_add_nothing():
    log_probs, reference = distributions()
    impossible = torch.tensor([float("-inf")], dtype=torch.float64)
    longer = [torch.cat([one, impossible]) for one in (log_probs, reference)]
    assert float(exact_kl(*longer)) == pytest.approx(float(exact_kl(log_probs, reference)))


def test_the_adaptive_price_follows_the_target():
    control = AdaptiveKL(0.1, target=6.0, horizon=1000)
    control.update(kl=60.0, answers=100)  # the error is held at 0.2
    assert control.coefficient == pytest.approx(0.1 * (1 + 0.2 * 0.1))
    control.update(kl=6.0, answers=100)
    assert control.coefficient == pytest.approx(0.102)
    control.update(kl=5.7, answers=100)
    assert control.coefficient == pytest.approx(0.102 * (1 - 0.05 * 0.1))


def test_the_fixed_price_stays():
    control = FixedKL(0.05)
    control.update(kl=100.0, answers=100)
    assert control.coefficient == 0.05
