"""Gold tasks: tasks with a known answer, mixed in to see how well a labeller works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from fledge.feedback.judgements import Judgement

BLOCK = 20
"""Turns over which the share of gold tasks is kept."""
RATING_TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Gold:
    """Known order of answers, best group first, or known ratings; one of the two is empty."""

    ranking: tuple[tuple[str, ...], ...] = ()
    ratings: Mapping[str, int] | None = None

    def record(self) -> dict[str, object]:
        """Return the gold as JSON."""
        if self.ratings is not None:
            return {"ratings": dict(self.ratings)}
        return {"ranking": [list(group) for group in self.ranking]}


def gold_from(record: Mapping[str, object]) -> Gold:
    """Read a gold as `Gold.record` writes it."""
    ratings, ranking = record.get("ratings"), record.get("ranking")
    if isinstance(ratings, dict):
        return Gold(ratings=ratings)
    assert isinstance(ranking, list)
    return Gold(ranking=tuple(tuple(group) for group in ranking))


def is_gold_turn(seed: str, turn: int, percent: int) -> bool:
    """Return whether a labeller's task number `turn`, counted from 0, should be a gold task.

    Each block of turns has its share of them, at places that only the seed tells.
    """
    block, place = divmod(turn, BLOCK)
    before, after = (number * BLOCK * percent // 100 for number in (block, block + 1))

    def drawn(each: int) -> bytes:
        return sha256(f"{seed}\n{block}\n{each}".encode()).digest()

    return place in sorted(range(BLOCK), key=drawn)[: after - before]


def gold_score(gold: Gold, judgement: Judgement) -> float:
    """Return the share of the gold that a judgement agrees with, from 0 to 1.

    Of a ranking, pairs are counted, and a tie where the gold has an order is half right. A rating
    is right within one step.
    """
    if gold.ratings is not None:
        return _mean(
            [
                float(abs(judgement.ratings[answer] - rating) <= RATING_TOLERANCE)
                for answer, rating in gold.ratings.items()
            ]
        )
    rank = {answer: rank for rank, group in enumerate(judgement.ranking) for answer in group}
    return _mean([_agreed(rank[better], rank[worse]) for better, worse in pairs_of(gold.ranking)])


def pairs_of(ranking: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return every better and worse answer of a ranking; ties give none."""
    return [
        (better, worse)
        for rank, group in enumerate(ranking)
        for better in group
        for lower in ranking[rank + 1 :]
        for worse in lower
    ]


def _agreed(better: int, worse: int) -> float:
    if better == worse:
        return 0.5
    return float(better < worse)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
