"""What `/v1/responses` keeps in memory: so many, so much, and each for its own person."""

from dataclasses import replace

import pytest

from fledge.database.temporary import TemporaryDatabase
from fledge.serve.api.response_store import MESSAGE_SIZE, ResponseStore, Stored
from fledge.serve.errors import ApiError
from fledge.serve.people.person import Person
from fledge.serve.schemas.responses import ResponseObject
from fledge.text.conversation import Conversation, Message, ToolCall


@pytest.fixture(scope="module")
def people() -> list[Person]:
    database = TemporaryDatabase()
    accounts = [
        database.accounts.create(login, name="", role="user", password_hash="-")
        for login in ("ada", "bob")
    ]
    database.close()
    return [Person(account, None, None, ()) for account in accounts]


def stored(person: Person, id_: str, characters: int = 1) -> Stored:
    turns = Conversation((Message("user", "x" * characters),))
    return Stored(person.id, ResponseObject.model_construct(id=id_), turns)


def kept(store: ResponseStore, person: Person, *ids: str) -> list[bool]:
    found = []
    for id_ in ids:
        try:
            found.append(store.get(person, id_).response.id == id_)
        except ApiError:
            found.append(False)
    return found


def test_the_oldest_goes_where_there_are_too_many(people: list[Person]) -> None:
    store, ada = ResponseStore(most=2), people[0]
    for id_ in "abc":
        store.keep(stored(ada, id_))
    assert kept(store, ada, "a", "b", "c") == [False, True, True]


def test_the_oldest_go_where_too_much_is_said(people: list[Person]) -> None:
    store, ada = ResponseStore(most_characters=100 + MESSAGE_SIZE), people[0]
    for id_, characters in (("a", 10), ("b", 10), ("c", 90)):
        store.keep(stored(ada, id_, characters))
    assert kept(store, ada, "a", "b", "c") == [False, False, True]
    store.keep(stored(ada, "d", 101))
    assert kept(store, ada, "c", "d") == [False, False], "one that is too long alone is not kept"
    store.keep(stored(ada, "e", 100))
    store.delete(ada, "e")
    store.keep(stored(ada, "f", 100))
    assert kept(store, ada, "f") == [True], "what was deleted takes no room"


def test_all_that_a_response_holds_takes_room(people: list[Person]) -> None:
    response = ResponseObject.model_construct(id="a")
    call = ToolCall("1", "clock", "{}")
    called = Conversation((Message("assistant", "Yes.", calls=(call,)),))
    assert Stored(people[0].id, response, called, 50).characters == 50 + 11 + 2 * MESSAGE_SIZE
    store, ada = ResponseStore(most_characters=1_000), people[0]
    for id_ in ("a", "b"):
        store.keep(replace(stored(ada, id_), response_size=800))
    assert kept(store, ada, "a", "b") == [False, True]


def test_a_person_is_forgotten_and_nobody_else(people: list[Person]) -> None:
    store, (ada, bob) = ResponseStore(), people
    store.keep(stored(ada, "a"))
    store.keep(stored(bob, "b"))
    store.forget(ada.id)
    assert kept(store, ada, "a") == [False] and kept(store, bob, "b") == [True]
