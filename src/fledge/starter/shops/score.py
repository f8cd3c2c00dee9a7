"""The ranking rule of the shops' answers, in place of a person: right first, then well said.

A wrong answer never scores above `WRONG_AT_MOST`, and a right one never below `RIGHT`; style only
orders answers inside these bands. So no constant sentence, length, or list of all facts can buy
what a right answer earns.
"""

import re
from collections.abc import Sequence
from random import Random

from fledge.feedback.records import Ranking
from fledge.starter.gold import ModelAnswer, contains
from fledge.starter.labeller import agreement_with, rank_by
from fledge.starter.shops.checked import numbers_in, repeats_itself
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.turn import FORMAL, WARM
from fledge.starter.words import DAYS

RIGHT = 0.6
"""Least score of a right answer."""
WRONG_AT_MOST = 0.2
"""Greatest score of a wrong answer: it still ends or not, runs on or not."""
# Weights of the style's merits. They sum to 1.
DIRECT, SHORT, IN_TONE, ENDS = 0.25, 0.3, 0.25, 0.2
TOLERATED_WORDS = 16
"""Words beyond the reference at which nothing is left for being short."""
LONGEST, SLACK = 3, 12
"""An answer of more words than `LONGEST` references and `SLACK` lists instead of answering."""
ECHO = 4
"""Words of a question that an answer echoes at least; "hello" may be answered by "hello"."""
NOISE = 0.1
"""Chance that two neighbours of a ranking change places: people agree on about three of four pairs
(Ouyang et al. 2022, 3.4: 73 to 77 %)."""

ELSEWHERE = (
    ("don't know", "do not know"),
    ("pass this on", "pass it on", "pass you on", "pass your"),
)
"""Admitting and handing over: right answers to some questions, and wrong to all others."""
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)(?<![\"“])\b[A-Z][a-z]+\b")


def score(question: ShopQuestion, answer: ModelAnswer) -> float:
    """Score an answer in [0, 1]; an empty answer and a copy of the question score 0."""
    text = answer.text.strip().replace("’", "'")
    if not text or text.casefold() == question.turn.question.strip().casefold():
        return 0.0
    style = (
        DIRECT * is_direct(question, text)
        + SHORT * shortness(question, text)
        + IN_TONE * tone_kept(question, text)
        + ENDS * answer.ended
    )
    if is_right(question, text):
        return RIGHT + (1 - RIGHT) * style
    return WRONG_AT_MOST * style


def is_right(question: ShopQuestion, text: str) -> bool:
    """Tell whether all that is needed is said, nothing denied, nothing made up, no list."""
    turn = question.turn
    return (
        all(any(contains(text, one) for one in alternatives) for alternatives in turn.needed)
        and not any(contains(text, denied) for denied in turn.denied)
        and not any(contains(text, said) for said in _answers_of_other_topics(question))
        and not made_up(question, text)
        and not lists_everything(question, text)
        and not repeats_itself(text)
    )


def made_up(question: ShopQuestion, text: str) -> set[str]:
    """Return numbers, days and names of the answer that neither prompt nor question supports."""
    turn = question.turn
    told = f"{question.told} {turn.question} {turn.answer} {turn.asides} {' '.join(WARM)}"
    numbers = numbers_in(text) - numbers_in(told)
    known = told.casefold()
    # "Sundays" is told where "Sunday" is.
    names = {one for one in _NAME.findall(text) if one.casefold().removesuffix("s") not in known}
    return set(numbers) | names


def lists_everything(question: ShopQuestion, text: str) -> bool:
    """Tell whether the answer gives numbers or days beside the point, or is far too long."""
    turn = question.turn
    words = len(text.split())
    if words > LONGEST * len(turn.answer.split()) + SLACK:
        return True
    asked = f"{turn.question} {turn.answer} {turn.asides}"
    days = {day for day in DAYS if day in text and day.casefold() not in asked.casefold()}
    return len(days) > 1 or not numbers_in(text) <= numbers_in(asked)


def is_direct(question: ShopQuestion, text: str) -> bool:
    """Tell whether the answer does without the question's own words and without a preamble."""
    asked = question.turn.question.strip().casefold()
    echoes = len(asked.split()) >= ECHO and asked in text.casefold()
    return not echoes and not re.match(
        r"(as an? |i understand|thank you for (your question|asking)|great question|based on)",
        text.casefold(),
    )


def shortness(question: ShopQuestion, text: str) -> float:
    """Return 1 up to the reference's length, then fall to 0 word by word.

    Friendly closings are not counted in a warm shop: they must not cost what they earn.
    """
    beyond = _length(question, text) - _length(question, question.turn.answer)
    return min(1.0, max(0.0, 1 - beyond / TOLERATED_WORDS))


def tone_kept(question: ShopQuestion, text: str) -> float:
    """Return 1 for an answer in the tone of the shop, less where it is not.

    Warm: a friendly closing, where one fits. Plain: no such closing. Formal: neither that nor a
    contraction nor an exclamation mark.
    """
    closings = sum(text.count(phrase) for phrase in WARM)
    if question.tone == "warm":
        wanted = 1 if question.turn.warms else 0
        return 1.0 if closings == wanted else 0.5 if closings < wanted else 0.0
    if closings:
        return 0.0
    if question.tone == "formal":
        return float(not ("!" in text or any(contains(text, short) for short, _ in FORMAL)))
    return 1.0


def rank(
    question: ShopQuestion,
    answers: Sequence[ModelAnswer],
    random: Random,
    noise: float = NOISE,
    labeler: str = "gold",
) -> Ranking:
    """Order K answers by score, then make mistakes.

    Equal scores are tied. From the best down, each group changes places with the next with
    probability `noise`.
    """
    scores = [score(question, answer) for answer in answers]
    texts = [answer.text for answer in answers]
    return rank_by(scores, question.conversation, texts, noise, random, labeler)


def agreement(
    question: ShopQuestion, answers: Sequence[ModelAnswer], ranking: Ranking
) -> tuple[int, int]:
    """Count the pairs of a ranking that the score orders alike, and all its pairs."""
    return agreement_with([score(question, answer) for answer in answers], ranking)


def _length(question: ShopQuestion, text: str) -> int:
    if question.tone == "warm":
        for phrase in WARM:
            text = text.replace(phrase, "", 1)
    return len(text.split())


def _answers_of_other_topics(question: ShopQuestion) -> list[str]:
    """Return phrases of admitting and handing over, unless the right answer does just that."""
    right = question.turn.answer
    return [
        phrase
        for phrases in ELSEWHERE
        if not any(contains(right, own) for own in phrases)
        for phrase in phrases
    ]
