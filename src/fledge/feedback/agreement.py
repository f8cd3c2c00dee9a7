"""Agreement of people: a report on the rankings and ratings of all, and on each person."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fledge.feedback.alpha import krippendorff_alpha
from fledge.feedback.judgement_tables import Judgements, Row, columns, last_of_each
from fledge.feedback.pairwise import PairwiseAgreement, pairwise_agreement
from fledge.feedback.records import Ranking, Rating
from fledge.feedback.resampling import Estimate, Indices, Numbers, Resampling


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: the share of labels that raise it, and its nominal alpha."""

    share: float
    alpha: Estimate | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person's work; `seconds` is the median of a task."""

    tasks: int
    agreement: Estimate | None
    gold: Estimate | None
    num_gold: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Report on the judgements of several people.

    `orders` has the ordinal alpha of ranks by the number of answers ranked, `ratings` that of
    marks. `gold` is the share of known orders and marks that people gave. `seconds` are the
    quartiles of a task's time.
    """

    num_records: int
    num_unnamed: int
    num_prompts: int
    pairs: PairwiseAgreement
    orders: dict[int, Estimate | None]
    ratings: Estimate | None
    flags: dict[str, Flag]
    gold: Estimate | None
    num_gold: int
    seconds: tuple[float, float, float] | None
    people: dict[str, Person]


def agreement(records: Iterable[Ranking | Rating], seed: int = 0) -> Agreement:
    """Measure agreement; intervals come from redrawn prompts, the same with the same `seed`."""
    judgements = Judgements(records)
    resampling = Resampling(len(judgements.prompts), seed)
    pairs = pairwise_agreement(judgements, resampling)
    all_seconds = np.array([seconds for _, seconds in judgements.seconds])
    quartiles = np.percentile(all_seconds, (25, 50, 75)) if len(all_seconds) else None
    return Agreement(
        num_records=judgements.num_records,
        num_unnamed=judgements.num_unnamed,
        num_prompts=len(judgements.prompts),
        pairs=pairs,
        orders={
            size: _alpha_of_orders(judgements, size, resampling)
            for size in sorted(judgements.orders)
        },
        ratings=_alpha_of_marks(judgements, resampling),
        flags=_flags(judgements, resampling),
        gold=_gold(judgements.gold, resampling),
        num_gold=len(judgements.gold),
        seconds=None if quartiles is None else tuple(map(float, quartiles)),  # type: ignore[arg-type]
        people=_people(judgements, pairs, resampling),
    )


def mid_ranks(ranks: Indices) -> Numbers:
    """Return the place of each answer in a row of ranks, from 1; tied answers share a mean."""
    others, own = ranks[:, None, :], ranks[:, :, None]
    places: Numbers = (others < own).sum(axis=2) + ((others == own).sum(axis=2) + 1) / 2
    return places


def _alpha_of_orders(judgements: Judgements, size: int, resampling: Resampling) -> Estimate | None:
    """Return the ordinal alpha of ranks; ranks compare only within the same set of answers."""
    rows = columns(judgements.orders[size], 3 + size)
    sets = columns(judgements.sets[size], size)
    rows = rows[last_of_each(rows[:, 2] * len(judgements.people) + rows[:, 1])]
    units = rows[:, 2:3] * size + np.arange(size)
    prompts = np.array(judgements.prompt_of_answer, np.int64)[sets[:, 0]][rows[:, 2]]
    groups = np.repeat(resampling.group_of[prompts], size)
    values = mid_ranks(rows[:, 3:])
    return krippendorff_alpha(units.ravel(), groups, values.ravel(), "ordinal", resampling)


def _alpha_of_marks(judgements: Judgements, resampling: Resampling) -> Estimate | None:
    rows = _last_labels(judgements, judgements.marks)
    groups = _groups_of_answers(judgements, rows[:, 1], resampling)
    return krippendorff_alpha(rows[:, 1], groups, rows[:, 2].astype(float), "ordinal", resampling)


def _flags(judgements: Judgements, resampling: Resampling) -> dict[str, Flag]:
    names = sorted({name for _, _, raised in judgements.flags for name in raised})
    rows = _last_labels(
        judgements,
        [(person, answer, row) for row, (person, answer, _) in enumerate(judgements.flags)],
    )
    groups = _groups_of_answers(judgements, rows[:, 1], resampling)
    report = {}
    for name in names:
        raised = np.array([name in judgements.flags[row][2] for row in rows[:, 2]], float)
        alpha = krippendorff_alpha(rows[:, 1], groups, raised, "nominal", resampling)
        report[name] = Flag(float(raised.mean()), alpha)
    return report


def _last_labels(judgements: Judgements, labels: list[Row]) -> Indices:
    """Return rows (person, answer, label), the later of two labels of one person."""
    rows = columns(labels, 3)
    return rows[last_of_each(rows[:, 1] * len(judgements.people) + rows[:, 0])]


def _groups_of_answers(judgements: Judgements, answers: Indices, resampling: Resampling) -> Indices:
    prompts = np.array(judgements.prompt_of_answer, np.int64)
    return resampling.group_of[prompts[answers]] if len(answers) else answers


def _gold(rows: list[tuple[int, int, float]], resampling: Resampling) -> Estimate | None:
    """Return the share that is right, of rows (person, prompt, right)."""
    groups = resampling.group_of[[prompt for _, prompt, _ in rows]] if rows else np.array([], int)
    right = np.array([each for _, _, each in rows], float)
    return resampling.share(groups, right, np.ones(len(rows)))


def _people(
    judgements: Judgements, pairs: PairwiseAgreement, resampling: Resampling
) -> dict[str, Person]:
    gold: dict[int, list[tuple[int, int, float]]] = {}
    seconds: dict[int, list[float]] = {}
    for row in judgements.gold:
        gold.setdefault(row[0], []).append(row)
    for person, spent in judgements.seconds:
        seconds.setdefault(person, []).append(spent)
    return {
        str(name): Person(
            tasks=judgements.tasks[person],
            agreement=pairs.by_person[person],
            gold=_gold(gold.get(person, []), resampling),
            num_gold=len(gold.get(person, [])),
            seconds=float(np.median(seconds[person])) if person in seconds else None,
        )
        for name, person in sorted(judgements.people.known.items(), key=lambda one: str(one[0]))
    }
