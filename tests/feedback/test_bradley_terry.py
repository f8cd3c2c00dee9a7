"""Bradley-Terry scores: closed forms, the condition of the maximum, and graphs that fall apart."""

import math

import numpy as np
import pytest

from fledge.feedback.bradley_terry import fit, model_scores
from fledge.feedback.records import ChatTurn, Ranking, Response


def duel(better, worse, question="q", tied=False):
    return Ranking(
        prompt=(ChatTurn(role="user", content=question),),
        responses=(
            Response(id="1", content="one", model=better),
            Response(id="2", content="two", model=worse),
        ),
        ranking=(("1", "2"),) if tied else (("1",), ("2",)),
    )


def duels(**wins):
    """Duels such as ab=3: a beats b three times, each on a prompt of its own."""
    return [
        duel(*pair, question=f"{pair}{n}") for pair, count in wins.items() for n in range(count)
    ]


def test_two_models_have_the_log_of_their_odds():
    (scores,) = fit(np.array([[[0.0, 30], [10, 0]]]), prior=1e-9)
    assert scores[0] - scores[1] == pytest.approx(math.log(3))


def test_expected_wins_are_the_wins_at_the_maximum():
    """The likelihood is flat where every model wins as often as its score says."""
    won = np.random.default_rng(0).integers(1, 20, size=(5, 6, 6)).astype(float)
    won[:, range(6), range(6)] = 0
    won[:, 0, 5] = won[:, 5, 0] = 0
    scores = fit(won, prior=1e-9)
    chance = 1 / (1 + np.exp(scores[:, None, :] - scores[:, :, None]))
    expected = ((won + won.transpose(0, 2, 1)) * chance).sum(axis=2)
    np.testing.assert_allclose(expected, won.sum(axis=2), atol=1e-6)


def test_scores_of_a_known_world_come_back_within_their_intervals():
    truth = {"a": 1.0, "b": 0.2, "c": -1.2}
    random = np.random.default_rng(1)
    records = []
    for number in range(1_500):
        one, other = random.permutation(list(truth))[:2]
        wins = random.random() < 1 / (1 + math.exp(truth[other] - truth[one]))
        records.append(duel(*((one, other) if wins else (other, one)), question=f"q{number}"))
    report = model_scores(records)
    assert list(report) == ["a", "b", "c"]
    for model, score in report.items():
        assert score.score.low < truth[model] < score.score.high
        assert score.score.high - score.score.low < 0.5
        assert score.bounded and score.cluster == 0


def test_a_tie_is_half_a_win_for_each():
    tied = model_scores([*duels(ab=1), duel("a", "b", "tie", tied=True), *duels(ba=1)])
    assert tied["a"].wins == tied["b"].wins == 1.5
    assert tied["a"].score.value == pytest.approx(0, abs=1e-9)
    assert (tied["a"].comparisons, tied["b"].comparisons) == (3, 3)


def test_k_answers_compare_every_two_models():
    ranking = Ranking(
        prompt=(ChatTurn(role="user", content="q"),),
        responses=tuple(
            Response(id=model, content=model, model=model[0]) for model in ("a", "b", "a2", "c")
        ),
        ranking=(("a",), ("b", "a2"), ("c",)),
    )
    report = model_scores([ranking])
    assert {model: score.wins for model, score in report.items()} == {"a": 3.5, "b": 1.5, "c": 0}


def test_models_never_compared_have_clusters_of_their_own():
    report = model_scores(duels(ab=3, ba=2, cd=2, dc=2))
    assert report["a"].cluster == report["b"].cluster != report["c"].cluster
    assert report["a"].score.value == pytest.approx(-report["b"].score.value)
    assert report["c"].score.value == pytest.approx(0, abs=1e-9)


def test_a_model_that_never_lost_has_a_finite_score_that_is_marked():
    report = model_scores(duels(ab=9, bc=4, cb=3))
    assert next(iter(report)) == "a" and math.isfinite(report["a"].score.value)
    assert not any(score.bounded for score in report.values())
    assert all(score.bounded for score in model_scores(duels(ab=9, ba=1)).values())


def test_answers_without_a_model_compare_nothing():
    assert model_scores([duel(None, "a"), duel("a", "a")]) == {}
    assert model_scores([]) == {}
