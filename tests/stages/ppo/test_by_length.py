import pytest
import torch

from fledge.stages.ppo import by_length
from fledge.stages.ppo.rollout import Rollout
from stages.ppo.small_ppo import PAD, small_ppo

PROMPTS = [(4,), (5, 6, 7, 4, 5, 6), (6, 5), (7,) * 9, (4, 4, 4), (5,), (6, 7), (7, 4), (5, 5)]
ANSWERS = [(7, 5), (4,), (5, 6, 7), (4, 5), (6,), (7, 7, 7, 7, 7), (4, 6), (5,), (6, 4)]


def rollout() -> Rollout:
    return Rollout.join(PROMPTS, ANSWERS, PAD)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 100])
def test_each_row_comes_once_with_others_of_its_length_and_none_is_cut(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_length, "ROWS_ON_A_CPU", 4)
    monkeypatch.setattr(by_length, "TOKENS_ON_A_CPU", 0)
    whole, seen, lengths = rollout(), [], []
    for indices, part in by_length.by_length(whole, rows):
        assert 1 <= part.examples <= min(rows, by_length.ROWS_ON_A_CPU)
        assert int(part.lengths.max()) == part.ids.shape[1]
        assert torch.equal(part.lengths, whole.lengths[indices])
        assert list(part.rows()) == [list(whole.rows())[index] for index in indices.tolist()]
        seen += indices.tolist()
        lengths += part.lengths.tolist()
    assert sorted(seen) == list(range(len(PROMPTS)))
    assert lengths == sorted(lengths)


def test_more_rows_are_taken_while_they_hold_few_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rollout()
    monkeypatch.setattr(by_length, "ROWS_ON_A_CPU", 2)
    monkeypatch.setattr(by_length, "TOKENS_ON_A_CPU", 4 * whole.inputs.shape[1] + 1)

    def sizes() -> list[int]:
        return [part.examples for _, part in by_length.by_length(whole, 100)]

    assert sizes() == [4, 4, 1]
    monkeypatch.setattr(by_length, "is_alone", lambda: False)
    assert sizes() == [2, 2, 2, 2, 1], "as many as processes with longer answers have"


def test_numbers_and_gradients_are_those_of_one_pass() -> None:
    stage, whole = small_ppo(), rollout()
    weights = list(stage.trained.parameters())
    shapes = []

    def forward(part: Rollout) -> tuple[torch.Tensor, ...]:
        shapes.append(tuple(part.inputs.shape))
        found: tuple[torch.Tensor, ...] = stage.trained(
            part.inputs, part.targets, part.response_mask
        )
        return found

    found = by_length.per_token(forward, whole, 3)
    assert shapes == [(3, 3), (3, 4), (3, 10)]
    expected = forward(whole)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)
        assert not ours[~whole.response_mask].any()
    of_ours, of_theirs = (
        torch.autograd.grad((each[0] + each[2]).square().sum(), weights, allow_unused=True)
        for each in (found, expected)
    )
    for ours, theirs in zip(of_ours, of_theirs, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_process_without_rows_takes_as_many_passes_as_one_with_few() -> None:
    whole = rollout()
    nothing = Rollout(whole.inputs[:0], whole.targets[:0], whole.response_mask[:0])
    assert len(list(by_length.by_length(nothing, 4))) == 1
