"""The gold labeller: a rule that scores answers in place of a person.

The reward model sees no score, only the noisy rankings that `rank` writes. Since the rule is
known, the report can show what the reward model learned and whether PPO over-optimised it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fledge.feedback.records import Ranking
from fledge.starter.labeller import agreement_with, rank_by
from fledge.starter.task import Task
from fledge.starter.writers import extras, fitting, is_valid

# Merits of a right answer. They sum to 1, so a score lies in [0, 1].
RIGHT, COMPLETE, POLITE, SHORT, ENDS = 0.6, 0.15, 0.1, 0.1, 0.05
# Merits of a wrong one. All of them together are less than a right answer has at least.
WRONG_COMPLETE, WRONG_SHORT, WRONG_ENDS = 0.25, 0.1, 0.05
# Words beyond the free length at which an answer earns nothing for being short.
TOLERATED_WORDS = 8
# Words of courtesy that cost nothing: politeness must not cost what it earns.
FREE_WORDS = 6


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """Text of a model, and whether the model ended it with an end token."""

    text: str
    ended: bool


def gold_score(task: Task, answer: ModelAnswer) -> float:
    """Score an answer in [0, 1]: right, complete, polite, short, ended.

    Style counts among right answers only: any of them scores more than any wrong one. An empty
    answer and a copy of the question score 0.
    """
    text = answer.text.strip()
    if not text or text == task.question.strip():
        return 0.0
    complete, short = completeness(task, text), shortness(task, text)
    if not is_valid(task, text):
        return WRONG_COMPLETE * complete + WRONG_SHORT * short + WRONG_ENDS * answer.ended
    merits = COMPLETE * complete + POLITE * manners(task, text) + SHORT * short
    return RIGHT + merits + ENDS * answer.ended


def manners(task: Task, text: str) -> float:
    """Return 1 for one courtesy that fits, 0 for none, and -1 for any other sentence beside.

    A courtesy fits where the task says so, once in a conversation. Where something was asked that
    a courtesy does not fit, it costs as much as it earns elsewhere: no sentence pays everywhere.
    """
    beside = extras(text)
    if not beside:
        return 0.0
    return 1.0 if len(beside) == 1 and beside[0] in fitting(task) else -1.0


def completeness(task: Task, text: str) -> float:
    """Return the share of `task.needed` that the text contains, in [0, 1]."""
    return sum(contains(text, piece) for piece in task.needed) / len(task.needed)


def contains(text: str, phrase: str) -> bool:
    """Tell whether the text contains the phrase in any case, as whole words and numbers."""
    text, phrase = text.casefold(), phrase.casefold()
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            return True
        start = text.find(phrase, start + 1)
    return False


def shortness(task: Task, text: str) -> float:
    """Return 1 up to the longest full wording plus `FREE_WORDS`, then fall to 0 word by word."""
    free = max(len(wording.split()) for wording in task.full) + FREE_WORDS
    return min(1.0, max(0.0, 1 - (len(text.split()) - free) / TOLERATED_WORDS))


def rank(
    task: Task, answers: Sequence[ModelAnswer], noise: float, random: Random, labeler: str = "gold"
) -> Ranking:
    """Order K answers by gold score, then make mistakes.

    Answers of equal score are tied. From the best down, each group changes places with the next
    with probability `noise`.
    """
    scores = [gold_score(task, answer) for answer in answers]
    texts = [answer.text for answer in answers]
    return rank_by(scores, task.conversation, texts, noise, random, labeler)


def agreement(task: Task, answers: Sequence[ModelAnswer], ranking: Ranking) -> tuple[int, int]:
    """Count the pairs of a ranking that the gold score orders alike, and all its pairs.

    Their ratio over held-out rankings is the noise ceiling of a reward model's accuracy.
    """
    return agreement_with([gold_score(task, answer) for answer in answers], ranking)
