"""Rankings, step 2 of InstructGPT (Ouyang et al. 2022, 3.1), loaded, merged and without repeats."""

import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from fledge.data.comparison_records import ranking_from
from fledge.data.records import Located, Skipped
from fledge.data.sources import Source, load_with
from fledge.errors import ConversationRefused
from fledge.feedback.records import ChatTurn, Ranking, Response

Key = tuple[tuple[ChatTurn, ...], str | None]

_log = logging.getLogger(__name__)


def load_rankings(
    paths: Source | Iterable[Source],
    skip_bad: bool = False,
    skipped: Skipped | None = None,
    keep_ties: bool = False,
    check: Callable[[Ranking], object] | None = None,
) -> list[Ranking]:
    """Read rankings of any preference format; pairs of one prompt become K-way rankings.

    A ranking of tied answers has no pair to learn from. It is left out, with a line in the log,
    unless `keep_ties`. `check` is called with the ranking of every record, before pairs are
    joined; a `ConversationRefused` that it raises is the record's error.

    Raises:
        RecordError: a record is not a comparison, or refused, unless bad records are skipped.
        DataError: a file cannot be read, or nothing is left.
    """
    loaded = load_with(paths, _checked_by(check), skip_bad, skipped, kind="rankings")
    rankings = merge_pairs(without_repeats(loaded))
    if keep_ties:
        return rankings
    decided = [ranking for ranking in rankings if len(ranking.ranking) > 1]
    if len(decided) < len(rankings):
        _log.info("%d rankings of tied answers left out", len(rankings) - len(decided))
    return decided


def without_repeats(rankings: Iterable[Ranking]) -> list[Ranking]:
    """Keep each judgement of a labeler once; those of other labelers and contradictions stay."""
    first: dict[object, Ranking] = {}
    for ranking in rankings:
        first.setdefault(_judgement(ranking), ranking)
    return list(first.values())


def merge_pairs(rankings: Sequence[Ranking]) -> list[Ranking]:
    """Join the pairs of one prompt and labeler into a K-way ranking where that changes no loss.

    K answers of one prompt belong in one batch element (Ouyang et al. 2022, 3.5). They are joined
    if their pairs are exactly those of some ranking with ties. With a cycle, a contradiction or a
    pair that only follows from others, the pairs stay as they are.
    """
    groups: dict[Key, list[Ranking]] = defaultdict(list)
    order: list[Ranking | Key] = []
    for ranking in rankings:
        if len(ranking.responses) > 2 or len(ranking.ranking) < 2:
            order.append(ranking)
            continue
        key = (ranking.prompt, ranking.labeler)
        if key not in groups:
            order.append(key)
        groups[key].append(ranking)
    merged: list[Ranking] = []
    for place in order:
        merged += [place] if isinstance(place, Ranking) else _joined(groups[place])
    return merged


def _checked_by(check: Callable[[Ranking], object] | None) -> Callable[[Located], Ranking]:
    def read(record: Located) -> Ranking:
        ranking = ranking_from(record)
        if check is not None:
            try:
                check(ranking)
            except ConversationRefused as error:
                raise record.refused(error) from error
        return ranking

    return read


def _joined(pairs: list[Ranking]) -> list[Ranking]:
    """Return one ranking of all answers in `pairs`, or the pairs themselves."""
    beats = dict.fromkeys(_contents(pair) for pair in pairs)
    answers = list(dict.fromkeys(itertools.chain.from_iterable(beats)))
    better = {answer: sum(worse == answer for _, worse in beats) for answer in answers}
    ranked = {(a, b) for a in answers for b in answers if better[a] < better[b]}
    if len(pairs) == 1 or ranked != beats.keys():
        return pairs
    answers.sort(key=better.__getitem__)
    ids = {answer: str(number) for number, answer in enumerate(answers, start=1)}
    tiers = itertools.groupby(answers, key=better.__getitem__)
    return [
        Ranking(
            prompt=pairs[0].prompt,
            responses=tuple(Response(id=id_, content=answer) for answer, id_ in ids.items()),
            ranking=tuple(tuple(ids[answer] for answer in tier) for _, tier in tiers),
            labeler=pairs[0].labeler,
        )
    ]


def _contents(pair: Ranking) -> tuple[str, str]:
    """Return the better and the worse answer of a two-way ranking."""
    (better, worse), text = pair.ranking, {r.id: r.content for r in pair.responses}
    return text[better[0]], text[worse[0]]


def _judgement(ranking: Ranking) -> object:
    """Return the key of equal rankings: prompt, answers, their order and labeler."""
    text = {response.id: response.content for response in ranking.responses}
    tiers = tuple(tuple(sorted(text[id_] for id_ in group)) for group in ranking.ranking)
    return ranking.prompt, tiers, ranking.labeler
