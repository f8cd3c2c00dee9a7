"""Limits that two servers count together in one database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from databases import Clock, together
from fledge.database import Database
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.tables import Holdings
from fledge.errors import DatabaseUnavailable
from fledge.serve.people.admission import Admission, Answers
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.limits import LimitReached, LimitScope, Used
from fledge.serve.people.shared_counts import SharedCounts


def scope(id_: str = "a", **limits: int) -> LimitScope:
    none = dict.fromkeys(
        ("requests_per_minute", "tokens_per_minute", "concurrent_streams", "daily_tokens")
    )
    return LimitScope(id=id_, whose="This account", **{"tokens_today": 0, **none, **limits})


@pytest.fixture
def servers(url: str, clock: Clock) -> Iterator[tuple[Database, Database]]:
    opened = tuple(Database(Transactions(connect(parse_url(url))), clock) for _ in range(2))
    for each in opened:
        each.servers.join()
    yield opened
    for each in opened:
        each.close()


@pytest.fixture
def limiters(servers: tuple[Database, Database], clock: Clock) -> tuple[Limiter, Limiter]:
    here, there = (Limiter(clock, SharedCounts(each.limits)) for each in servers)
    return here, there


def test_requests_are_counted_together(limiters: tuple[Limiter, Limiter]) -> None:
    here, there = limiters
    limited = [scope(requests_per_minute=5)]
    for limiter in (here, there, here, there, there):
        limiter.count(limited)
    for limiter in limiters:
        with pytest.raises(LimitReached, match="5 requests per minute"):
            limiter.count(limited)


def test_requests_of_one_moment_are_counted_one_by_one(limiters: tuple[Limiter, Limiter]) -> None:
    limited = [scope("a", requests_per_minute=5), scope("b", requests_per_minute=9)]

    def count(limiter: Limiter) -> bool:
        try:
            limiter.count(limited)
        except LimitReached:
            return False
        return True

    results = together(*(lambda each=each: count(each) for each in limiters * 4))
    assert results.count(True) == 5


def test_answers_in_progress_are_held_against_both(limiters: tuple[Limiter, Limiter]) -> None:
    here, there = limiters
    limited = [scope(concurrent_streams=2, daily_tokens=200)]
    first = here.admit(limited, 10, Answers(1, 90))
    there.admit(limited, 10, Answers(1, 60, is_named=False))
    with pytest.raises(LimitReached, match="2 answers in progress"):
        here.admit(limited, 1)
    first.close(40)
    assert here.used(limited[0]).streams == 1, "at once on its own server"
    with pytest.raises(LimitReached, match="Answers in progress hold 70 more"):
        here.admit(limited, 10, Answers(1, 71))
    here.flush()
    assert there.used(limited[0]) == Used(requests=0, tokens=60, streams=1, tokens_today=50)


def test_an_answer_is_charged_on_both_once(limiters: tuple[Limiter, Limiter]) -> None:
    here, there = limiters
    limited = scope(tokens_per_minute=100, daily_tokens=100)
    here.admit([limited], 10, Answers(1, 50)).close(30)
    here.flush()
    here.flush()
    assert there.used(limited).tokens == 40
    with pytest.raises(LimitReached, match="has used 40"):
        there.admit([limited], 61)
    there.admit([scope(daily_tokens=100, tokens_today=40)], 60)


def test_a_server_that_is_gone_holds_nothing(
    limiters: tuple[Limiter, Limiter], servers: tuple[Database, Database]
) -> None:
    here, there = limiters
    limited = [scope(concurrent_streams=1)]
    there.admit(limited, 10)
    with pytest.raises(LimitReached):
        here.admit(limited, 10)
    beats = servers[0].servers.beat().others
    servers[0].servers.remove(beats)
    here.admit(limited, 10).close()
    here.flush()
    with servers[0].transactions.read() as connection:
        assert connection.scalars(select(Holdings.scope)).all() == []


def test_a_database_that_is_away_loses_no_end_of_an_answer(
    limiters: tuple[Limiter, Limiter],
    servers: tuple[Database, Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = limiters
    limited = scope(concurrent_streams=1, tokens_per_minute=100)
    admission: Admission = here.admit([limited], 10)

    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(servers[0].limits, "_keep", away)
        admission.close(20)
        for work in (here.flush, lambda: here.admit([limited], 1)):
            with pytest.raises(DatabaseUnavailable):
                work()
    here.flush()
    assert there.used(limited) == Used(requests=0, tokens=30, streams=0, tokens_today=0)
    there.admit([limited], 70)


def test_windows_that_nobody_uses_are_purged(
    limiters: tuple[Limiter, Limiter], servers: tuple[Database, Database]
) -> None:
    limiters[0].count([scope(requests_per_minute=5)])
    assert servers[0].limits.purge(0) == 0
    assert servers[0].limits.purge(2**31 - 1) == 1
