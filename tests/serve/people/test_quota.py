"""What a request costs: counted when it comes, charged once its answer has ended."""

from collections.abc import Iterator

import pytest

from databases import Clock, person
from fledge.database.temporary import TemporaryDatabase
from fledge.serve.people.allowances import Allowances
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.limits import LimitReached
from fledge.serve.people.metering import Meter
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.people.settings import LiveSettings


class Desk:
    """A quota, and a person whose limits are looked up anew for each request."""

    def __init__(self, database: TemporaryDatabase, clock: Clock) -> None:
        self.database = database
        self.settings = LiveSettings(database.settings)
        meter = Meter(database.usage, clock)
        self.quota = Quota(Limiter(clock), meter)
        self.allowances = Allowances(meter, self.settings)
        self.id = person(database)

    def ada(self) -> Person:
        account = self.database.accounts.get(self.id)
        return Person(account, None, None, self.allowances.of(account, None))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    clock = Clock()
    clock.now = 1_750_000_020.0  # a whole number of minutes
    monkeypatch.setattr("time.time", clock)
    database = TemporaryDatabase(clock)
    yield Desk(database, clock)
    database.close()


def test_an_answer_is_charged_once_to_its_person_and_model(desk: Desk) -> None:
    with desk.quota.count(desk.ada()).admit("tiny", 10) as admission:
        close = admission.keep()
    assert desk.database.usage.tokens_today(desk.id) == 0
    close(7)
    close(7)
    desk.quota.flush()
    (row,) = desk.database.usage.of(desk.id, since="")
    assert (row.model, row.key_id, row.requests) == ("tiny", "", 1)
    assert (row.prompt_tokens, row.completion_tokens) == (10, 7)


def test_a_request_that_is_counted_only_is_no_usage(desk: Desk) -> None:
    desk.quota.count(desk.ada())
    desk.quota.flush()
    assert desk.database.usage.of(desk.id, since="") == []
    (scope,) = desk.ada().limits
    assert desk.quota.used(scope).requests == 1


def test_a_failure_before_the_answer_charges_what_was_read(desk: Desk) -> None:
    with pytest.raises(RuntimeError), desk.quota.count(desk.ada()).admit("tiny", 10):
        raise RuntimeError
    desk.quota.flush()
    (row,) = desk.database.usage.of(desk.id, since="")
    assert (row.prompt_tokens, row.completion_tokens) == (10, 0)
    (scope,) = desk.ada().limits
    assert desk.quota.used(scope).streams == 0


def test_a_refused_request_is_charged_nothing(desk: Desk) -> None:
    desk.database.accounts.change(desk.id, tokens_per_minute=5)
    with pytest.raises(LimitReached):
        desk.quota.count(desk.ada()).admit("tiny", 6)
    desk.quota.flush()
    assert desk.database.usage.of(desk.id, since="") == []


def test_changed_settings_hold_for_the_next_request_and_after_a_restart(desk: Desk) -> None:
    desk.settings.change({"requests_per_minute": 1})
    desk.quota.count(desk.ada())
    with pytest.raises(LimitReached, match="1 request per minute"):
        desk.quota.count(desk.ada())
    assert LiveSettings(desk.database.settings).current.requests_per_minute == 1
