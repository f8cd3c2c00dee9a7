"""The gold labeller: a rule that scores answers and so plays the human in the demo.

The reward model never sees a score, only the noisy rankings that `rank` writes. Because the rule
is known, the report can say what the reward model learned and whether PPO over-optimised it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.starter.task import Task
from fledge.starter.writers import CLOSINGS, OPENINGS, is_valid

# What each merit is worth. They sum to 1, so a score lies in [0, 1].
RIGHT, COMPLETE, POLITE, SHORT, ENDS = 0.4, 0.15, 0.2, 0.15, 0.1
# An answer this many words longer than the full wording gets nothing for being short.
TOLERATED_WORDS = 8
SOFT_WORDS = ("sorry", "please", "thank you", "welcome", "best wishes")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and whether it ended by itself."""

    text: str
    ended: bool


def gold_score(task: Task, answer: Answer) -> float:
    """How good an answer is, in [0, 1]: right, complete, polite, short, ended.

    An empty answer and a copy of the question score 0.
    """
    text = answer.text.strip()
    if not text or text == task.question.strip():
        return 0.0
    return (
        RIGHT * is_valid(task, text)
        + COMPLETE * completeness(task, text)
        + POLITE * is_polite(text)
        + SHORT * shortness(task, text)
        + ENDS * answer.ended
    )


def completeness(task: Task, text: str) -> float:
    """The share of what a complete answer says that this one says, in [0, 1]."""
    said = text.casefold()
    return sum(piece.casefold() in said for piece in task.needed) / len(task.needed)


def is_polite(text: str) -> bool:
    """Whether the answer has a courteous sentence or a soft word."""
    said = text.casefold()
    return any(phrase.casefold() in said for phrase in (*OPENINGS, *CLOSINGS, *SOFT_WORDS))


def shortness(task: Task, text: str) -> float:
    """1 up to the longest full wording and a courteous sentence, then falling to 0.

    The courtesy of six words is free: politeness must not cost what it earns.
    """
    free = max(len(wording.split()) for wording in task.full) + 6
    return min(1.0, max(0.0, 1 - (len(text.split()) - free) / TOLERATED_WORDS))


def rank(
    task: Task, answers: Sequence[Answer], noise: float, random: Random, labeler: str = "gold"
) -> Ranking:
    """Order K answers by gold score; then, with chance `noise`, two neighbours change places.

    Answers of equal score are tied; an exchange is between groups of the ranking, best first.
    """
    scores = [gold_score(task, answer) for answer in answers]
    ids = [chr(ord("A") + n) for n in range(len(answers))]
    groups = [
        tuple(id_ for id_, score in zip(ids, scores, strict=True) if score == level)
        for level in sorted(set(scores), reverse=True)
    ]
    for n in range(len(groups) - 1):
        if random.random() < noise:
            groups[n], groups[n + 1] = groups[n + 1], groups[n]
    return Ranking(
        prompt=tuple(
            ChatTurn(role=turn.role, content=turn.content) for turn in task.conversation.messages
        ),
        responses=tuple(
            Response(id=id_, content=answer.text) for id_, answer in zip(ids, answers, strict=True)
        ),
        ranking=tuple(groups),
        labeler=labeler,
    )


def agreement(task: Task, answers: Sequence[Answer], ranking: Ranking) -> tuple[int, int]:
    """How many pairs of a ranking the gold score orders alike, of how many pairs.

    Summed over held-out rankings this is the noise ceiling of reward-model accuracy.
    """
    scores = [gold_score(task, answer) for answer in answers]
    ranks = ranking.ranks()
    pairs = [
        (first, second)
        for first in range(len(ranks))
        for second in range(len(ranks))
        if ranks[first] < ranks[second]
    ]
    return sum(scores[first] > scores[second] for first, second in pairs), len(pairs)
