"""Pairwise agreement: how often two people order the same two answers alike."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fledge.feedback.judgement_tables import Judgements, columns, last_of_each
from fledge.feedback.resampling import Estimate, Indices, Numbers, Resampling, ratio


@dataclass(frozen=True, slots=True)
class PairwiseAgreement:
    """Shares of pairs of judgements that agree.

    In `agreement`, two ties agree, and a tie agrees by half with an order. `strict` leaves out
    pairs that one of the two tied. `num_pairs` counts the pairs of answers that two people judged.
    """

    agreement: Estimate | None
    strict: Estimate | None
    num_pairs: int
    by_person: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True)
class OrderedPairs:
    """One row for each person and pair of answers: the pair, and who was better (-1, 0 or 1)."""

    pair: Indices
    person: Indices
    sign: Indices
    prompt_of_pair: Indices


def pairwise_agreement(judgements: Judgements, resampling: Resampling) -> PairwiseAgreement:
    """Compare all orders of the same two answers, of all people with all others."""
    pairs = ordered_pairs(judgements)
    width = len(pairs.prompt_of_pair)
    first, tied, second = (
        np.bincount(pairs.pair[pairs.sign == sign], minlength=width).astype(float)
        for sign in (-1, 0, 1)
    )
    groups = resampling.group_of[pairs.prompt_of_pair]
    same = _twos(first) + _twos(second)
    total = first + tied + second
    alike = same + _twos(tied) + tied * (first + second) / 2
    return PairwiseAgreement(
        agreement=resampling.share(groups, alike, _twos(total)),
        strict=resampling.share(groups, same, _twos(first + second)),
        num_pairs=int((total > 1).sum()),
        by_person=_by_person(pairs, np.stack([first, tied, second]), resampling, judgements),
    )


def ordered_pairs(judgements: Judgements) -> OrderedPairs:
    """Return what everybody said of every two answers; the later of two judgements counts."""
    parts = [_pairs_of(judgements, size) for size in sorted(judgements.orders)]
    rows = np.concatenate([*parts, np.empty((0, 5), np.int64)])
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    keys, pair = np.unique(rows[:, 2] * len(judgements.answers) + rows[:, 3], return_inverse=True)
    kept = last_of_each(pair * len(judgements.people) + rows[:, 1])
    prompts = np.array(judgements.prompt_of_answer, np.int64)
    answers = keys // max(1, len(judgements.answers))
    return OrderedPairs(
        pair=pair[kept],
        person=rows[kept, 1],
        sign=rows[kept, 4],
        prompt_of_pair=prompts[answers] if len(answers) else answers,
    )


def _pairs_of(judgements: Judgements, size: int) -> Indices:
    """Return rows (record, person, answer, other answer, sign) of all orders of `size` answers."""
    rows = columns(judgements.orders[size], 3 + size)
    sets = columns(judgements.sets[size], size)[rows[:, 2]]
    ranks = rows[:, 3:]
    parts = [
        np.column_stack(
            [rows[:, :2], sets[:, one], sets[:, other], np.sign(ranks[:, one] - ranks[:, other])]
        )
        for one, other in combinations(range(size), 2)
    ]
    return np.concatenate(parts)


def _by_person(
    pairs: OrderedPairs, counts: Numbers, resampling: Resampling, judgements: Judgements
) -> tuple[Estimate | None, ...]:
    """Return the agreement of each person with the others on the same pairs."""
    _, tied, _ = counts[:, pairs.pair]
    same = counts[pairs.sign + 1, pairs.pair] - 1
    total = counts.sum(axis=0)[pairs.pair] - 1
    half = np.where(pairs.sign == 0, total - same, tied) / 2
    groups = resampling.group_of[pairs.prompt_of_pair[pairs.pair]]
    width = len(judgements.people)
    agreeing, of = (
        resampling.grouped(groups, pairs.person, amounts, width) for amounts in (same + half, total)
    )
    shares = ratio(resampling.weights @ agreeing, resampling.weights @ of)
    sources = (of > 0).sum(axis=0)
    return tuple(
        resampling.estimate(shares[:, person], int(sources[person])) for person in range(width)
    )


def _twos(count: Numbers) -> Numbers:
    """Return the number of pairs among `count` things."""
    return count * (count - 1) / 2
