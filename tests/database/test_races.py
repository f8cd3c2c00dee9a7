"""Two requests at one moment: one wins, the other is told so, and nobody sees a driver's error."""

from pathlib import Path

import pytest

from databases import Clock, person, together
from fledge.database import Account, Database, LoginTaken, Passage
from fledge.errors import Conflict, DatabaseError, NotFound


def test_of_two_people_with_one_login_one_is_made(database: Database) -> None:
    results = together(*(lambda: person(database, "ada") for _ in range(6)))
    assert sum(isinstance(each, str) for each in results) == 1
    assert sum(isinstance(each, LoginTaken) for each in results) == 5


def test_of_two_people_who_take_one_login_one_gets_it(database: Database) -> None:
    people = [person(database, login) for login in ("ada", "bob", "eve")]
    results = together(
        *(lambda each=each: database.accounts.change(each, login="new") for each in people)
    )
    assert sum(isinstance(each, Account) for each in results) == 1
    assert sum(isinstance(each, LoginTaken) for each in results) == 2


def test_of_servers_that_are_set_up_at_once_one_makes_the_owner(database: Database) -> None:
    def make(login: str) -> object:
        return database.accounts.set_up(login, name="", password_hash="-")

    results = together(*(lambda login=login: make(login) for login in ("ada", "bob", "eve")))
    assert sum(isinstance(each, Account) for each in results) == 1
    assert results.count(None) == 2
    assert len(database.accounts.list()) == 1


def test_the_owner_without_a_password_is_given_one(database: Database) -> None:
    local = database.accounts.create("owner", name="You", role="owner", password_hash=None)
    person(database, "taken")
    with pytest.raises(LoginTaken):
        database.accounts.set_up("taken", name="", password_hash="-")
    made = database.accounts.set_up("Ada", name="Ada L.", password_hash="-")
    assert made is not None and (made.id, made.login, made.name) == (local.id, "ada", "Ada L.")
    assert database.accounts.set_up("bob", name="", password_hash="-") is None


def test_a_renewed_hash_does_not_bring_an_old_password_back(database: Database) -> None:
    ada = person(database)
    database.accounts.change(ada, password_hash="of the new password")
    database.accounts.renew_hash(ada, "-", "of the old password, renewed")
    assert database.accounts.password_hash("ada") == (
        database.accounts.get(ada),
        "of the new password",
    )
    database.accounts.renew_hash(ada, "of the new password", "renewed")
    assert database.accounts.password_hash("ada") == (database.accounts.get(ada), "renewed")


def test_an_invitation_makes_one_account(database: Database) -> None:
    owner = person(database, "owner", "owner")
    _, token = database.invitations.create(owner, "user")
    results = together(
        *(
            lambda login=login: database.invitations.accept(token, login, "", "-")
            for login in ("ada", "bob", "eve")
        )
    )
    assert sum(isinstance(each, Account) for each in results) == 1
    assert sum(isinstance(each, NotFound) for each in results) == 2


@pytest.mark.parametrize("_", range(3))
def test_what_is_written_for_someone_who_is_being_erased_is_lost_with_them(
    database: Database, _: int
) -> None:
    ada = person(database, "ada")
    chat = database.conversations.create(ada)
    shop = database.assistants.create(ada, name="Shop")
    stores = (
        lambda: database.conversations.create(ada),
        lambda: database.messages.add(ada, chat.id, role="user", content="x", parent_id=None),
        lambda: database.runs.start(ada, chat.id, parent_id=None, model="tiny"),
        lambda: database.sessions.create(ada, "Firefox"),
        lambda: database.api_keys.create(ada, name="a"),
        lambda: database.invitations.create(ada, "user"),
        lambda: database.knowledge.add(ada, shop.id, "a.md", [Passage("", "x")]),
        lambda: database.desk.open_visit(chat.id, ""),
        lambda: database.desk.ask(ada, chat.id),
        lambda: database.audit.add(ada, "x"),
    )
    erased, *results = together(lambda: database.accounts.delete(ada), *stores)
    if isinstance(erased, Conflict):  # it crossed with another: the person tries again
        database.accounts.delete(ada)
    errors = [each for each in results if isinstance(each, DatabaseError)]
    assert all(isinstance(each, NotFound | Conflict) for each in errors), errors
    for store in stores:
        with pytest.raises(NotFound):
            store()
    assert database.accounts.list() == []


def test_a_chat_is_visited_by_one_token(database: Database, clock: Clock, tmp_path: Path) -> None:
    chat = database.conversations.create(person(database))
    results = together(*(lambda: database.desk.open_visit(chat.id, "") for _ in range(3)))
    assert sum(isinstance(each, str) for each in results) == 1
    assert sum(isinstance(each, Conflict) for each in results) == 2
