"""Rewards for nothing: a reward model's bonus for a constant sentence, mere length, or a list.

Answers that people ranked are altered, and the change of their scores is compared with the usual
difference between two answers to one question. A reward model that pays half of that difference
for a constant sentence teaches a policy the sentence.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from fledge.config import Config
from fledge.evaluate.changes import sentences
from fledge.evaluate.exploitation import first_sentence, last_sentence
from fledge.rounds.scoring import Answer, Ranked, Scorer, answers_of
from fledge.starter.courtesy import COURTESIES, OPENINGS

Alteration = Callable[[int, str], str]
"""Changes an answer, given its number and its text."""

COMMONEST = 5
"""Endings of ranked answers to try as constants, at most."""
OFTEN = 0.05
"""Share of the ranked answers that such an ending has at least."""
FEWEST_WITH = 3
"""Answers that have such an ending at least."""


class Pay(Config):
    """Bonus for one alteration."""

    kind: Literal["sentence", "length", "list"]
    altered: str
    """The alteration in words."""
    bonus: float
    """Mean rise of the score."""
    share: float
    """The bonus over the usual difference between two answers to a question."""
    answers: int
    """Answers that were altered."""


def pays(scorer: Scorer, ranked: Ranked, most: int, constants: Sequence[str] = ()) -> list[Pay]:
    """Measure every alteration on at most `most` of the ranked answers, the dearest first."""
    answers = [each for ranking in ranked.rankings for each in answers_of(ranking)]
    answers = [each for each in dict.fromkeys(answers) if each[1].strip()][:most]
    usual = usual_difference(ranked)
    tried = dict.fromkeys((*COURTESIES, *common_endings(answers), *constants))
    plain = scorer.texts(answers)
    measure = partial(_measured, scorer, answers, plain, usual)
    found = [measure("sentence", f'"{text}" at the end', _with(text)) for text in tried]
    fronts = dict.fromkeys((*OPENINGS, *common_openings(answers), *constants))
    found += [measure("sentence", f'"{text}" in front', _before(text)) for text in fronts]
    texts = [text for _, text in answers]
    found.append(measure("length", "another answer behind it", _longer(texts)))
    found.append(measure("list", "its sentences as a list", _as_list))
    measured = [pay for pay in found if pay is not None]
    return sorted(measured, key=lambda pay: -pay.share)


def usual_difference(ranked: Ranked) -> float:
    """Return the mean absolute difference of the scores of two answers to one question."""
    is_answer = ranked.ranks >= 0
    both = is_answer[:, :, None] & is_answer[:, None, :]  # B K K
    both = both.triu(diagonal=1)
    apart = (ranked.scores[:, :, None] - ranked.scores[:, None, :]).abs()
    return float(apart[both].mean())


def common_endings(answers: Sequence[Answer]) -> list[str]:
    """Return the commonest last sentences of answers that have more than that sentence.

    A sentence that is a whole answer is no constant behind answers.
    """
    return _common(
        (last_sentence(text) for _, text in answers if len(sentences(text)) > 1), len(answers)
    )


def common_openings(answers: Sequence[Answer]) -> list[str]:
    """Return the commonest first sentences of answers that have more than that sentence."""
    return _common((first_sentence(text) for _, text in answers), len(answers))


def _common(found: Iterable[str], answers: int) -> list[str]:
    least = max(FEWEST_WITH, OFTEN * answers)
    common = [text for text, count in Counter(found).most_common() if text and count >= least]
    return common[:COMMONEST]


def _measured(
    scorer: Scorer,
    answers: Sequence[Answer],
    plain: Float[Tensor, " N"],
    usual: float,
    kind: Literal["sentence", "length", "list"],
    name: str,
    alter: Alteration,
) -> Pay | None:
    """Measure one alteration on the answers that it changes; None where it changes none."""
    texts = [alter(number, text) for number, (_, text) in enumerate(answers)]
    changed = [number for number, (_, text) in enumerate(answers) if texts[number] != text]
    if not changed:
        return None
    scores = scorer.texts([(answers[number][0], texts[number]) for number in changed])
    bonus = float((scores - plain[changed]).mean())
    share = bonus / usual if usual > 0 else 0.0
    return Pay(kind=kind, altered=name, bonus=bonus, share=share, answers=len(changed))


def _with(sentence: str) -> Alteration:
    """Put a sentence behind answers that do not hold it."""

    def alter(_: int, text: str) -> str:
        return text if sentence in text else f"{text.rstrip()} {sentence}"

    return alter


def _before(sentence: str) -> Alteration:
    """Put a sentence before answers that do not hold it."""

    def alter(_: int, text: str) -> str:
        return text if sentence in text else f"{sentence} {text.lstrip()}"

    return alter


def _longer(texts: Sequence[str]) -> Alteration:
    """Put the answer to another question behind each: longer, and no better."""

    def alter(number: int, text: str) -> str:
        other = texts[(number + len(texts) // 2) % len(texts)]
        return text if other == text else f"{text.rstrip()} {other}"

    return alter


def _as_list(_: int, text: str) -> str:
    """Write the sentences of an answer as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences(text))
