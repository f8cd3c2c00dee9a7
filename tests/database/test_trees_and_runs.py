"""Trees of turns beside a tree kept in memory, and runs from their start to every kind of end."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Clock, answered, person, together
from fledge.database import Conversation, Database, StoredMessage, StoredRun, open_database
from fledge.errors import NotFound


@pytest.fixture(scope="module")
def tree_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(tmp_path_factory.mktemp("trees") / "fledge.db", Clock())
    yield opened
    opened.close()


@pytest.fixture
def ada(database: Database) -> str:
    return person(database)


@pytest.fixture
def chat(database: Database, ada: str) -> Conversation:
    return database.conversations.create(ada)


def say(
    database: Database, account: str, chat: str, content: str, parent: str | None = None
) -> StoredMessage:
    return database.messages.add(account, chat, role="user", content=content, parent_id=parent)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parents=st.lists(st.integers(-1, 30), min_size=1, max_size=15))
def test_a_tree_is_what_was_said_and_every_path_its_ancestors(
    tree_database: Database, parents: list[int]
) -> None:
    """`parents[n]` chooses the parent of turn n among those before it; -1 makes a first turn."""
    ada = person(tree_database, "ada")
    chat = tree_database.conversations.create(ada).id
    paths: list[list[str]] = []
    said: list[StoredMessage] = []
    for number, choice in enumerate(parents):
        above = None if choice < 0 or not said else choice % len(said)
        parent = None if above is None else said[above].id
        said.append(say(tree_database, ada, chat, str(number), parent))
        paths.append([*([] if above is None else paths[above]), str(number)])
    assert tree_database.messages.tree(ada, chat) == said
    for turn, expected in zip(said, paths, strict=True):
        path = tree_database.messages.path(ada, turn.id)
        assert [each.content for each in path] == expected
    current = tree_database.conversations.get(ada, chat).current_message_id
    assert current == said[-1].id
    tree_database.accounts.delete(ada)


def test_turns_of_one_moment_keep_their_order(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    clock.stop()
    said = [say(database, ada, chat.id, str(number)) for number in range(12)]
    assert database.messages.tree(ada, chat.id) == said
    parent = None
    for number in range(12):
        parent = say(database, ada, chat.id, str(number), parent).id
    assert parent is not None
    path = [turn.content for turn in database.messages.path(ada, parent)]
    assert path == [str(number) for number in range(12)]


def test_a_turn_is_stored_with_all_that_was_said_of_it(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    now = clock.stop()
    details = {"sources": [{"name": "é.md", "position": 2}], "seconds": 0.25}
    turn = database.messages.add(
        ada,
        chat.id,
        role="assistant",
        content="Both.",
        parent_id=None,
        model="tiny",
        details=details,
    )
    assert turn == StoredMessage(
        id=turn.id,
        conversation_id=chat.id,
        parent_id=None,
        role="assistant",
        content="Both.",
        model="tiny",
        status="finished",
        finish_reason=None,
        error=None,
        prompt_tokens=None,
        completion_tokens=None,
        details=details,
        created_at=now,
        updated_at=now,
    )
    assert database.messages.get(ada, turn.id) == turn


def test_a_very_long_turn_comes_back_whole(
    database: Database, ada: str, chat: Conversation
) -> None:
    text = "Ebbe und Flut. 🌊\n" * 60_000
    turn = say(database, ada, chat.id, text)
    assert database.messages.get(ada, turn.id).content == text
    assert [hit.message_id for hit in database.conversations.search(ada, "flut")] == [turn.id]


def test_turns_in_one_chat_leave_the_others_as_they_are(
    database: Database, ada: str, chat: Conversation
) -> None:
    answered(database, ada, chat.id)
    before = database.conversations.get(ada, chat.id)
    other = database.conversations.create(ada)
    answered(database, ada, other.id)
    assert database.conversations.get(ada, chat.id) == before


def test_turns_of_a_deleted_chat_are_not_read_one_by_one(
    database: Database, ada: str, chat: Conversation
) -> None:
    answer = answered(database, ada, chat.id)
    database.conversations.delete(ada, chat.id)
    for attempt in (
        lambda: database.messages.get(ada, answer),
        lambda: database.messages.path(ada, answer),
        lambda: database.runs.resume(ada, answer, model="tiny"),
    ):
        with pytest.raises(NotFound, match=f"there is no message '{answer}'"):
            attempt()


def test_an_empty_chat_has_no_turns(database: Database, ada: str, chat: Conversation) -> None:
    assert database.messages.tree(ada, chat.id) == []
    with pytest.raises(NotFound, match="there is no chat 'none'"):
        database.messages.tree(ada, "none")


def test_an_unknown_message_is_named(database: Database, ada: str, chat: Conversation) -> None:
    for attempt in (
        lambda: database.messages.get(ada, "none"),
        lambda: database.messages.path(ada, "none"),
        lambda: say(database, ada, chat.id, "x", "none"),
        lambda: database.runs.start(ada, chat.id, parent_id="none", model="tiny"),
        lambda: database.runs.resume(ada, "none", model="tiny"),
    ):
        with pytest.raises(NotFound, match="there is no message 'none'"):
            attempt()
    assert database.messages.tree(ada, chat.id) == []
    assert database.conversations.get(ada, chat.id) == chat


def test_a_run_is_stored_as_it_was_started(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    question = say(database, ada, chat.id, "Why?")
    now = clock.stop()
    run = database.runs.start(
        ada,
        chat.id,
        parent_id=question.id,
        model="tiny",
        sampling={"seed": 7},
        details={"sources": []},
    )
    assert run == StoredRun(
        id=run.id,
        account_id=ada,
        conversation_id=chat.id,
        message_id=run.message_id,
        model="tiny",
        sampling={"seed": 7},
        status="running",
        finish_reason=None,
        error=None,
        started_at=now,
        finished_at=None,
        server_id=database.servers.id,
    )
    assert database.runs.get(ada, run.id) == run
    message = database.messages.get(ada, run.message_id)
    assert (message.parent_id, message.role) == (question.id, "assistant")
    assert (message.details, message.created_at) == ({"sources": []}, now)
    current = database.conversations.get(ada, chat.id)
    assert (current.current_message_id, current.updated_at) == (run.message_id, now)


def test_details_of_the_start_stay_unless_the_end_has_others(
    database: Database, ada: str, chat: Conversation
) -> None:
    for given_, kept in ((None, {"sources": [1]}), ({}, {}), ({"seconds": 2}, {"seconds": 2})):
        run = database.runs.start(
            ada, chat.id, parent_id=None, model="tiny", details={"sources": [1]}
        )
        database.runs.finish(run.id, "finished", "x", details=given_)
        assert database.messages.get(ada, run.message_id).details == kept


def test_a_run_that_failed_tells_why_and_keeps_its_text(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    clock.now += 5
    now = clock.stop()
    ended = database.runs.finish(
        run.id, "failed", "The mo", finish_reason="length", error="out of memory"
    )
    assert (ended.status, ended.error, ended.finish_reason) == ("failed", "out of memory", "length")
    assert ended.finished_at == now
    assert database.runs.get(ada, run.id) == ended
    message = database.messages.get(ada, run.message_id)
    assert (message.status, message.error, message.content) == ("failed", "out of memory", "The mo")
    assert (message.finish_reason, message.updated_at) == ("length", now)


def test_a_continued_answer_forgets_how_it_ended(
    database: Database, ada: str, chat: Conversation
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny", details={"seconds": 1})
    database.runs.finish(run.id, "failed", "The mo", finish_reason="length", error="away")
    again = database.runs.resume(ada, run.message_id, model="other", sampling={"seed": 1})
    message = database.messages.get(ada, run.message_id)
    assert (message.status, message.finish_reason, message.error) == ("running", None, None)
    assert (message.content, message.model, message.details) == ("The mo", "tiny", {"seconds": 1})
    assert (again.model, again.sampling, again.status) == ("other", {"seed": 1}, "running")
    assert database.runs.get(ada, run.id).status == "failed", "the first run is history"
    assert not database.runs.save(run.id, "late"), "its writer is gone"
    assert database.runs.save(again.id, "The moon")
    assert database.messages.get(ada, run.message_id).content == "The moon"


def test_saving_one_answer_leaves_its_siblings(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    first, second = (
        database.runs.start(ada, chat.id, parent_id=None, model=model) for model in ("a", "b")
    )
    clock.now += 1
    now = clock.stop()
    assert database.runs.save(first.id, "A grows")
    database.runs.finish(first.id, "finished", "A grew")
    texts = {turn.id: turn.content for turn in database.messages.tree(ada, chat.id)}
    assert texts == {first.message_id: "A grew", second.message_id: ""}
    assert database.messages.get(ada, first.message_id).updated_at == now
    assert database.runs.running(ada, chat.id) == [second]


def test_an_interrupted_answer_is_saved_no_further(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    database.runs.save(run.id, "Half")
    now = clock.stop()
    assert database.runs.interrupt(run.id) == 1
    assert not database.runs.save(run.id, "Half and more")
    assert database.messages.get(ada, run.message_id).content == "Half"
    ended = database.runs.get(ada, run.id)
    assert (ended.status, ended.finished_at) == ("interrupted", now)
    assert database.runs.interrupt("none") == 0


def test_a_start_after_a_crash_leaves_what_had_ended(
    database: Database, ada: str, chat: Conversation
) -> None:
    ends = ("finished", "cancelled", "failed", "interrupted")
    for end in ends:
        run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
        database.runs.finish(run.id, end, end)
    left = [database.runs.start(ada, chat.id, parent_id=None, model="tiny") for _ in range(2)]
    assert database.runs.interrupt_orphans() == 2
    statuses = [turn.status for turn in database.messages.tree(ada, chat.id)]
    assert statuses == [*ends, "interrupted", "interrupted"]
    assert database.runs.running(ada, chat.id) == []
    assert {database.runs.get(ada, run.id).status for run in left} == {"interrupted"}


def test_running_answers_are_those_of_one_chat_oldest_first(
    database: Database, ada: str, chat: Conversation
) -> None:
    other = database.conversations.create(ada)
    first, second = (
        database.runs.start(ada, chat.id, parent_id=None, model=model) for model in "ab"
    )
    elsewhere = database.runs.start(ada, other.id, parent_id=None, model="a")
    assert database.runs.running(ada, chat.id) == [first, second]
    assert database.runs.running(ada, other.id) == [elsewhere]
    with pytest.raises(NotFound, match="there is no chat 'none'"):
        database.runs.running(ada, "none")


def test_an_unknown_run_is_named(database: Database, ada: str) -> None:
    with pytest.raises(NotFound, match="there is no run 'none'"):
        database.runs.get(ada, "none")
    with pytest.raises(NotFound, match="there is no run 'none'"):
        database.runs.finish("none", "finished", "x")
    assert not database.runs.save("none", "x")


def test_another_s_run_looks_like_one_that_is_not_there(
    database: Database, ada: str, chat: Conversation
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    eve = person(database, "eve")
    with pytest.raises(NotFound, match=f"there is no run '{run.id}'"):
        database.runs.get(eve, run.id)


def test_of_two_who_continue_an_answer_at_once_one_may(
    database: Database, ada: str, chat: Conversation
) -> None:
    answer = answered(database, ada, chat.id, "The mo")
    results = together(*(lambda: database.runs.resume(ada, answer, model="tiny") for _ in range(4)))
    started = [each for each in results if isinstance(each, StoredRun)]
    assert database.runs.running(ada, chat.id) == started and len(started) == 1
    refused = [str(each) for each in results if isinstance(each, NotFound)]
    assert refused == [f"message {answer!r} is being written already"] * 3


def test_a_chat_that_is_purged_takes_its_runs_and_turns_along(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    kept = database.conversations.create(ada)
    answer = answered(database, ada, kept.id)
    database.conversations.delete(ada, chat.id)
    database.conversations.purge(clock() + 1)
    for attempt in (
        lambda: database.runs.get(ada, run.id),
        lambda: database.messages.get(ada, run.message_id),
        lambda: database.runs.finish(run.id, "finished", "x"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert database.messages.get(ada, answer).content == "The moon."
