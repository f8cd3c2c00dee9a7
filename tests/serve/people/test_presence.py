"""A server among others: it beats, notices the dead, and is not misled by clocks or outages."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from databases import person
from fledge.database import Database, open_database
from fledge.database.servers import Beat, OwnRun, ServerStore
from fledge.errors import Conflict, DatabaseUnavailable
from fledge.serve.people.presence import Presence


class Steady:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Fleet(ServerStore):
    """A store of which the test says what the others do."""

    def __init__(self) -> None:
        self.id = "me"
        self.others: dict[str, int] = {}
        self.removed: list[Mapping[str, int]] = []
        self.is_away = False

    def beat(self) -> Beat:
        if self.is_away:
            raise DatabaseUnavailable("away")
        return Beat(dict(self.others), (OwnRun("mine", False),))

    def remove(self, dead: Mapping[str, int]) -> int:
        self.removed.append(dead)
        for id_ in dead:
            del self.others[id_]
        return 0


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


def presence(fleet: Fleet, clock: Steady) -> Presence:
    return Presence(fleet, clock=clock, dead_seconds=10.0)


def test_a_heart_that_stands_still_is_of_a_dead_server(fleet: Fleet) -> None:
    clock = Steady()
    here = presence(fleet, clock)
    for second in range(0, 40, 2):
        clock.now = float(second)
        fleet.others["alive"] = second
        if "still" in fleet.others or second == 0:
            fleet.others["still"] = 7
        here.beat()
        assert bool(fleet.removed) == (second >= 10)
    assert fleet.removed == [{"still": 7}]


def test_an_outage_of_the_database_kills_nobody(fleet: Fleet) -> None:
    clock = Steady()
    here = presence(fleet, clock)
    fleet.others["other"] = 1
    here.beat()
    fleet.is_away = True
    clock.now = 100.0
    here.beat()
    fleet.is_away = False
    here.beat()
    clock.now = 105.0
    here.beat()
    assert fleet.removed == []
    clock.now = 111.0
    here.beat()
    assert fleet.removed == [{"other": 1}]


def test_two_servers_that_remove_a_third_one_at_once_beat_on(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Steady()
    here = presence(fleet, clock)
    fleet.others["still"] = 7
    here.beat()
    clock.now = 10.0
    with monkeypatch.context() as patch:
        patch.setattr(fleet, "remove", crossed)
        here.beat()
    assert fleet.others
    here.beat()
    assert fleet.removed == [{"still": 7}]


def crossed(_: object) -> int:
    raise Conflict("another server wrote the same row")


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    opened = tuple(open_database(tmp_path / "fledge.db") for _ in range(2))
    yield opened
    for each in opened:
        each.close()


def test_each_server_hears_of_its_own_runs_and_leaves_none_behind(
    databases: tuple[Database, Database],
) -> None:
    here, there = databases
    ada = person(here)
    heard: list[tuple[OwnRun, ...]] = []
    mine = Presence(here.servers, beat_seconds=600.0)
    theirs = Presence(there.servers, beat_seconds=600.0)
    mine.start(lambda runs: heard.append(tuple(runs)))
    theirs.start(lambda _: None)
    chat = here.conversations.create(ada)
    run = here.runs.start(ada, chat.id, parent_id=None, model="tiny")
    theirs.beat()
    mine.beat()
    assert heard == [(OwnRun(run.id, False),)]
    theirs.stop()
    assert here.messages.get(ada, run.message_id).status == "running"
    mine.stop()
    assert there.messages.get(ada, run.message_id).status == "interrupted"
