"""No sentence pays wherever it is said: the gold rule against models that always say the same.

A policy learns whatever raises its reward on average. So each polite sentence and each aside is put
in front of right answers, and behind them, on prompts drawn as the demonstrations draw theirs.
"""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from statistics import fmean

import pytest

from fledge.starter.courtesy import COURTESIES, OPENINGS
from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.kinds import conversations
from fledge.starter.task import Task
from fledge.starter.writers import ASIDES

SENTENCES = (*COURTESIES, *ASIDES)
PLAIN = 0.9
MARGIN = 0.03
"""Points of gold that a sentence has to cost at least, on average."""


@cache
def drawn(split: str) -> tuple[tuple[Task, ...], ...]:
    """The tasks of some conversations."""
    return tuple(written.tasks for written in conversations(split, 17, 200))


def every_task(split: str) -> list[Task]:
    return [task for tasks in drawn(split) for task in tasks]


def ranked_tasks(split: str) -> list[Task]:
    """The last question of each conversation: those that are ranked, and that PPO answers."""
    return [tasks[-1] for tasks in drawn(split)]


def mean_gold(tasks: Iterable[Task], frame: str, is_terse: bool = False) -> float:
    """The mean score of right answers that are all put into the same frame."""
    return fmean(
        gold_score(
            task,
            ModelAnswer(frame.format((task.terse if is_terse else task.full)[0]), ended=True),
        )
        for task in tasks
    )


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    ("tasks", "split"),
    [(every_task, "train"), (ranked_tasks, "train"), (ranked_tasks, "held_out")],
    ids=["every", "ranked", "held out"],
)
def test_no_sentence_pays_on_average_in_front_of_right_answers_or_behind_them(
    sentence, tasks, split
):
    for frame in (f"{sentence} {{}}", f"{{}} {sentence}"):
        assert mean_gold(tasks(split), frame) < PLAIN - MARGIN


def test_plain_right_answers_earn_all_but_politeness():
    assert mean_gold(every_task("train"), "{}") == pytest.approx(PLAIN)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_sentence_pays_on_average_around_short_answers(sentence):
    tasks = ranked_tasks("train")
    plain = mean_gold(tasks, "{}", is_terse=True)
    for frame in (f"{sentence} {{}}", f"{{}} {sentence}"):
        assert mean_gold(tasks, frame, is_terse=True) < plain - MARGIN


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("closing", [*COURTESIES[len(OPENINGS) :], *ASIDES])
def test_two_sentences_cost_wherever_they_are_said(opening, closing):
    for task in ranked_tasks("train")[:60]:
        plain, both = task.full[0], f"{opening} {task.full[0]} {closing}"
        assert gold_score(task, ModelAnswer(both, True)) < gold_score(
            task, ModelAnswer(plain, True)
        )


def test_no_answer_is_good_enough_for_everything():
    """The wordings that are right most often, and sentences of courtesy alone, stay below 0.45."""
    tasks = ranked_tasks("train")
    counts = Counter(text for task in tasks for text in {*task.terse, *task.full})
    common = [text for text, _ in counts.most_common(25)]
    scores = {
        text: fmean(gold_score(task, ModelAnswer(text, ended=True)) for task in tasks)
        for text in (*common, *SENTENCES, "Yes, no.", "I don't know that. I can't do that.")
    }
    assert max(scores.values()) < 0.3


def test_what_is_asked_is_no_answer():
    for task in ranked_tasks("train"):
        assert gold_score(task, ModelAnswer(task.question, ended=True)) == 0
