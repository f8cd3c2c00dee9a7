"""The list of chats, changes of one, and what is deleted, temporary or somebody else's."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Clock, answered, person, together
from fledge.database import Conversation, Database
from fledge.errors import NotFound


def listed(database: Database, account: str, **options: object) -> list[str]:
    return [chat.id for chat in database.conversations.list(account, **options)]  # type: ignore[arg-type]


def pages(database: Database, account: str, size: int) -> list[str]:
    """The ids of all pages, each asked for with the last chat of the one before."""
    ids: list[str] = []
    last: Conversation | None = None
    while page := database.conversations.list(account, limit=size, before=last):
        ids += [chat.id for chat in page]
        last = page[-1]
    return ids


def test_a_new_chat_has_what_was_said_of_it_and_nothing_else(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    now = clock.stop()
    plain = database.conversations.create(ada)
    assert plain == Conversation(
        id=plain.id,
        account_id=ada,
        assistant_id=None,
        title="",
        model=None,
        system_prompt=None,
        sampling={},
        current_message_id=None,
        pinned=False,
        archived=False,
        temporary=False,
        folder_id=None,
        created_at=now,
        updated_at=now,
    )
    assert database.conversations.get(ada, plain.id) == plain


@pytest.mark.parametrize("title", ["x" * 200, "🌊" * 200, "中" * 199 + "\u0301"])
def test_a_title_has_two_hundred_characters_of_any_alphabet(database: Database, title: str) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title=title + "more")
    assert chat.title == title == database.conversations.get(ada, chat.id).title
    assert database.conversations.change(ada, chat.id, title=title + "more").title == title


def test_nested_sampling_comes_back_as_it_was(database: Database) -> None:
    ada = person(database)
    sampling = {"temperature": 0.7, "stop": ["\n\n", "é"], "top_p": None, "deep": {"a": [1, True]}}
    chat = database.conversations.create(ada, sampling=sampling)
    assert database.conversations.get(ada, chat.id).sampling == sampling


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    made=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), max_size=12),
    size=st.integers(1, 5),
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_pages_join_to_the_whole_list_whatever_is_pinned_and_tied(
    database: Database, clock: Clock, made: list[tuple[bool, bool, int]], size: int
) -> None:
    """Several chats of one moment, as an import makes them; sorted by hand to compare."""
    clock.stop()
    start = clock.now
    ada = person(database, f"ada {start} {len(made)} {size}{made}"[:200])
    chats = []
    for pinned, archived, second in made:
        clock.now = start + second
        chat = database.conversations.create(ada)
        chats.append(database.conversations.change(ada, chat.id, pinned=pinned, archived=archived))
    clock.now = start + 3
    shown = [chat for chat in chats if not chat.archived]
    expected = sorted(shown, key=lambda chat: (chat.pinned, chat.updated_at, chat.id), reverse=True)
    assert pages(database, ada, size) == [chat.id for chat in expected]
    archived = {chat.id for chat in chats if chat.archived}
    assert set(listed(database, ada, archived=True)) == archived
    database.accounts.delete(ada)


def test_pages_of_chats_of_one_moment_join(database: Database, clock: Clock) -> None:
    ada = person(database)
    clock.stop()
    made = [database.conversations.create(ada).id for _ in range(7)]
    assert pages(database, ada, 2) == sorted(made, reverse=True)


def test_a_chat_that_comes_between_two_pages_shifts_none(database: Database) -> None:
    ada = person(database)
    made = [database.conversations.create(ada).id for _ in range(6)]
    first = database.conversations.list(ada, limit=3)
    database.conversations.create(ada, title="new")
    second = listed(database, ada, limit=3, before=first[-1])
    assert [chat.id for chat in first] + second == made[::-1]


def test_a_page_has_fifty_chats_unless_another_number_is_asked_for(database: Database) -> None:
    ada = person(database)
    for _ in range(51):
        database.conversations.create(ada)
    assert len(listed(database, ada)) == 50
    assert len(listed(database, ada, limit=51)) == 51
    assert listed(database, ada, limit=0) == []


def test_only_a_new_turn_moves_a_chat_up(database: Database) -> None:
    ada = person(database)
    first, second = (database.conversations.create(ada) for _ in range(2))
    for change in (
        {"title": "New"},
        {"model": "tiny"},
        {"system_prompt": "Be brief."},
        {"sampling": {"seed": 1}},
    ):
        database.conversations.change(ada, first.id, **change)  # type: ignore[arg-type]
    assert listed(database, ada) == [second.id, first.id]
    database.messages.add(ada, first.id, role="user", content="Hi", parent_id=None)
    assert listed(database, ada) == [first.id, second.id]
    database.runs.start(ada, second.id, parent_id=None, model="tiny")
    assert listed(database, ada) == [second.id, first.id]


def test_a_change_of_nothing_is_the_chat_as_it_is(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Tides")
    assert database.conversations.change(ada, chat.id) == chat
    with pytest.raises(NotFound, match="there is no chat 'none'"):
        database.conversations.change(ada, "none")


def test_changing_one_chat_leaves_the_others(database: Database) -> None:
    ada = person(database)
    first, second = (database.conversations.create(ada, title=title) for title in "ab")
    database.conversations.change(ada, first.id, title="c", pinned=True, archived=True)
    database.conversations.delete(ada, first.id)
    assert database.conversations.get(ada, second.id) == second


def test_a_deleted_chat_is_read_only_where_it_is_asked_for(database: Database) -> None:
    ada = person(database)
    kept, gone = (database.conversations.create(ada, title=title) for title in ("kept", "gone"))
    answered(database, ada, gone.id)
    database.conversations.delete(ada, gone.id)
    assert [chat.id for chat in database.conversations.every(ada)] == [kept.id]
    assert [chat.id for chat in database.conversations.every(ada, deleted=True)] == [gone.id]
    turns = database.messages.tree(ada, gone.id, deleted=True)
    assert [turn.content for turn in turns] == ["Why tides?", "The moon."]
    with pytest.raises(NotFound, match=f"there is no chat '{kept.id}'"):
        database.messages.tree(ada, kept.id, deleted=True)
    for attempt in (
        lambda: database.conversations.readable(ada, gone.id),
        lambda: database.conversations.change(ada, gone.id, title="New"),
        lambda: database.messages.path(ada, turns[0].id),
        lambda: database.messages.add(ada, gone.id, role="user", content="x", parent_id=None),
        lambda: database.runs.start(ada, gone.id, parent_id=None, model="tiny"),
        lambda: database.runs.running(ada, gone.id),
        lambda: database.ratings.rate(ada, turns[1].id, 1),
        lambda: database.desk.ask(ada, gone.id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_an_archive_keeps_its_chats_searchable_and_complete(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Tides")
    answered(database, ada, chat.id)
    database.conversations.change(ada, chat.id, archived=True)
    assert listed(database, ada) == []
    assert [hit.conversation_id for hit in database.conversations.search(ada, "moon")] == [chat.id]
    assert [each.id for each in database.conversations.every(ada)] == [chat.id]
    database.conversations.change(ada, chat.id, archived=False)
    assert listed(database, ada) == [chat.id]


def test_every_chat_is_read_oldest_first_temporary_ones_too(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    made = [database.conversations.create(ada, temporary=number == 1).id for number in range(3)]
    database.messages.add(ada, made[0], role="user", content="again", parent_id=None)
    assert [chat.id for chat in database.conversations.every(ada)] == made


def test_the_purge_takes_what_was_deleted_before_a_time_and_not_at_it(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    early, late, kept = (database.conversations.create(ada) for _ in range(3))
    now = clock.stop()
    database.conversations.delete(ada, early.id)
    clock.now = now + 1
    database.conversations.delete(ada, late.id)
    assert database.conversations.purge(deleted_before=now) == 0
    assert database.conversations.purge(deleted_before=now + 1) == 1
    assert [chat.id for chat in database.conversations.every(ada, deleted=True)] == [late.id]
    assert [chat.id for chat in database.conversations.every(ada)] == [kept.id]


def test_temporary_chats_end_when_nobody_has_used_them_since_a_time(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    old, used, lasting = (
        database.conversations.create(ada, temporary=temporary) for temporary in (True, True, False)
    )
    clock.now += 3600
    turn = database.messages.add(ada, used.id, role="user", content="still here", parent_id=None)
    assert database.conversations.purge_temporary(used_before=old.updated_at) == 0
    assert database.conversations.purge_temporary(used_before=turn.created_at) == 1
    assert [chat.id for chat in database.conversations.every(ada)] == [used.id, lasting.id]


def test_restoring_what_is_not_deleted_changes_nothing(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Tides")
    assert database.conversations.restore(ada, chat.id) == chat
    database.conversations.delete(ada, chat.id)
    assert database.conversations.restore(ada, chat.id) == chat
    with pytest.raises(NotFound, match="there is no chat 'none'"):
        database.conversations.delete(ada, "none")


def test_deleting_all_takes_one_person_s_chats_deleted_and_temporary_ones_too(
    database: Database,
) -> None:
    ada, eve = person(database), person(database, "eve")
    chats = [database.conversations.create(ada, temporary=flag) for flag in (False, True, False)]
    database.conversations.delete(ada, chats[0].id)
    hers = database.conversations.create(eve)
    answered(database, eve, hers.id)
    assert database.conversations.delete_all(ada) == 3
    assert database.conversations.every(ada, deleted=True) == []
    assert database.conversations.every(ada) == []
    assert len(database.messages.tree(eve, hers.id)) == 2


def test_a_prompt_of_somebody_else_s_assistant_is_not_to_be_read(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(ada, name="Shop", shared=True, system_prompt="Code 4711.")
    chats = {
        each: database.conversations.create(
            each, assistant_id=shop.id, system_prompt="Code 4711."
        ).id
        for each in (ada, bob)
    }
    plain = database.conversations.create(bob, system_prompt="Be brief.")
    read = database.conversations.readable
    assert read(ada, chats[ada]).system_prompt == "Code 4711."
    assert read(bob, chats[bob]).system_prompt is None
    assert read(bob, plain.id).system_prompt == "Be brief."
    assert database.conversations.get(bob, chats[bob]).system_prompt == "Code 4711.", "for a model"
    with pytest.raises(NotFound):
        read(ada, chats[bob])
    database.conversations.delete(bob, chats[bob])
    (gone,) = database.conversations.every(bob, deleted=True)
    assert gone.system_prompt is None


def test_two_turns_at_once_are_both_kept(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    turns = together(
        *(
            lambda text=text: database.messages.add(
                ada, chat.id, role="user", content=text, parent_id=None
            )
            for text in "abcd"
        )
    )
    tree = database.messages.tree(ada, chat.id)
    assert sorted(turn.content for turn in tree) == ["a", "b", "c", "d"]
    assert database.conversations.get(ada, chat.id).current_message_id in {turn.id for turn in tree}
    assert len(turns) == 4
