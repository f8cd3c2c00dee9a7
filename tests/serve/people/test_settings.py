"""Settings that servers of one database share."""

from fledge.database import ServerSettings
from fledge.database.temporary import TemporaryDatabase
from fledge.serve.people.settings import LiveSettings


def test_settings_that_another_server_changed_hold_a_second_later() -> None:
    database = TemporaryDatabase()
    now = [0.0]
    here, there = (LiveSettings(database.settings, lambda: now[0]) for _ in range(2))
    there.change(ServerSettings(requests_per_minute=3))
    assert there.current.requests_per_minute == 3
    now[0] = 1.0
    assert here.current.requests_per_minute == 3
    database.close()
