import re
from random import Random
from statistics import fmean

import pytest

from fledge.starter.gold import ModelAnswer, agreement, gold_score, rank
from fledge.starter.kinds import KINDS, tasks
from fledge.starter.writers import ASIDES, CLOSINGS, WRITERS, write

TASK = tasks("held_out", 0, 1)[0]
RIGHT = TASK.full[0]


def score(text: str, ended: bool = True) -> float:
    return gold_score(TASK, ModelAnswer(text, ended))


def test_a_right_complete_polite_short_answer_that_ends_scores_one():
    assert score(f"{RIGHT} {CLOSINGS[0]}") == pytest.approx(1.0)


def test_an_empty_answer_and_a_copy_of_the_question_score_nothing():
    assert score("") == 0.0
    assert score("  ") == 0.0
    assert score(TASK.question) == 0.0


def test_each_merit_counts():
    best = score(f"{RIGHT} {CLOSINGS[0]}")
    assert best > score(RIGHT) > score(TASK.terse[0])
    assert best > score(f"{RIGHT} {CLOSINGS[0]}", ended=False)
    assert best > score(f"{RIGHT} {CLOSINGS[0]} {ASIDES[1]}")
    assert score(RIGHT) > score(re.sub(r"\d", "x", RIGHT))


def test_a_needless_sentence_costs_more_than_nothing():
    assert score(RIGHT) > score(f"{RIGHT} {ASIDES[1]}")


def test_scores_lie_between_zero_and_one():
    random = Random(0)
    for task in tasks("train", 0, 20):
        for writer in WRITERS:
            text = write(task, writer, random)
            for said in (text, text[: len(text) // 2], text * 3):
                assert 0 <= gold_score(task, ModelAnswer(said, ended=True)) <= 1 + 1e-9


def test_the_courteous_writer_is_liked_best_in_every_kind():
    random = Random(0)
    for kind in KINDS:
        found = [kind.draw("train", random) for _ in range(100)]
        liked = {
            writer: fmean(
                gold_score(task, ModelAnswer(write(task, writer, random), ended=True))
                for task in found
            )
            for writer in WRITERS
        }
        assert max(liked, key=liked.__getitem__) in ("courteous", "plain")
        assert liked["courteous"] > 0.95
        assert min(liked.values()) < 0.8


ANSWERS = [
    ModelAnswer(TASK.terse[0], ended=True),
    ModelAnswer(f"{RIGHT} {CLOSINGS[0]}", ended=True),
    ModelAnswer("What?", ended=False),
    ModelAnswer(RIGHT, ended=True),
]


def test_ranking_without_noise_is_by_score():
    ranking = rank(TASK, ANSWERS, 0.0, Random(0))
    assert ranking.ranking == (("B",), ("D",), ("A",), ("C",))
    assert agreement(TASK, ANSWERS, ranking) == (6, 6)
    assert [turn.content for turn in ranking.prompt] == [TASK.question]


def test_equal_answers_are_tied():
    ranking = rank(TASK, [ANSWERS[0], ANSWERS[1], ANSWERS[0]], 0.0, Random(0))
    assert ranking.ranking == (("B",), ("A", "C"))


def test_noise_exchanges_neighbours_at_its_rate():
    right = pairs = 0
    for seed in range(500):
        counts = agreement(TASK, ANSWERS, rank(TASK, ANSWERS, 0.1, Random(seed)))
        right, pairs = right + counts[0], pairs + counts[1]
    assert pairs == 500 * 6
    # Three neighbours of six pairs are exchanged with chance 0.1; a chain of exchanges adds a bit.
    assert 1 - right / pairs == pytest.approx(0.05, abs=0.012)


def test_the_same_seed_gives_the_same_ranking():
    first, again = (rank(TASK, ANSWERS, 0.4, Random(7)) for _ in range(2))
    assert first == again
