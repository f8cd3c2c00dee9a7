"""Identities at a provider: each opens one account, and goes with it."""

import pytest

from databases import person, together
from fledge.database import Account, Database, LoginTaken
from fledge.errors import Conflict, DatabaseError, NotFound

ISSUER = "https://login.example.org"


def made(database: Database, subject: str = "1", login: str = "ada") -> Account:
    return database.identities.create_account(
        ISSUER, subject, "ada@x.org", login=login, name="Ada", allows_training=False
    )


def test_an_identity_opens_the_account_that_it_is_linked_to(database: Database) -> None:
    ada = person(database)
    assert database.identities.account(ISSUER, "1") is None
    linked = database.identities.link(ada, ISSUER, "1", "ada@x.org")
    assert database.identities.list(ada) == [linked]
    assert database.identities.account(ISSUER, "1") == database.accounts.get(ada)
    assert database.identities.account(f"{ISSUER}/", "1") is None
    assert database.identities.account(ISSUER, "2") is None


def test_an_identity_is_linked_once(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    database.identities.link(ada, ISSUER, "1", "")
    for whose in (ada, bob):
        with pytest.raises(Conflict, match="already linked"):
            database.identities.link(whose, ISSUER, "1", "")
    database.identities.link(bob, "https://other.example.org", "1", "")


def test_an_account_is_made_without_a_password(database: Database) -> None:
    account = made(database)
    assert (account.login, account.role, account.allows_training) == ("ada", "user", False)
    assert database.accounts.password_hash("ada") == (account, None)
    assert database.identities.account(ISSUER, "1") == account


def test_a_taken_login_or_identity_makes_nothing(database: Database) -> None:
    made(database)
    with pytest.raises(LoginTaken):
        made(database, "2")
    with pytest.raises(Conflict):
        made(database, "1", "ada-2")
    assert [each.login for each in database.accounts.list()] == ["ada"]
    assert database.identities.account(ISSUER, "2") is None


def test_of_two_accounts_made_at_once_one_stays(database: Database) -> None:
    outcomes = together(
        lambda: made(database), lambda: made(database, login="ada-2"), lambda: made(database)
    )
    assert sum(isinstance(each, Account) for each in outcomes) == 1
    assert len(database.accounts.list()) == 1


def test_an_identity_goes_with_its_account(database: Database) -> None:
    ada = made(database)
    database.accounts.delete(ada.id)
    assert database.identities.account(ISSUER, "1") is None
    assert database.identities.list(ada.id) == []


def test_only_its_own_person_unlinks_an_identity(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    linked = database.identities.link(ada, ISSUER, "1", "")
    with pytest.raises(NotFound):
        database.identities.unlink(bob, linked.id)
    assert database.identities.unlink(ada, linked.id) == linked
    assert database.identities.account(ISSUER, "1") is None


def test_names_longer_than_the_standard_allows_are_refused(database: Database) -> None:
    ada = person(database)
    with pytest.raises(DatabaseError, match="at most 255"):
        database.identities.link(ada, ISSUER, "1" * 256, "")
    assert len(database.identities.link(ada, ISSUER, "1" * 255, "x" * 300).label) == 254
