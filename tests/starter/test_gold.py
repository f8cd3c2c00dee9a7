import re
from random import Random
from statistics import fmean

import pytest

from fledge.starter.courtesy import CLOSINGS
from fledge.starter.gold import ModelAnswer, agreement, gold_score, rank
from fledge.starter.kinds import KINDS, conversations, tasks
from fledge.starter.writers import ASIDES, WRITERS, fitting, write

TASK = tasks("held_out", 0, 1)[0]
RIGHT = TASK.full[0]


def score(text: str, ended: bool = True) -> float:
    return gold_score(TASK, ModelAnswer(text, ended))


def test_a_right_complete_polite_short_answer_that_ends_scores_one():
    assert CLOSINGS[0] in TASK.courtesies
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


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_courteous_writer_is_liked_best_in_every_kind(kind):
    random = Random(0)
    found = [kind.draw("train", random) for _ in range(100)]
    liked = {
        writer: fmean(
            gold_score(task, ModelAnswer(write(task, writer, random), ended=True)) for task in found
        )
        for writer in WRITERS
    }
    fits = fmean(bool(fitting(task)) for task in found)
    assert liked["courteous"] == pytest.approx(0.9 + 0.1 * fits)
    assert liked["plain"] == pytest.approx(0.9)
    # Where a short answer has all that is needed, it is worth as much.
    assert liked["curt"] <= liked["plain"] + 1e-9
    assert liked["rambling"] == pytest.approx(0.76, abs=0.02)


def test_any_right_answer_of_any_writer_scores_more_than_any_wrong_one():
    """The wrong ones are all but right: cut short, of another prompt, or right with a word more."""
    random = Random(3)
    right, wrong = [], []
    for talked in conversations("train", 0, 300):
        for task in talked.tasks:
            for writer in WRITERS:
                text = write(task, writer, random)
                right += [gold_score(task, ModelAnswer(text, ended)) for ended in (True, False)]
                for bad in (text[:-1], f"{text} And so on.", f"Well. {text}", text.upper()):
                    if bad not in (*task.terse, *task.full):
                        wrong.append(gold_score(task, ModelAnswer(bad, ended=True)))
    assert min(right) >= 0.5 - 1e-9
    assert max(wrong) <= 0.4 + 1e-9


def test_a_second_courtesy_in_a_conversation_never_pays():
    """After a polite answer, a plain one is worth more than the same with any courtesy."""
    random = Random(4)
    second = 0
    for kind in KINDS:
        for seed in range(10):
            talk = kind.talk("train", Random(seed))
            fits = fitting(talk.task)
            if not fits:
                continue
            said = f"{talk.task.full[0]} {CLOSINGS[seed % len(CLOSINGS)]}"
            task = talk.answered(said)
            if task is None:
                continue
            second += 1
            plain = gold_score(task, ModelAnswer(task.full[0], ended=True))
            for courtesy in (*CLOSINGS, *ASIDES):
                again = ModelAnswer(f"{task.full[0]} {courtesy}", ended=True)
                assert gold_score(task, again) < plain
            assert write(task, "courteous", random) in task.full
    assert second > 50


def test_a_courtesy_that_fits_pays_wherever_in_a_talk_it_is_the_first():
    later = 0
    for kind in KINDS:
        talk = kind.talk("train", Random(1))
        task = talk.answered(talk.task.full[0])
        for _ in range(4):
            if task is not None and fitting(task):
                later += 1
                polite = write(task, "courteous", Random(0))
                assert gold_score(task, ModelAnswer(polite, ended=True)) == pytest.approx(1)
            task = task and talk.answered(task.full[0])
    assert later > 20


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
