import threading
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from databases import Clock, answered, person
from fledge.database import Database, LoginTaken, ServerSettings
from fledge.database.api_keys import PREFIX
from fledge.database.sessions import LIFETIME_SECONDS, RENEW_AFTER_SECONDS
from fledge.database.tables import ApiKeys, Base, Invitations, Sessions
from fledge.database.tokens import hashed
from fledge.errors import DatabaseError, NotFound


def count(database: Database, table: type[Base]) -> int:
    with database.transactions.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_logins_are_compared_without_case_and_blanks(database: Database) -> None:
    ada = database.accounts.create("  Ada ", name="", role="owner", password_hash="hash")
    assert (ada.login, ada.name) == ("ada", "Ada")
    assert database.accounts.password_hash("ADA") == (ada, "hash")
    assert database.accounts.password_hash("eve") is None
    with pytest.raises(LoginTaken, match="'ada' is already taken"):
        database.accounts.create("aDa", name="", role="user", password_hash=None)
    eve = person(database, "eve")
    with pytest.raises(LoginTaken):
        database.accounts.change(eve, login="ADA")
    assert [account.login for account in database.accounts.list()] == ["ada", "eve"]


def test_setup_is_needed_until_an_owner_has_a_password(database: Database) -> None:
    assert database.accounts.needs_setup()
    assert database.accounts.owner() is None
    local = database.accounts.create("owner", name="You", role="owner", password_hash=None)
    assert database.accounts.needs_setup()
    assert database.accounts.owner() == local
    database.accounts.change(local.id, password_hash="hash")
    assert not database.accounts.needs_setup()


def test_an_owner_always_remains(database: Database, clock: Clock) -> None:
    ada = person(database, "ada", "owner")
    for attempt in (
        lambda: database.accounts.change(ada, role="admin"),
        lambda: database.accounts.change(ada, disabled_at=clock()),
        lambda: database.accounts.delete(ada),
    ):
        with pytest.raises(DatabaseError, match="the only owner"):
            attempt()
    assert database.accounts.get(ada).role == "owner"
    person(database, "bob", "owner")
    database.accounts.delete(ada)
    with pytest.raises(NotFound):
        database.accounts.get(ada)


def test_erasing_a_person_leaves_nothing_of_theirs(database: Database) -> None:
    ada, bob = person(database, "ada", "owner"), person(database, "bob")
    for each in (ada, bob):
        chat = database.conversations.create(each)
        answer = answered(database, each, chat.id)
        other = answered(database, each, chat.id, "The sun.")
        database.ratings.rate(each, answer, 1)
        database.ratings.prefer(each, [[answer], [other]])
        database.ratings.write(each, answer, "Both.")
        database.desk.open_visit(chat.id, "https://shop.example")
        database.desk.ask(each, chat.id)
        database.sessions.create(each, "Firefox")
        database.api_keys.create(each, name="laptop")
        assistant = database.assistants.create(each, name="Shop")
        database.knowledge.add(each, assistant.id, "faq.md", [])
    database.audit.add(bob, "key.made", "laptop")
    database.invitations.create(bob, "user")
    before = {table: count(database, table) for table in tables_of_a_person()}
    database.accounts.delete(bob)
    after = {table: count(database, table) for table in tables_of_a_person()}
    assert after == {table: number // 2 for table, number in before.items()}
    assert database.audit.newest()[0].who is None
    assert database.invitations.list() == [], "a link that was not used yet ends with its maker"


def tables_of_a_person() -> list[type[Base]]:
    shared = {"audit", "invitations", "settings", "usage", "chunks"}
    mappers = Base.registry.mappers
    return [mapper.class_ for mapper in mappers if mapper.local_table.name not in shared]


def test_a_session_is_found_by_its_cookie_only(database: Database) -> None:
    ada = person(database)
    session, token = database.sessions.create(ada, "x" * 999)
    assert database.sessions.find(token) == session
    assert len(session.user_agent) == 300
    assert database.sessions.find("") is None
    assert database.sessions.find(session.id) is None
    with database.transactions.read() as connection:
        assert connection.scalar(select(Sessions.token_hash)) == hashed(token) != token


def test_a_session_slides_and_ends(database: Database, clock: Clock) -> None:
    ada = person(database)
    session, token = database.sessions.create(ada, "Firefox")
    assert not database.sessions.renew(session)
    clock.now += RENEW_AFTER_SECONDS
    assert database.sessions.renew(session)
    renewed = database.sessions.find(token)
    assert renewed is not None and renewed.expires_at > session.expires_at
    clock.now += LIFETIME_SECONDS
    assert database.sessions.find(token) is None
    assert database.sessions.list(ada) == []
    assert database.sessions.purge() == 1


def test_sessions_end_one_by_one_or_all_but_this(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    first, second, third = (database.sessions.create(ada, name)[0] for name in "abc")
    with pytest.raises(NotFound):
        database.sessions.end(eve, first.id)
    database.sessions.end(ada, first.id)
    assert database.sessions.end_all(ada, but=third.id) == 1
    assert [session.id for session in database.sessions.list(ada)] == [third.id]
    assert second.id != third.id


def test_a_key_is_shown_once_and_stored_as_a_hash(database: Database) -> None:
    ada = person(database)
    key, text = database.api_keys.create(ada, name="laptop", scopes=["chat"])
    assert text.startswith(PREFIX) and text.startswith(key.prefix) and len(text) == 49
    assert len(key.prefix) == 12
    assert database.api_keys.find(text) == key
    assert database.api_keys.find(text[:-1]) is None
    with database.transactions.read() as connection:
        row = connection.execute(select(ApiKeys.__table__)).mappings().one()
    assert text not in str(dict(row))


def test_a_key_ends_when_it_expires_or_is_revoked(database: Database, clock: Clock) -> None:
    ada, eve = person(database), person(database, "eve")
    key, text = database.api_keys.create(ada, name="a", expires_at=clock() + 60)
    other, other_text = database.api_keys.create(ada, name="b")
    database.api_keys.used(key.id)
    assert [each.name for each in database.api_keys.list(ada)] == ["b", "a"]
    assert database.api_keys.list(ada)[1].last_used_at is not None
    with pytest.raises(NotFound):
        database.api_keys.revoke(eve, other.id)
    database.api_keys.revoke(ada, other.id)
    assert database.api_keys.find(other_text) is None
    assert database.api_keys.find(text) is not None
    clock.now += 60
    assert database.api_keys.find(text) is None


def test_an_invitation_makes_one_account(database: Database) -> None:
    ada = person(database, "ada", "owner")
    invitation, token = database.invitations.create(ada, "labeller", "for Bob")
    assert database.invitations.find(token) == invitation
    assert database.invitations.list() == [invitation]
    with pytest.raises(LoginTaken):
        database.invitations.accept(token, "ada", "", "hash")
    bob = database.invitations.accept(token, "bob", "Bob", "hash")
    assert bob.role == "labeller"
    with pytest.raises(NotFound, match="was used"):
        database.invitations.accept(token, "eve", "Eve", "hash")
    assert database.invitations.find(token) is None
    assert database.invitations.list() == []
    with database.transactions.read() as connection:
        assert connection.scalar(select(Invitations.accepted_by)) == bob.id


def test_an_invitation_is_taken_back_or_grows_old(database: Database, clock: Clock) -> None:
    ada = person(database, "ada", "owner")
    invitation, token = database.invitations.create(ada, "user")
    database.invitations.delete(invitation.id)
    assert database.invitations.find(token) is None
    with pytest.raises(NotFound):
        database.invitations.delete(invitation.id)
    _, token = database.invitations.create(ada, "user")
    clock.now += 8 * 86_400
    assert database.invitations.find(token) is None
    with pytest.raises(NotFound):
        database.invitations.accept(token, "bob", "Bob", "hash")


def test_settings_have_defaults_and_are_kept(database: Database) -> None:
    assert database.settings.get() == ServerSettings()
    database.settings.set(ServerSettings(requests_per_minute=5, allows_training=False))
    database.settings.set(ServerSettings(requests_per_minute=None, daily_tokens=7))
    assert database.settings.get() == ServerSettings(requests_per_minute=None, daily_tokens=7)


def test_the_audit_log_is_newest_first_and_forgets(database: Database, clock: Clock) -> None:
    ada = person(database)
    database.audit.add(ada, "login.failed", "eve", {"from": "127.0.0.1"})
    clock.now += 100
    database.audit.add(None, "setup.done")
    entries = database.audit.newest()
    assert [(entry.who, entry.action) for entry in entries] == [
        (None, "setup.done"),
        ("ada", "login.failed"),
    ]
    assert entries[1].detail == {"from": "127.0.0.1"}
    assert database.audit.purge(clock() - 50) == 1


def test_a_change_of_nothing_changes_nothing(database: Database) -> None:
    ada = person(database)
    assert database.accounts.change(ada) == database.accounts.get(ada)
    with pytest.raises(NotFound):
        database.accounts.change("nobody")


def test_two_owners_who_take_each_other_away_leave_one(database: Database) -> None:
    ada, bob = person(database, "ada", "owner"), person(database, "bob", "owner")
    for _ in range(5):
        together = threading.Barrier(2)

        def demote(account: str, together: threading.Barrier = together) -> None:
            together.wait()
            with suppress(DatabaseError):
                database.accounts.change(account, role="user")

        threads = [threading.Thread(target=demote, args=(account,)) for account in (ada, bob)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        roles = [database.accounts.get(account).role for account in (ada, bob)]
        assert sorted(roles) == ["owner", "user"]
        for account in (ada, bob):
            database.accounts.change(account, role="owner")


def test_invitations_end_with_the_right_to_invite(database: Database, clock: Clock) -> None:
    ada, bob = person(database, "ada", "admin"), person(database, "bob", "admin")
    _, used = database.invitations.create(ada, "user", "for Eve")
    database.invitations.accept(used, "eve", "Eve", "-")
    _, open_ = database.invitations.create(ada, "user")
    kept, other = database.invitations.create(bob, "user")
    assert database.invitations.withdraw(ada) == 1
    assert database.invitations.find(open_) is None
    assert database.invitations.find(other) == kept == database.invitations.get(kept.id)
    with pytest.raises(NotFound):
        database.invitations.get("nothing")
    assert database.invitations.purge() == 0
    clock.now += 8 * 24 * 3600
    assert database.invitations.purge() == 2, "the used one too: nobody asks for its note again"


def test_a_revoked_key_is_listed_no_more_but_still_kept(database: Database) -> None:
    ada = person(database)
    key, _ = database.api_keys.create(ada, name="laptop")
    database.api_keys.revoke(ada, key.id)
    assert database.api_keys.list(ada) == []
    assert [each.id for each in database.api_keys.every(ada)] == [key.id]
