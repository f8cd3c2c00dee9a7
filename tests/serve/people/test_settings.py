"""Settings that servers of one database share."""

from sqlalchemy import insert

from fledge.database.tables import Settings
from fledge.database.temporary import TemporaryDatabase
from fledge.serve.people.settings import LiveSettings


def test_settings_that_another_server_changed_hold_a_second_later() -> None:
    database = TemporaryDatabase()
    now = [0.0]
    here, there = (LiveSettings(database.settings, lambda: now[0]) for _ in range(2))
    there.change({"requests_per_minute": 3})
    assert there.current.requests_per_minute == 3
    now[0] = 1.0
    assert here.current.requests_per_minute == 3
    database.close()


def test_two_servers_that_change_different_settings_at_once_keep_both() -> None:
    database = TemporaryDatabase()
    here, there = (LiveSettings(database.settings, lambda: 0.0) for _ in range(2))
    here.change({"server_name": "Owl"})
    there.change({"shared_links": "nobody"})  # it has not read the name yet
    stored = database.settings.get()
    assert (stored.server_name, stored.shared_links) == ("Owl", "nobody")
    assert there.current == stored
    database.close()


def test_settings_of_a_newer_fledge_leave_the_old_ones_in_force() -> None:
    database = TemporaryDatabase()
    now = [0.0]
    here = LiveSettings(database.settings, lambda: now[0])
    with database.transactions.write() as connection:
        row = {"key": "server", "value": {"is_new": True}, "updated_at": 1.0}
        connection.execute(insert(Settings).values(row))
    now[0] = 5.0
    assert here.current.server_name == "fledge"
    database.close()
