"""Links that make accounts, the log of what was changed, and the server's settings."""

import pytest
from sqlalchemy import insert, select

from databases import Clock, person, together
from fledge.database import Account, Database, Invitation, LoginTaken, Logo, ServerSettings
from fledge.database.tables import Invitations, Settings
from fledge.errors import DatabaseError, NotFound

WEEK = 7 * 86_400


def test_a_link_is_open_for_a_week_to_the_second(database: Database, clock: Clock) -> None:
    now = clock.stop()
    ada = person(database, "ada", "admin")
    made, token = database.invitations.create(ada, "labeller", "for Bob")
    assert made == Invitation(
        made.id, "labeller", "for Bob", ada, None, now, now + WEEK, None, None
    )
    clock.now = now + WEEK - 1
    assert database.invitations.find(token) == made
    assert database.invitations.get(made.id) == made
    assert database.invitations.purge() == 0
    clock.now = now + WEEK
    assert database.invitations.find(token) is None
    assert database.invitations.list() == []
    with pytest.raises(NotFound, match=f"there is no invitation '{made.id}'"):
        database.invitations.get(made.id)
    with pytest.raises(NotFound, match="older than a week"):
        database.invitations.accept(token, "bob", "Bob", "-")
    assert [each.id for each in database.accounts.list()] == [ada]
    assert database.invitations.purge() == 1


def test_an_accepted_link_makes_the_account_that_was_offered(
    database: Database, clock: Clock
) -> None:
    ada = person(database, "ada", "owner")
    _, token = database.invitations.create(ada, "admin")
    now = clock.stop()
    bob = database.invitations.accept(token, " Bob ", "", "hash", allows_training=False)
    assert (bob.login, bob.name, bob.role) == ("bob", "Bob", "admin")
    assert (bob.allows_training, bob.created_at) == (False, now)
    assert database.accounts.password_hash("bob") == (bob, "hash")
    with database.transactions.read() as connection:
        row = connection.execute(select(Invitations.accepted_at, Invitations.accepted_by)).one()
    assert tuple(row) == (now, bob.id)


def test_a_taken_login_leaves_the_link_open(database: Database) -> None:
    ada = person(database, "ada", "owner")
    made, token = database.invitations.create(ada, "user")
    with pytest.raises(LoginTaken):
        database.invitations.accept(token, "ADA", "", "-")
    assert database.invitations.find(token) == made
    assert database.invitations.accept(token, "bob", "", "-").login == "bob"


def test_of_two_who_use_one_link_at_once_one_gets_an_account(database: Database) -> None:
    ada = person(database, "ada", "owner")
    _, token = database.invitations.create(ada, "user")
    results = together(
        *(
            lambda login=login: database.invitations.accept(token, login, "", "-")
            for login in ("bob", "eve", "kim")
        )
    )
    assert sum(isinstance(each, Account) for each in results) == 1
    assert sum(isinstance(each, NotFound) for each in results) == 2
    assert len(database.accounts.list()) == 2


def test_using_one_link_leaves_the_other_links(database: Database) -> None:
    ada = person(database, "ada", "owner")
    _, used = database.invitations.create(ada, "user")
    kept, open_ = database.invitations.create(ada, "admin")
    bob = database.invitations.accept(used, "bob", "", "-")
    assert bob.role == "user"
    assert database.invitations.find(open_) == kept
    assert database.invitations.find("another text") is None


def test_open_links_are_listed_newest_first_with_ties_in_one_order(
    database: Database, clock: Clock
) -> None:
    ada = person(database, "ada", "owner")
    first, _ = database.invitations.create(ada, "user", "first")
    clock.now += 1
    clock.stop()
    tied = [database.invitations.create(ada, "user")[0].id for _ in range(12)]
    assert [each.id for each in database.invitations.list()] == [
        *sorted(tied, reverse=True),
        first.id,
    ]


def test_withdrawing_takes_no_used_link_and_none_of_another(database: Database) -> None:
    ada, bob = person(database, "ada", "admin"), person(database, "bob", "admin")
    _, used = database.invitations.create(ada, "user")
    database.invitations.accept(used, "eve", "", "-")
    opened = [database.invitations.create(ada, "user")[1] for _ in range(2)]
    other, _ = database.invitations.create(bob, "user")
    assert database.invitations.withdraw(ada) == 2
    assert database.invitations.withdraw(ada) == 0
    assert [database.invitations.find(token) for token in opened] == [None, None]
    assert database.invitations.list() == [other]


def test_a_revoked_link_is_gone_and_the_rest_stay(database: Database) -> None:
    ada = person(database, "ada", "owner")
    made, token = database.invitations.create(ada, "user")
    kept, _ = database.invitations.create(ada, "user")
    database.invitations.delete(made.id)
    assert database.invitations.list() == [kept]
    with pytest.raises(NotFound, match="taken back"):
        database.invitations.accept(token, "bob", "", "-")
    with pytest.raises(NotFound, match=f"there is no invitation '{made.id}'"):
        database.invitations.delete(made.id)


def test_entries_of_one_moment_keep_their_order(database: Database, clock: Clock) -> None:
    ada = person(database)
    clock.stop()
    actions = [f"step.{number:02}" for number in range(15)]
    for action in actions:
        database.audit.add(ada, action)
    assert [entry.action for entry in database.audit.newest()] == actions[::-1]
    assert [entry.action for entry in database.audit.newest(limit=4)] == actions[:-5:-1]
    assert [entry.action for entry in database.audit.by(ada)] == actions


def test_a_person_s_own_entries_are_theirs_alone(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    database.audit.add(ada, "key.made", "laptop")
    database.audit.add(bob, "role.changed", "ada", {"from": "user", "to": "admin"})
    database.audit.add(None, "login.failed", "ada")
    assert [(each.who, each.action) for each in database.audit.by(ada)] == [("ada", "key.made")]
    (entry,) = database.audit.by(bob)
    assert (entry.target, entry.detail) == ("ada", {"from": "user", "to": "admin"})
    assert database.audit.by("nobody") == []


def test_an_entry_without_a_person_or_detail_says_so(database: Database, clock: Clock) -> None:
    now = clock.stop()
    database.audit.add(None, "login.failed", "x" * 500)
    (entry,) = database.audit.newest()
    assert (entry.at, entry.who, entry.target, entry.detail) == (now, None, "x" * 200, {})


def test_the_log_keeps_a_hundred_lines_on_its_page(database: Database) -> None:
    for number in range(101):
        database.audit.add(None, f"step.{number}")
    newest = database.audit.newest()
    assert (len(newest), newest[-1].action) == (100, "step.1")


def test_the_log_forgets_what_is_older_than_a_time_and_not_what_is_of_it(
    database: Database, clock: Clock
) -> None:
    now = clock.stop()
    for second in range(3):
        clock.now = now + second
        database.audit.add(None, str(second))
    assert database.audit.purge(now + 1) == 1
    assert [entry.action for entry in database.audit.newest()] == ["2", "1"]


def test_settings_that_fledge_did_not_write_are_named(database: Database) -> None:
    with database.transactions.write() as connection:
        connection.execute(
            insert(Settings).values(key="server", value={"requests": "many"}, updated_at=1.0)
        )
    with pytest.raises(DatabaseError, match="settings in the database cannot be read"):
        database.settings.get()
    database.settings.set(ServerSettings(daily_tokens=5))
    assert database.settings.get().daily_tokens == 5


def test_settings_are_one_row_with_the_time_of_the_last_change(
    database: Database, clock: Clock
) -> None:
    database.settings.set(ServerSettings(requests_per_minute=1))
    clock.now += 60
    now = clock.stop()
    together(*(lambda n=n: database.settings.set(ServerSettings(daily_tokens=n)) for n in (7, 8)))
    with database.transactions.read() as connection:
        (row,) = connection.execute(select(Settings.key, Settings.updated_at)).all()
    assert tuple(row) == ("server", now)
    assert database.settings.get().daily_tokens in (7, 8)
    assert database.settings.get().requests_per_minute == 60, "all of them are written"


def test_a_logo_is_kept_replaced_and_removed_beside_the_settings(database: Database) -> None:
    settings = database.settings
    assert settings.logo() is None
    first, second = Logo(bytes(range(256))), Logo(b"another")
    settings.set_logo(first)
    assert settings.logo() == first and first.version != second.version
    settings.set(ServerSettings(server_name="Owl", shared_links="people"))
    settings.set_logo(second)
    assert settings.logo() == second
    settings.set_logo(None)
    assert settings.logo() is None
    assert (settings.get().server_name, settings.get().shared_links) == ("Owl", "people")
