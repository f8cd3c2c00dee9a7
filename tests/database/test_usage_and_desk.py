"""Counters of a day, and the queue of visitors who want a person."""

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Clock, person, together
from fledge.database import Database, UsageOfDay
from fledge.database.desk import MOST_OPEN, HandOver, Visit
from fledge.database.usage import day
from fledge.errors import DatabaseError, NotFound

MIDNIGHT = 1_750_032_000.0
"""The first second of 2025-06-16 in UTC."""


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert day(MIDNIGHT - 0.001) == "2025-06-15"
    assert day(MIDNIGHT) == "2025-06-16"
    assert day(0.0) == "1970-01-01"


def test_today_s_tokens_start_again_at_midnight(database: Database, clock: Clock) -> None:
    ada = person(database)
    clock.stop()
    database.usage.add([UsageOfDay(ada, "2025-06-15", "", "tiny", 1, 40, 2)])
    clock.now = MIDNIGHT - 1
    assert database.usage.tokens_today(ada) == 42
    clock.now = MIDNIGHT
    assert database.usage.tokens_today(ada) == 0


def test_tokens_of_a_person_are_those_of_the_pages_and_every_key(
    database: Database, clock: Clock
) -> None:
    ada, bob = person(database), person(database, "bob")
    today = day(clock())
    database.usage.add(
        [
            UsageOfDay(ada, today, "", "tiny", 1, 1, 10),
            UsageOfDay(ada, today, "k1", "tiny", 1, 100, 1_000),
            UsageOfDay(ada, today, "k1", "large", 1, 10_000, 0),
            UsageOfDay(bob, today, "k1", "tiny", 1, 0, 7),
        ]
    )
    assert database.usage.tokens_today(ada) == 11_111
    assert database.usage.tokens_today(ada, "") == 11
    assert database.usage.tokens_today(ada, "k1") == 11_100
    assert database.usage.tokens_today(ada, "k2") == 0
    assert database.usage.tokens_today(bob, "k1") == 7
    assert database.usage.tokens_today("nobody") == 0


def test_rows_are_read_newest_day_first_then_by_key_and_model(database: Database) -> None:
    ada = person(database)
    rows = [
        UsageOfDay(ada, day_, key, model, 1, 2, 3)
        for day_, key, model in product(
            ("2025-06-02", "2025-06-01"), ("", "a", "b"), ("large", "tiny")
        )
    ]
    database.usage.add(rows[::-1])
    assert database.usage.of(ada, since="2025-06-01") == rows
    assert database.usage.of(ada, since="2025-06-02") == rows[:6]
    assert database.usage.of(ada, since="2025-06-03") == []


def test_tokens_of_everybody_are_summed_from_a_day_on(database: Database) -> None:
    ada, bob, _ = person(database), person(database, "bob"), person(database, "eve")
    database.usage.add(
        [
            UsageOfDay(ada, "2025-06-01", "", "tiny", 1, 1_000, 1_000),
            UsageOfDay(ada, "2025-06-02", "", "tiny", 1, 1, 2),
            UsageOfDay(ada, "2025-06-03", "k", "tiny", 1, 4, 8),
            UsageOfDay(bob, "2025-06-02", "", "tiny", 1, 16, 0),
        ]
    )
    assert database.usage.by_account(since="2025-06-02") == {ada: 15, bob: 16}
    assert database.usage.by_account(since="2025-06-04") == {}


def test_one_batch_may_count_the_same_row_twice(database: Database) -> None:
    ada = person(database)
    row = UsageOfDay(ada, "2025-06-01", "", "tiny", 1, 2, 3)
    database.usage.add([row, row])
    assert database.usage.of(ada, since="2025-06-01") == [
        UsageOfDay(ada, "2025-06-01", "", "tiny", 2, 4, 6)
    ]
    assert row.tokens == 5


def test_what_an_erased_person_used_is_dropped_and_the_rest_is_kept(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    rows = [UsageOfDay(account, "2025-06-01", "", "tiny", 1, 1, 1) for account in (ada, bob)]
    database.usage.add(rows)
    database.accounts.delete(ada)
    database.usage.add(rows)
    assert database.usage.by_account(since="2025-06-01") == {bob: 4}
    database.usage.add(rows[:1])
    assert database.usage.of(ada, since="2025-06-01") == []


def test_batches_at_once_lose_no_count_whatever_their_order(database: Database) -> None:
    people = [person(database, login) for login in ("ada", "bob", "eve")]
    rows = [
        UsageOfDay(account, "2025-06-01", key, "tiny", 1, 1, 1)
        for account, key in product(people, ("", "k"))
    ]

    def count(batch: list[UsageOfDay]) -> None:
        for _ in range(10):
            database.usage.add(batch)

    results = together(lambda: count(rows), lambda: count(rows[::-1]), lambda: count(rows[2:]))
    assert results == [None, None, None]
    totals = database.usage.by_account(since="2025-06-01")
    assert totals == {people[0]: 80, people[1]: 120, people[2]: 120}


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    batches=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["2025-06-01", "2025-06-02"]),
                st.sampled_from(["", "k"]),
                st.integers(0, 1_000_000),
                st.integers(0, 9),
            ),
            max_size=4,
        ),
        max_size=4,
    )
)
def test_counters_are_the_sums_of_what_was_added(
    database: Database, batches: list[list[tuple[str, str, int, int]]]
) -> None:
    ada = person(database)
    sums: dict[tuple[str, str], list[int]] = {}
    for batch in batches:
        database.usage.add([UsageOfDay(ada, d, key, "m", 1, p, c) for d, key, p, c in batch])
        for d, key, p, c in batch:
            total = sums.setdefault((d, key), [0, 0, 0])
            total[:] = [total[0] + 1, total[1] + p, total[2] + c]
    stored = {
        (row.day, row.key_id): [row.requests, row.prompt_tokens, row.completion_tokens]
        for row in database.usage.of(ada, since="2025-01-01")
    }
    database.accounts.delete(ada)
    assert stored == sums


@pytest.fixture
def keeper(database: Database) -> str:
    """The account that keeps the chats of visitors."""
    return person(database, "shop", "admin")


def waiting_chat(
    database: Database, keeper: str, title: str = "Late parcel", most_open: int = MOST_OPEN
) -> str:
    chat = database.conversations.create(keeper, title=title).id
    database.desk.ask(keeper, chat, most_open=most_open)
    return chat


def test_a_visit_tells_account_assistant_and_page(
    database: Database, keeper: str, clock: Clock
) -> None:
    shop = database.assistants.create(keeper, name="Shop", shared=True)
    chat = database.conversations.create(keeper, assistant_id=shop.id)
    now = clock.stop()
    token = database.desk.open_visit(chat.id, "https://" + "x" * 300)
    assert database.desk.visit(token) == Visit(
        chat.id, keeper, shop.id, "https://" + "x" * 247, now
    )
    database.assistants.delete(keeper, shop.id)
    assert database.desk.visit(token).assistant_id is None


def test_a_visitor_s_token_opens_their_chat_and_no_other(database: Database, keeper: str) -> None:
    chats = [database.conversations.create(keeper).id for _ in range(2)]
    tokens = [database.desk.open_visit(chat, "") for chat in chats]
    assert [database.desk.visit(token).conversation_id for token in tokens] == chats
    for text in ("", chats[0], tokens[0][:-1], tokens[0] + "x"):
        with pytest.raises(NotFound, match="there is no chat 'of this visitor'"):
            database.desk.visit(text)
    database.conversations.delete_all(keeper)
    with pytest.raises(NotFound):
        database.desk.visit(tokens[0])


def test_a_deleted_chat_s_visit_comes_back_with_it(database: Database, keeper: str) -> None:
    chat = database.conversations.create(keeper).id
    token = database.desk.open_visit(chat, "")
    database.conversations.delete(keeper, chat)
    with pytest.raises(NotFound):
        database.desk.visit(token)
    database.conversations.restore(keeper, chat)
    assert database.desk.visit(token).conversation_id == chat


def test_a_hand_over_keeps_the_times_of_asking_and_of_its_last_step(
    database: Database, keeper: str, clock: Clock
) -> None:
    now = clock.stop()
    chat = waiting_chat(database, keeper)
    assert database.desk.of(chat) == HandOver(chat, "waiting", None, now, now)
    clock.now = now + 10
    taken = database.desk.take(chat, keeper)
    assert taken == HandOver(chat, "taken", keeper, now, now + 10) == database.desk.of(chat)
    assert database.desk.ask(keeper, chat) == taken, "somebody is there already"
    clock.now = now + 20
    closed = database.desk.close(chat)
    assert closed == HandOver(chat, "closed", keeper, now, now + 20) == database.desk.of(chat)
    assert [each.is_open for each in (taken, closed)] == [True, False]
    clock.now = now + 30
    again = database.desk.ask(keeper, chat)
    assert again == HandOver(chat, "waiting", None, now + 30, now + 30) == database.desk.of(chat)


def test_the_queue_has_the_longest_wait_first_and_nobody_whose_chat_is_gone(
    database: Database, keeper: str
) -> None:
    first, second, closed, deleted = (waiting_chat(database, keeper, title) for title in "abcd")
    database.desk.close(closed)
    database.conversations.delete(keeper, deleted)
    database.desk.take(first, keeper)
    queue = database.desk.waiting()
    assert [(line.title, line.hand_over.status) for line in queue] == [
        ("a", "taken"),
        ("b", "waiting"),
    ]
    assert {line.account_id for line in queue} == {keeper}
    database.desk.close(second)
    database.desk.ask(keeper, second)
    database.conversations.restore(keeper, deleted)
    database.desk.ask(keeper, closed)
    assert [line.title for line in database.desk.waiting()] == ["a", "d", "b", "c"]


def test_the_queue_shows_a_hundred_in_one_order_when_they_came_together(
    database: Database, keeper: str, clock: Clock
) -> None:
    clock.stop()
    chats = [waiting_chat(database, keeper, most_open=101) for _ in range(101)]
    shown = [line.hand_over.conversation_id for line in database.desk.waiting()]
    assert shown == sorted(chats)[:100]


def test_steps_of_one_hand_over_leave_the_others(database: Database, keeper: str) -> None:
    first, second = (waiting_chat(database, keeper) for _ in range(2))
    before = database.desk.of(second)
    database.desk.take(first, keeper)
    database.desk.close(first)
    assert database.desk.of(second) == before


def test_nothing_is_taken_or_closed_where_nobody_is_wanted(database: Database, keeper: str) -> None:
    chat = database.conversations.create(keeper).id
    waiting = waiting_chat(database, keeper)
    for attempt in (
        lambda: database.desk.take(chat, keeper),
        lambda: database.desk.close(chat),
        lambda: database.desk.take("none", keeper),
        lambda: database.desk.ask(keeper, "none"),
    ):
        with pytest.raises(NotFound, match="there is no chat"):
            attempt()
    database.desk.close(waiting)
    with pytest.raises(DatabaseError):
        database.desk.close(waiting)
    assert database.desk.of(chat) is None


def test_another_of_the_staff_may_take_over(database: Database, keeper: str) -> None:
    staff = person(database, "ben", "admin")
    chat = waiting_chat(database, keeper)
    database.desk.take(chat, keeper)
    assert database.desk.take(chat, staff).taken_by == staff
    known = database.desk.of(chat)
    assert known is not None and known.taken_by == staff
