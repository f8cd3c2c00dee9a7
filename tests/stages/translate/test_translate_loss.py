import pytest
import torch
import torch.nn.functional as F
from transformers.modeling_outputs import Seq2SeqLMOutput
from transformers.trainer_pt_utils import LabelSmoother

from fledge.stages.translate.loss import smoothed_cross_entropy_sum


def logits_and_targets():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(12, 30, generator=random) * 3
    return logits.requires_grad_(), torch.randint(30, (12,), generator=random)


def test_the_loss_by_hand():
    logits = torch.tensor([[2.0, 0.0, 1.0]])
    log_probs = [2 - 2.4076059, 0 - 2.4076059, 1 - 2.4076059]
    smoothed, nll = smoothed_cross_entropy_sum(logits, torch.tensor([0]), 0.3)
    assert nll.item() == pytest.approx(-log_probs[0], abs=1e-6)
    expected = -0.7 * log_probs[0] - 0.1 * sum(log_probs)
    assert smoothed.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_loss_and_gradient_are_those_of_torch(smoothing):
    logits, targets = logits_and_targets()
    smoothed, nll = smoothed_cross_entropy_sum(logits, targets, smoothing)
    (gradient,) = torch.autograd.grad(smoothed * 0.5, logits)
    expected = F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")
    (wanted,) = torch.autograd.grad(expected * 0.5, logits)
    torch.testing.assert_close(smoothed, expected, atol=1e-5, rtol=1e-6)
    torch.testing.assert_close(gradient, wanted, atol=1e-6, rtol=0)
    assert not nll.requires_grad
    torch.testing.assert_close(nll, F.cross_entropy(logits, targets, reduction="sum"))


def test_the_loss_is_the_label_smoother_of_transformers():
    logits, targets = logits_and_targets()
    smoothed, _ = smoothed_cross_entropy_sum(logits, targets, 0.1)
    theirs = LabelSmoother(0.1)(Seq2SeqLMOutput(logits=logits), targets)
    torch.testing.assert_close(smoothed / len(targets), theirs, atol=1e-6, rtol=0)


def test_the_smoothed_loss_ends_at_the_entropy_of_its_target():
    smoothing, vocabulary = 0.1, 97
    target = torch.full((vocabulary,), smoothing / vocabulary)
    target[0] += 1 - smoothing
    smoothed, _ = smoothed_cross_entropy_sum(target.log()[None], torch.tensor([0]), smoothing)
    entropy = -(target * target.log()).sum()
    torch.testing.assert_close(smoothed, entropy)
    assert entropy.item() == pytest.approx(0.775, abs=1e-3)
