"""One person may not fill the desk for the others."""

import pytest

from databases import Clock, person, together
from fledge.database import Database
from fledge.database.desk import MOST_OPEN, DeskFull, HandOver


def chats(database: Database, account: str, number: int) -> list[str]:
    return [database.conversations.create(account).id for _ in range(number)]


def test_a_person_waits_in_a_few_chats_only_and_leaves_room_for_others(database: Database) -> None:
    ada, bob = person(database, "ada"), person(database, "bob")
    *few, one_more = chats(database, ada, MOST_OPEN + 1)
    for chat in few:
        database.desk.ask(ada, chat)
    with pytest.raises(DeskFull, match="waiting for a person in 5 chats already"):
        database.desk.ask(ada, one_more)
    database.desk.ask(ada, few[0])
    (his,) = chats(database, bob, 1)
    database.desk.ask(bob, his)
    database.desk.close(few[0])
    database.desk.ask(ada, one_more)
    with pytest.raises(DeskFull):
        database.desk.ask(ada, few[0])


def test_requests_of_one_moment_do_not_pass_the_bound(database: Database) -> None:
    ada = person(database)
    results = together(
        *(lambda chat=chat: database.desk.ask(ada, chat) for chat in chats(database, ada, 9))
    )
    assert sum(isinstance(each, HandOver) for each in results) == MOST_OPEN
    assert sum(isinstance(each, DeskFull) for each in results) == 9 - MOST_OPEN


def test_visitors_are_bounded_by_their_network(database: Database) -> None:
    owner = person(database, "owner", "owner")
    first, second, third = chats(database, owner, 3)
    database.desk.ask(owner, first, asker="network a", most_open=1)
    with pytest.raises(DeskFull):
        database.desk.ask(owner, second, asker="network a", most_open=1)
    database.desk.ask(owner, third, asker="network b", most_open=1)


def test_a_chat_beyond_those_shown_can_be_taken(database: Database, clock: Clock) -> None:
    people = [person(database, f"p{number}") for number in range(21)]
    asked = [
        chat
        for account in people
        for chat in chats(database, account, 5)
        if database.desk.ask(account, chat)
    ]
    assert len(database.desk.waiting()) == 100
    assert database.desk.wanted(asked[-1]).hand_over.conversation_id == asked[-1]
