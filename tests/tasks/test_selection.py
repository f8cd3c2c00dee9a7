"""Active selection: by hand-computed measures, and by reward models."""

import pytest
import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_scalar_model
from fledge.errors import ConfigError
from fledge.feedback.records import ChatTurn
from fledge.tasks.records import AnsweredPrompt, DrawnAnswer
from fledge.tasks.selection import disagreement, require_models, scores_of, select, uncertainty
from tiny_model import write_reward_model


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    return load_scalar_model(
        find_checkpoint(write_reward_model(tmp_path_factory.mktemp("r") / "r"))
    )


@pytest.fixture(scope="module")
def doubter(judge, tmp_path_factory):
    """The same reward model with its scores turned round."""
    other = load_scalar_model(
        find_checkpoint(write_reward_model(tmp_path_factory.mktemp("d") / "d"))
    )
    with torch.no_grad():
        for parameter in other.model.head.parameters():
            parameter.neg_()
    return other


def task(name: str, *texts: str) -> AnsweredPrompt:
    return AnsweredPrompt(
        id=name,
        prompt=(ChatTurn(role="user", content=f"{name}?"),),
        answers=tuple(
            DrawnAnswer(
                id=chr(ord("a") + n),
                content=text,
                model="m",
                temperature=1.0,
                finish_reason="stop",
                tokens=1,
                draws=1,
            )
            for n, text in enumerate(texts)
        ),
        source="p.jsonl:1",
    )


TASKS = [task(f"tide {n}", *(f"the sea {n * k}" for k in range(2, 5))) for n in range(1, 9)]


def test_uncertainty_is_the_mean_difference() -> None:
    assert uncertainty(torch.tensor([[1.0, 4.0, 2.0]])) == pytest.approx((3 + 1 + 2) / 3)


def test_disagreement_is_the_share_of_model_pairs_with_opposite_orders() -> None:
    scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0], [0.0, 0.0, 1.0]])
    # a-b: < < =, c-a: alike, c-b: > < >; a tie against an order counts half.
    assert disagreement(scores) == pytest.approx(((0 + 0.5 + 0.5) + 0 + (1 + 0 + 1)) / 9)
    assert disagreement(scores[:1].repeat(2, 1)) == 0.0


def test_scores_are_those_of_each_answer_alone(judge) -> None:
    together = scores_of(TASKS[:3], [judge])
    for one, scores in zip(TASKS, together, strict=False):
        pairs = [
            task(one.id, one.answers[n].content, one.answers[0].content + "x") for n in range(3)
        ]
        alone = [row[0, 0] for row in scores_of(pairs, [judge])]
        torch.testing.assert_close(scores[0], torch.stack(alone), atol=1e-5, rtol=1e-4)


def test_the_most_uncertain_are_kept_in_their_order(judge) -> None:
    measured = [uncertainty(scores) for scores in scores_of(TASKS, [judge])]
    limit = sorted(measured)[2]
    selection = select(TASKS, [judge], 3, "uncertain", seed=0)
    assert selection.chosen == [one for one, m in zip(TASKS, measured, strict=True) if m <= limit]
    assert selection.mean_chosen == pytest.approx(sum(sorted(measured)[:3]) / 3)
    assert selection.mean_all == pytest.approx(sum(measured) / len(measured))


def test_models_that_are_each_other_s_opposite_disagree_on_all(judge, doubter) -> None:
    selection = select(TASKS[:6], [judge, doubter], 3, "disagreeing", seed=0)
    assert selection.mean_all == 1.0 and len(selection.chosen) == 3
    other = select(TASKS[:6], [judge, doubter], 3, "disagreeing", seed=1)
    assert other.chosen != selection.chosen  # the seed decides between equal ones


def test_a_task_that_cannot_be_read_is_counted(judge) -> None:
    long = task("long", "short", "very long " * 80)
    assert scores_of([long], [judge])[0].shape == (1, 1)
    selection = select([long, *TASKS], [judge], 99, "uncertain", seed=0)
    assert selection.unread == 1 and selection.chosen == TASKS


def test_each_measure_needs_its_number_of_models() -> None:
    with pytest.raises(ConfigError, match="expected one --reward-model, found 2"):
        require_models("uncertain", 2)
    with pytest.raises(ConfigError, match="at least two --reward-model, found 1"):
        require_models("disagreeing", 1)
