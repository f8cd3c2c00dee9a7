"""E-mail addresses of accounts and invitations, and links for lost passwords."""

import pytest

from databases import Clock, person, together
from fledge.database import Account, Database, EmailTaken, LoginTaken
from fledge.errors import NotFound

HOUR = 3_600.0


def test_an_address_is_stored_without_case_and_can_be_taken_away(database: Database) -> None:
    ada = person(database)
    assert database.accounts.get(ada).email is None
    assert database.accounts.change(ada, email=" Ada@Example.ORG ").email == "ada@example.org"
    assert database.accounts.change(ada, name="Ada").email == "ada@example.org"
    assert database.accounts.change(ada, email="").email is None


def test_no_two_accounts_share_an_address_or_a_login(database: Database) -> None:
    ada, bob = person(database, "ada"), person(database, "accounts.email")
    database.accounts.change(ada, email="ada@example.org")
    with pytest.raises(EmailTaken, match="another account uses the e-mail address ada@example"):
        database.accounts.change(bob, email="ADA@example.org")
    with pytest.raises(LoginTaken):
        database.accounts.change(ada, login="accounts.email")
    with pytest.raises(LoginTaken):
        person(database, "accounts.email")
    database.accounts.change(ada, email=None)
    database.accounts.change(bob, email=None)


def test_an_account_is_reached_by_its_address_before_anothers_login(database: Database) -> None:
    ada = person(database, "ada")
    person(database, "ada@example.org")
    database.accounts.change(ada, email="ada@example.org")
    for text in ("ada", " ADA ", "Ada@example.org"):
        found = database.accounts.reached_by(text)
        assert found is not None and found.id == ada
    assert database.accounts.reached_by("eve") is None


def test_an_address_leaves_with_its_account(database: Database) -> None:
    person(database, "ada", "owner")
    bob = person(database, "bob")
    database.accounts.change(bob, email="bob@example.org")
    database.accounts.delete(bob)
    assert database.accounts.reached_by("bob@example.org") is None
    database.accounts.change(person(database, "carol"), email="bob@example.org")


def test_an_invitations_address_becomes_the_accounts(database: Database) -> None:
    ada = person(database, "ada", "owner")
    made, token = database.invitations.create(ada, "user", email="Bob@example.org")
    assert made.email == "bob@example.org"
    assert database.invitations.accept(token, "bob", "", "-").email == "bob@example.org"
    _, token = database.invitations.create(ada, "user", email="bob@example.org")
    assert database.invitations.accept(token, "carol", "", "-").email is None
    _, token = database.invitations.create(ada, "user")
    assert database.invitations.accept(token, "dan", "", "-").email is None


def made(database: Database, account_id: str) -> str:
    token = database.password_resets.create(account_id)
    assert token is not None
    return token


def test_a_link_sets_one_password_within_an_hour_and_ends_all_sessions(
    database: Database, clock: Clock
) -> None:
    clock.stop()
    ada, resets = person(database), database.password_resets
    _, cookie = database.sessions.create(ada, "Firefox")
    token = made(database, ada)
    clock.now += HOUR - 1
    assert resets.find(token) == database.accounts.get(ada) and resets.purge() == 0
    assert resets.redeem(token, "new").id == ada
    assert database.accounts.password_hash("ada") == (database.accounts.get(ada), "new")
    assert database.sessions.find(cookie) is None
    assert resets.find(token) is None
    with pytest.raises(NotFound, match="was used, replaced by a newer one, or is over an hour"):
        resets.redeem(token, "again")
    token = made(database, ada)
    clock.now += HOUR
    assert resets.find(token) is None
    with pytest.raises(NotFound):
        resets.redeem(token, "again")
    assert resets.purge() == 1


def test_an_older_link_opens_nothing(database: Database) -> None:
    ada = person(database)
    older, newer = made(database, ada), made(database, ada)
    with pytest.raises(NotFound):
        database.password_resets.redeem(older, "old")
    assert database.password_resets.redeem(newer, "new").id == ada


@pytest.mark.parametrize(
    "change", [{"email": "new@example.org"}, {"password_hash": "other"}, {"disabled_at": 1.0}]
)
def test_a_link_opens_nothing_once_the_account_was_changed(
    database: Database, change: dict[str, object]
) -> None:
    person(database, "olga", "owner")
    ada = person(database)
    token = made(database, ada)
    database.accounts.change(ada, **change)
    database.accounts.change(ada, disabled_at=None)
    assert database.password_resets.find(token) is None
    with pytest.raises(NotFound):
        database.password_resets.redeem(token, "new")


def test_an_account_without_a_password_or_disabled_gets_no_link(database: Database) -> None:
    person(database, "olga", "owner")
    ada = person(database)
    database.accounts.change(ada, disabled_at=1.0)
    assert database.password_resets.create(ada) is None
    other = database.accounts.create("eve", name="", role="user", password_hash=None)
    assert database.password_resets.create(other.id) is None
    assert database.password_resets.create("0" * 32) is None


def test_a_link_used_twice_at_once_sets_one_password(database: Database) -> None:
    ada = person(database)
    token = made(database, ada)
    redeem = database.password_resets.redeem
    results = together(*(lambda n=n: redeem(token, f"hash {n}") for n in range(4)))
    assert sum(isinstance(each, Account) for each in results) == 1
    assert sum(isinstance(each, NotFound) for each in results) == 3
    results = together(*(lambda: database.password_resets.create(ada) for _ in range(4)))
    assert sum(database.password_resets.find(str(each)) is not None for each in results) == 1
