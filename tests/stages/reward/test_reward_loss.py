import math

import pytest
import torch
from torch.nn import functional as F

from fledge.data.batch import ComparisonBatch
from fledge.data.rendering import RenderedRanking
from fledge.stages.reward.loss import AnswerScores, ranking_loss, rankings_at_once, score_rankings
from stages.ppo.small_ppo import language_model, reward_model

RANKS = torch.tensor([[0, 0, 1, 2], [1, 0, 2, -1], [0, 1, -1, -1]])


def comparisons(rows=3, answers=4, length=9, seed=0):
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(2, length + 1, (rows, answers), generator=random)
    ids = torch.randint(4, 48, (rows, answers, length), generator=random)
    ids = ids.masked_fill(torch.arange(length) >= lengths[:, :, None], 0)
    missing = RANKS[:rows] < 0
    return ComparisonBatch(
        ids.masked_fill(missing[:, :, None], 0), lengths.masked_fill(missing, 0), RANKS[:rows]
    )


def loss_pair_by_pair(scores, ranks, centre=0.0):
    total = 0.0
    for row, order in zip(scores, ranks.tolist(), strict=True):
        losses = [
            -F.logsigmoid(row[i] - row[j]) + centre * (row[i] + row[j]) ** 2
            for i, better in enumerate(order)
            for j, worse in enumerate(order)
            if 0 <= better < worse
        ]
        total = total + sum(losses) / len(losses)
    return total


@pytest.mark.parametrize("centre", [0.0, 0.01])
def test_all_pairs_of_a_prompt_count_as_one(centre):
    scores = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
    total, _ = ranking_loss(scores, RANKS, centre)
    assert float(total) == pytest.approx(float(loss_pair_by_pair(scores, RANKS, centre)), 1e-6)


def test_one_forward_of_k_answers_has_the_gradient_of_all_pairs():
    model, batch = reward_model(language_model()), comparisons()
    ranking_loss(AnswerScores(model)(batch), batch.ranks)[0].backward()
    found = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    total = 0.0
    for ids, lengths, ranks in zip(batch.ids, batch.lengths, batch.ranks, strict=True):
        pairs = [
            (i, j)
            for i, better in enumerate(ranks.tolist())
            for j, worse in enumerate(ranks.tolist())
            if 0 <= better < worse
        ]
        for pair in pairs:
            a, b = (model(ids[i : i + 1, : lengths[i]])[0, -1] for i in pair)
            total = total - F.logsigmoid(a - b) / len(pairs)
    total.backward()
    for one, parameter in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad, atol=1e-6, rtol=1e-4)


@torch.no_grad()
def test_padding_and_company_change_no_score():
    model, batch = reward_model(language_model()), comparisons()
    together = AnswerScores(model)(batch)
    for row in range(3):
        for column in range(4):
            length = int(batch.lengths[row, column])
            alone = model(batch.ids[row, column : column + 1, :length])[0, -1] if length else 0.0
            assert float(together[row, column]) == pytest.approx(float(alone), abs=1e-5)


@torch.no_grad()
def test_all_rankings_are_scored_in_their_order_answer_by_answer():
    model, random = reward_model(language_model()), torch.Generator().manual_seed(3)
    sizes = torch.randint(2, 6, (40,), generator=random).tolist()  # more than one forward pass
    rankings = [
        RenderedRanking(
            tuple(tuple(range(4, 6 + (row + one) % 9)) for one in range(size)), tuple(range(size))
        )
        for row, size in enumerate(sizes)
    ]
    found, whole = score_rankings(AnswerScores(model), rankings, pad=0)
    assert found.shape == whole.ranks.shape == (40, 5)
    for row, ranking in zip(found.tolist(), rankings, strict=True):
        alone = [float(model(torch.tensor([ids]))[0, -1]) for ids in ranking.answers]
        assert row == pytest.approx([*alone, *[0.0] * (5 - len(alone))], abs=1e-5)


@pytest.mark.parametrize(
    ("answers", "tokens", "rankings"), [(4, 60, 16), (4, 500, 2), (1, 1024, 4), (9, 4000, 1)]
)
def test_a_forward_pass_holds_few_long_rankings(answers, tokens, rankings):
    assert rankings_at_once(answers, tokens) == rankings


def test_the_order_of_the_answers_and_a_shift_change_nothing():
    scores = torch.randn(3, 4, generator=torch.Generator().manual_seed(2))
    total, metrics = ranking_loss(scores, RANKS)
    order = torch.tensor([2, 0, 3, 1])
    again, shuffled = ranking_loss(scores[:, order], RANKS[:, order])
    assert float(again) == pytest.approx(float(total), rel=1e-6)
    assert float(shuffled["accuracy"]) == pytest.approx(float(metrics["accuracy"]))
    shifted, _ = ranking_loss(scores + torch.tensor([[5.0], [-3.0], [0.1]]), RANKS)
    assert float(shifted) == pytest.approx(float(total), rel=1e-5)


def test_a_model_that_knows_nothing_has_a_loss_of_ln_2_a_prompt():
    total, metrics = ranking_loss(torch.zeros(3, 4), RANKS)
    assert float(total) == pytest.approx(3 * math.log(2), abs=1e-6)
    assert float(metrics["accuracy"]) == 1.5


def test_a_prompt_of_ties_alone_adds_nothing_and_weighs_nothing():
    ties = torch.tensor([[0, 0, 0, 0]])
    total, _ = ranking_loss(torch.randn(1, 4), ties)
    assert float(total) == 0
    batch = comparisons(rows=1)
    assert int(ComparisonBatch(batch.ids, batch.lengths, ties).weight) == 0
