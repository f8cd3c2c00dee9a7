import copy
from statistics import fmean

import pytest
import torch
import torch.nn.functional as F
from transformers.modeling_outputs import Seq2SeqLMOutput
from transformers.trainer_pt_utils import LabelSmoother

from fledge.data.pair_batch import SentencePairBatch
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig
from fledge.stages.translate.loss import TeacherForcing, mean_nll, smoothed_cross_entropy_sum

PAD, END = 40, 0
PAIRS = [((5, 6, 7, 8, END), (11, 12, END)), ((9, END), (14, 15, 16, 17, END)), ((3, END), (END,))]


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


def test_half_precision_is_summed_in_float32():
    logits, targets = (tensor.detach() for tensor in logits_and_targets())
    logits = logits.bfloat16()
    exact = F.cross_entropy(logits.double(), targets, label_smoothing=0.1, reduction="sum")
    smoothed, _ = smoothed_cross_entropy_sum(logits, targets, 0.1)
    torch.testing.assert_close(smoothed, exact.float(), rtol=1e-6, atol=0)


def translator():
    """Off its initial values, and with an output layer that is far from uniform."""
    model = Transformer(
        TransformerConfig(
            vocabulary_size=41,
            context_length=8,
            width=16,
            encoder_layers=1,
            decoder_layers=1,
            num_heads=2,
            feed_forward_width=24,
            pad_id=PAD,
            end_id=END,
        )
    )
    generator = torch.Generator().manual_seed(1)
    model.initialise(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return model.eval()


@torch.no_grad()
def losses_by_definition(model, smoothing):
    """−log p and the smoothed loss of each target token; every pair alone, in float64."""
    exact, plain, smoothed = copy.deepcopy(model).double(), [], []
    for source, target in PAIRS:
        ids = torch.tensor([source])
        memory = exact.encode(ids, torch.ones_like(ids, dtype=torch.bool))
        for place, id_ in enumerate(target):
            written = torch.tensor([[PAD, *target[:place]]])
            hidden = exact.decode(written, memory, torch.ones_like(ids, dtype=torch.bool))
            nats = -exact.logits(hidden)[0, -1].log_softmax(dim=-1)
            plain.append(float(nats[id_]))
            smoothed.append((1 - smoothing) * plain[-1] + smoothing * float(nats.mean()))
    return plain, smoothed


def test_teacher_forcing_is_its_definition_token_by_token():
    model = translator()
    plain, smoothed = losses_by_definition(model, smoothing=0.3)
    loss, nll = TeacherForcing(model, 0.3)(SentencePairBatch.collate(PAIRS, PAD))
    assert loss.item() == pytest.approx(sum(smoothed), rel=1e-5)
    assert nll.item() == pytest.approx(sum(plain), rel=1e-5)
    parts = [SentencePairBatch.collate(part, PAD) for part in (PAIRS[:2], PAIRS[2:])]
    found = mean_nll(TeacherForcing(model, 0.3), parts)
    assert found == pytest.approx(fmean(plain), rel=1e-5)
