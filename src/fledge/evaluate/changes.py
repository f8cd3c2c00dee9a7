"""Changes by PPO in a model's answers: merits apart, constant sentences, variety, new phrases."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from fledge.config import Config
from fledge.evaluate.answers import Answered
from fledge.starter.courtesy import COURTESIES
from fledge.starter.gold import completeness, gold_score, manners, shortness
from fledge.starter.writers import is_valid

LISTED = 10
"""Sentences listed as likelier, at most."""
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


class Merits(Config):
    """Means of what the gold rule looks at, each in [0, 1] but for `polite`."""

    right: float
    """Share of answers with an accepted wording."""
    complete: float
    """Share of a complete answer's pieces."""
    polite: float
    """From -1, a courtesy that does not fit, to 1, one that fits."""
    short: float
    """1 up to the longest full wording plus a courtesy."""
    ends: float
    """Share of answers that end by themselves."""


class LikelierSentence(Config):
    """A sentence that more of the answers have after PPO."""

    sentence: str
    before: float
    """Share of the SFT model's answers with it."""
    after: float
    """Share of the answers after PPO with it."""


class ChangesCard(Config):
    """Changes by PPO, on sampled answers of both models to the same prompts."""

    merits: dict[str, Merits]
    """Merits by model: sft, ppo."""
    constant: str
    """The sentence that, put before or behind every SFT answer, raises the gold score most."""
    constant_share: float | None
    """Share of PPO's gain that this sentence alone would bring; None where PPO gained nothing."""
    distinct: dict[str, float]
    """Different answers over all answers, by model."""
    likelier: list[LikelierSentence]
    """Sentences that became more frequent, the most gained first."""


def changes(before: Sequence[Answered], after: Sequence[Answered]) -> ChangesCard:
    """Compare answers of the SFT model with those after PPO, prompt by prompt."""
    gain = fmean(each.gold for each in after) - fmean(each.gold for each in before)
    risen = likelier(before, after)
    constant, bought = best_constant(before, [each.sentence for each in risen])
    return ChangesCard(
        merits={"sft": merits(before), "ppo": merits(after)},
        constant=constant if bought > 0 else "",
        constant_share=max(0.0, bought) / gain if gain > 0 else None,
        distinct={"sft": distinct(before), "ppo": distinct(after)},
        likelier=risen,
    )


def merits(answered: Sequence[Answered]) -> Merits:
    """Return the mean of each merit."""
    texts = [(each.task, each.answer.text) for each in answered]
    return Merits(
        right=fmean(is_valid(task, text) for task, text in texts),
        complete=fmean(completeness(task, text) for task, text in texts),
        polite=fmean(manners(task, text) for task, text in texts),
        short=fmean(shortness(task, text) for task, text in texts),
        ends=fmean(each.answer.ended for each in answered),
    )


def best_constant(before: Sequence[Answered], found: Sequence[str]) -> tuple[str, float]:
    """Return the constant sentence that raises the gold score of the SFT answers most, and by what.

    Tried are all courtesies and the sentences `found`, before and behind an answer.
    """
    level = fmean(each.gold for each in before)
    gains = {
        sentence: max(fmean(_with(each, sentence, place) for each in before) for place in (0, 1))
        - level
        for sentence in dict.fromkeys((*COURTESIES, *found))
    }
    best = max(gains, key=lambda sentence: gains[sentence])
    return best, gains[best]


def distinct(answered: Sequence[Answered]) -> float:
    """Return the number of different answers over that of all, in (0, 1]."""
    return len({each.answer.text.strip() for each in answered}) / len(answered)


def likelier(before: Sequence[Answered], after: Sequence[Answered]) -> list[LikelierSentence]:
    """Return the sentences whose share of the answers rose most, at most ten."""
    old, new = _shares(before), _shares(after)
    risen = sorted(new, key=lambda sentence: old[sentence] - new[sentence])
    return [
        LikelierSentence(sentence=sentence, before=old[sentence], after=new[sentence])
        for sentence in risen[:LISTED]
        if new[sentence] > old[sentence]
    ]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each once."""
    return list(dict.fromkeys(each.strip() for each in _SENTENCE.findall(text) if each.strip()))


def _shares(answered: Sequence[Answered]) -> defaultdict[str, float]:
    counted = Counter(one for each in answered for one in sentences(each.answer.text))
    return defaultdict(float, {one: count / len(answered) for one, count in counted.items()})


def _with(each: Answered, sentence: str, place: int) -> float:
    """Return the gold score of an answer with a sentence in front (0) or behind (1)."""
    text = f"{sentence} {each.answer.text}" if place == 0 else f"{each.answer.text} {sentence}"
    return gold_score(each.task, replace(each.answer, text=text))
