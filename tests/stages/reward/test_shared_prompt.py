"""Answers that share their prompt in one row score and teach as in rows of their own."""

import pytest
import torch

from fledge.data.batch import ComparisonBatch
from fledge.model.masks import branching
from fledge.stages.reward.loss import AnswerScores, ranking_loss
from fledge.stages.reward.shared_prompt import (
    is_worth_sharing,
    num_places,
    share_prompts,
    shared_lengths,
)
from stages.ppo.small_ppo import language_model, reward_model


def comparisons(prompts, answers, seed=0):
    """`prompts` are lengths, `answers` those of each prompt's answers, 0 for a missing one."""
    random = torch.Generator().manual_seed(seed)
    longest = max(p + max(a) for p, a in zip(prompts, answers, strict=True))
    ids = torch.zeros(len(prompts), len(answers[0]), longest, dtype=torch.long)
    lengths = torch.zeros(len(prompts), len(answers[0]), dtype=torch.long)
    for row, (prompt, sizes) in enumerate(zip(prompts, answers, strict=True)):
        ids[row, :, :prompt] = torch.randint(4, 48, (prompt,), generator=random)
        for column, size in enumerate(sizes):
            if not size:
                ids[row, column] = 0
                continue
            ids[row, column, prompt : prompt + size] = torch.randint(
                4, 48, (size,), generator=random
            )
            ids[row, column, prompt] = 4 + column  # no chance beginning in common
            lengths[row, column] = prompt + size
    ranks = torch.arange(len(answers[0])).expand(len(prompts), -1).masked_fill(lengths == 0, -1)
    return ComparisonBatch(ids, lengths, ranks)


BATCH = ([9, 6, 11], [[2, 3, 1], [1, 2, 0], [4, 1, 5]])


def alone(model, batch):
    """Return the score of each answer read in a row of its own, without padding."""
    rows = zip(batch.ids.flatten(0, 1), batch.lengths.flatten().tolist(), strict=True)
    scores = [model(ids[None, :size])[0, -1] if size else torch.zeros(()) for ids, size in rows]
    return torch.stack(scores).view(batch.lengths.shape)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_scores_and_gradients_are_those_of_answers_read_alone(family):
    model, batch = reward_model(language_model(family=family)), comparisons(*BATCH)
    assert is_worth_sharing(batch, shared_lengths(batch))
    gradients = []
    for scores in (AnswerScores(model)(batch), alone(model, batch)):
        model.zero_grad()
        ranking_loss(scores, batch.ranks)[0].backward()
        gradients.append([p.grad.clone() for p in model.parameters()])
        kept = scores.detach()
        torch.testing.assert_close(kept, alone(model, batch).detach(), atol=1e-5, rtol=0)
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_a_prompt_is_read_once():
    model, batch, seen = reward_model(language_model()), comparisons(*BATCH), []
    model.trunk.token_embedding.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    AnswerScores(model)(batch)
    assert [each.shape for each in seen] == [(3, 21)]  # 11 + 4 + 1 + 5


def test_answers_longer_than_their_prompts_get_rows_of_their_own():
    model, seen = reward_model(language_model()), []
    batch = comparisons([3, 4], [[9, 2, 8], [7, 7, 0]])
    model.trunk.token_embedding.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    found = AnswerScores(model)(batch)
    assert [each.shape for each in seen] == [(5, 12)]
    torch.testing.assert_close(found, alone(model, batch), atol=1e-5, rtol=0)


def test_rows_hold_the_shared_tokens_and_then_the_rest_of_each_answer():
    ids = torch.tensor([[[7, 8, 9, 5, 0], [7, 8, 6, 0, 0], [7, 8, 9, 5, 4]]])
    batch = ComparisonBatch(ids, torch.tensor([[4, 3, 5]]), torch.tensor([[0, 1, 2]]))
    shared = shared_lengths(batch)
    rows = share_prompts(batch, shared)
    assert shared.tolist() == [2]
    assert rows.ids.tolist() == [[7, 8, 9, 5, 6, 9, 5, 4]]
    assert rows.positions.tolist() == [[0, 1, 2, 3, 2, 2, 3, 4]]
    assert rows.segments.tolist() == [[1, 1, 2, 2, 3, 4, 4, 4]]
    assert rows.last.tolist() == [[3, 4, 7]]


def test_equal_answers_and_one_that_begins_another_keep_a_token_of_their_own():
    ids = torch.tensor([[[7, 8, 9, 0], [7, 8, 9, 0], [7, 8, 9, 5]]])
    batch = ComparisonBatch(ids, torch.tensor([[3, 3, 4]]), torch.tensor([[0, 0, 1]]))
    assert shared_lengths(batch).tolist() == [2]
    model = reward_model(language_model())
    torch.testing.assert_close(AnswerScores(model)(batch), alone(model, batch), atol=1e-5, rtol=0)


def test_lone_answers_are_read_causally_without_a_mask():
    batch, model, masks = comparisons([6, 4], [[3], [5]]), reward_model(language_model()), []
    assert not is_worth_sharing(batch, shared_lengths(batch)) and num_places(batch) == 2 * 9
    hidden = model.trunk.hidden

    def recorded(ids, positions=None, mask=None):
        masks.append(mask)
        return hidden(ids, positions, mask)

    model.trunk.hidden = recorded
    found = AnswerScores(model)(batch)
    assert masks == [None]
    torch.testing.assert_close(found, alone(model, batch), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("prompt", "answers", "shares"),
    [
        (200, [60] * 4, True),  # 440 tokens for 1,040, 194 thousand pairs for 270
        (200, [200] * 4, False),  # 1,000 tokens for 1,600, but a million pairs for 640 thousand
        (10, [1, 1], True),
    ],
)
def test_sharing_reads_fewer_tokens_and_no_more_pairs(prompt, answers, shares):
    batch = comparisons([prompt], [answers])
    assert is_worth_sharing(batch, shared_lengths(batch)) == shares
    together, own = prompt + sum(answers), len(answers) * (prompt + max(answers))
    assert num_places(batch) == (together if shares else own)


def test_a_continuation_sees_the_prefix_and_itself():
    mask = branching(torch.tensor([[1, 1, 2, 2, 3, 0]]))[0, 0]
    assert mask.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0],
    ]
