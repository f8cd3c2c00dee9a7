import copy
import math
from statistics import fmean

import pytest
import torch
import torch.nn.functional as F

from fledge.data.batch import TokenBatch
from fledge.model.gpt import GPT
from fledge.stages import next_token
from fledge.stages.linear_cross_entropy import linear_cross_entropy_sum
from fledge.stages.next_token import NextToken, held_out_metrics
from model.small_models import CONFIG


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def gpt(tied=True):
    model = GPT(CONFIG.model_copy(update={"tied_embeddings": tied}))
    model.initialise(generator())
    return model


def one_document(rows=3, length=10):
    ids = torch.randint(0, 64, (rows, length + 1), generator=generator(1))
    mask = torch.ones(rows, length, dtype=torch.bool)
    positions = torch.arange(length).expand(rows, length)
    return TokenBatch(ids[:, :-1], ids[:, 1:], mask, torch.ones_like(ids[:, 1:]), positions)


def two_documents():
    """A row of two packed documents with a padded end, and each alone."""
    batch = one_document(rows=1, length=12)
    segments = torch.tensor([[1] * 5 + [2] * 5 + [0] * 2])
    positions = torch.tensor([[*range(5), *range(5), 0, 1]])
    mask = torch.tensor([[False] * 2 + [True] * 3 + [False] + [True] * 4 + [False] * 2])
    packed = TokenBatch(batch.inputs, batch.targets, mask, segments, positions)
    alone = [
        TokenBatch(
            batch.inputs[:, part],
            batch.targets[:, part],
            mask[:, part],
            torch.ones_like(batch.inputs[:, part]),
            torch.arange(5)[None],
        )
        for part in (slice(0, 5), slice(5, 10))
    ]
    return packed, alone


def test_the_loss_is_the_cross_entropy_of_the_logits():
    model, batch = gpt(), one_document()
    expected = F.cross_entropy(
        model(batch.inputs).flatten(0, 1), batch.targets.flatten(), reduction="sum"
    )
    torch.testing.assert_close(NextToken(model)(batch), expected, rtol=1e-6, atol=0)


def test_packed_documents_cost_what_they_cost_alone():
    loss = NextToken(gpt())
    packed, alone = two_documents()
    separate = sum(loss(document).detach() for document in alone)
    torch.testing.assert_close(loss(packed).detach(), separate, rtol=1e-6, atol=0)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("batch", [one_document(), two_documents()[0]], ids=["whole", "packed"])
def test_the_loss_in_pieces_is_the_plain_one(monkeypatch, tied, batch):
    losses, gradients = [], []
    for threshold in (0, 10**9):
        monkeypatch.setattr(next_token, "WORTH_IT_FROM", threshold)
        model = gpt(tied)
        loss = NextToken(model)(batch)
        loss.backward()
        losses.append(loss.detach())
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(*losses, rtol=5e-7, atol=0)
    assert (gradients[0] - gradients[1]).norm() <= 5e-7 * gradients[1].norm()


@pytest.mark.parametrize("rows", [1, 512, 700])
def test_any_number_of_rows_is_cut_into_pieces(rows):
    hidden = torch.randn(rows, 8, generator=generator(1), requires_grad=True)
    weight = torch.randn(50, 8, generator=generator(2), requires_grad=True)
    targets = torch.randint(0, 50, (rows,), generator=generator(3))
    plain = F.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    pieces = linear_cross_entropy_sum(hidden, weight, targets)
    torch.testing.assert_close(pieces, plain, rtol=1e-6, atol=0)
    for one, other in zip(
        torch.autograd.grad(pieces / 3, (hidden, weight)),
        torch.autograd.grad(plain / 3, (hidden, weight)),
        strict=True,
    ):
        assert (one - other).norm() <= 1e-6 * other.norm()


def test_a_frozen_output_layer_gets_no_gradient_and_passes_one_on():
    hidden = torch.randn(700, 8, generator=generator(1), requires_grad=True)
    weight = torch.randn(50, 8, generator=generator(2))
    targets = torch.randint(0, 50, (700,), generator=generator(3))
    frozen = linear_cross_entropy_sum(hidden, weight, targets)
    learned = linear_cross_entropy_sum(hidden, weight.clone().requires_grad_(), targets)
    given = [torch.autograd.grad(loss, hidden)[0] for loss in (frozen, learned)]
    assert torch.equal(*given) and weight.grad is None


def test_in_bfloat16_the_gradient_is_as_near_as_the_plain_one():
    hidden = torch.randn(300, 32, generator=generator(1), requires_grad=True)
    weight = torch.randn(500, 32, generator=generator(2), requires_grad=True)
    targets = torch.randint(0, 500, (300,), generator=generator(3))
    exact = F.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    reference = torch.autograd.grad(exact, weight)[0]
    with torch.autocast("cpu", torch.bfloat16):
        pieces = linear_cross_entropy_sum(hidden, weight, targets)
        plain = F.cross_entropy((hidden @ weight.T).float(), targets, reduction="sum")
    errors = [
        (torch.autograd.grad(loss, weight)[0] - reference).norm() / reference.norm()
        for loss in (pieces, plain)
    ]
    assert errors[0] < 1.2 * errors[1] + 1e-3


def test_a_uniform_model_over_bytes_costs_eight_bits_a_byte():
    model = GPT(CONFIG.model_copy(update={"vocabulary_size": 256}))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    batch = one_document()
    metrics = held_out_metrics(NextToken(model), [batch, batch], [1] * 256)
    assert metrics["bits_per_byte"] == pytest.approx(8.0, rel=1e-6)
    assert metrics["validation_loss"] == pytest.approx(math.log(256), rel=1e-6)


@torch.no_grad()
def test_held_out_means_are_over_the_targets_that_count():
    model, (packed, alone) = gpt(), two_documents()
    exact, sizes = copy.deepcopy(model).double(), [id_ % 3 for id_ in range(64)]
    nats = {}  # of each target that counts, by document, place and id
    for number, document in enumerate(alone):
        log_probs = exact(document.inputs)[0].log_softmax(dim=-1)
        for t, id_ in enumerate(document.targets[0].tolist()):
            if document.loss_mask[0, t]:
                nats[number, t, id_] = -float(log_probs[t, id_])
    of_bytes = {key: one for key, one in nats.items() if sizes[key[2]]}
    assert 1 < len(of_bytes) < len(nats) < packed.targets.numel()
    bytes_ = sum(sizes[id_] for _, _, id_ in nats)
    metrics = held_out_metrics(NextToken(model), [packed, packed], sizes)
    assert metrics["validation_loss"] == pytest.approx(fmean(nats.values()), rel=1e-5)
    bits = sum(of_bytes.values()) / math.log(2) / bytes_
    assert metrics["bits_per_byte"] == pytest.approx(bits, rel=1e-5)


def test_special_tokens_count_no_bytes_and_no_bits():
    loss, batch = NextToken(gpt()), one_document()
    sizes = [0 if id_ == int(batch.targets[0, 0]) else 2 for id_ in range(64)]
    with torch.no_grad():
        metrics = held_out_metrics(loss, [batch], sizes)
        nats = -loss.log_probs(batch)
    ordinary = batch.targets != batch.targets[0, 0]
    expected = nats[ordinary].sum() / math.log(2) / (2 * ordinary.sum())
    assert metrics["bits_per_byte"] == pytest.approx(float(expected), rel=1e-5)
