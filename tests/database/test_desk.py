"""Visitors without an account, and chats that want a person."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fledge.database import Database
from fledge.errors import NotFound


@pytest.fixture
def chat(database: Database) -> tuple[str, str]:
    """An account and one of its chats."""
    account = database.accounts.create("anna", name="Anna", role="admin", password_hash=None)
    made = database.conversations.create(account.id, title="Late parcel", temporary=True)
    return account.id, made.id


def test_a_visit_is_found_by_its_token_alone(database: Database, chat: tuple[str, str]) -> None:
    account_id, chat_id = chat
    token = database.desk.open_visit(chat_id, "https://shop.example")
    visit = database.desk.visit(token)
    assert (visit.conversation_id, visit.account_id) == (chat_id, account_id)
    assert visit.origin == "https://shop.example"
    with pytest.raises(NotFound):
        database.desk.visit("another token")
    database.conversations.delete(account_id, chat_id)
    with pytest.raises(NotFound):
        database.desk.visit(token)


def test_a_chat_waits_is_taken_and_closed_and_may_wait_again(
    database: Database, chat: tuple[str, str]
) -> None:
    account_id, chat_id = chat
    desk = database.desk
    assert desk.of(chat_id) is None and desk.waiting() == []
    first = desk.ask(account_id, chat_id)
    assert desk.ask(account_id, chat_id) == first
    (line,) = desk.waiting()
    assert (line.hand_over, line.account_id, line.title) == (first, account_id, "Late parcel")
    taken = desk.take(chat_id, account_id)
    assert (taken.status, taken.taken_by, taken.is_open) == ("taken", account_id, True)
    assert desk.close(chat_id).is_open is False
    assert desk.waiting() == []
    with pytest.raises(NotFound):
        desk.take(chat_id, account_id)
    again = desk.ask(account_id, chat_id)
    assert again.status == "waiting"
    assert again.created_at > first.created_at, "they wait since now"
    assert desk.of(chat_id) == again


def test_two_who_ask_at_once_wait_once(database: Database, chat: tuple[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: database.desk.ask(*chat), range(8)))
    assert set(asked) == {database.desk.of(chat[1])}


def test_what_a_person_answers_under_outlives_their_account(
    database: Database, chat: tuple[str, str]
) -> None:
    account_id, chat_id = chat
    staff = database.accounts.create("ben", name="Ben", role="admin", password_hash=None)
    database.desk.ask(account_id, chat_id)
    database.desk.take(chat_id, staff.id)
    database.accounts.delete(staff.id)
    (line,) = database.desk.waiting()
    assert (line.hand_over.status, line.hand_over.taken_by) == ("taken", None)


def test_nobody_can_want_a_person_in_another_s_chat(
    database: Database, chat: tuple[str, str]
) -> None:
    other = database.accounts.create("ben", name="Ben", role="user", password_hash=None)
    with pytest.raises(NotFound):
        database.desk.ask(other.id, chat[1])
