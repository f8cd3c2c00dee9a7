"""Every author gets its share of each prompt and of all prompts."""

from collections import Counter
from itertools import combinations

import pytest

from fledge.errors import ConfigError
from fledge.tasks.assignment import assign


@pytest.mark.parametrize(("answers", "authors"), [(2, 4), (4, 3), (9, 2), (3, 3), (2, 9)])
def test_shares_differ_by_one_at_most(answers: int, authors: int) -> None:
    rows = assign(50, answers, [False] * authors, seed=0)
    for row in rows:
        counts = Counter(row)
        shares = [counts[author] for author in range(authors)]
        assert sum(shares) == answers and max(shares) - min(shares) <= 1
    total = Counter(author for row in rows for author in row)
    assert max(total.values()) - min(total[author] for author in range(authors)) <= 1


def test_every_two_authors_meet_about_equally_often() -> None:
    rows = assign(600, 2, [False] * 4, seed=0)
    met = Counter(tuple(sorted(row)) for row in rows)
    assert len(met) == 6 and all(70 < met[pair] < 130 for pair in combinations(range(4), 2))


def test_a_seed_fixes_it_and_later_prompts_change_nothing() -> None:
    few, more = (assign(count, 3, [False] * 5, seed=1) for count in (10, 20))
    assert few == more[:10]
    assert few != assign(10, 3, [False] * 5, seed=2)


def test_a_greedy_author_writes_one_answer_to_a_prompt() -> None:
    rows = assign(20, 6, [True, False], seed=0)
    assert all(row.count(0) == 1 and row.count(1) == 5 for row in rows)
    with pytest.raises(ConfigError, match="at most 2"):
        assign(1, 3, [True, True], seed=0)
