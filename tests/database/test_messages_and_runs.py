import pytest

from databases import Clock, answered, person
from fledge.database import Conversation, Database
from fledge.errors import NotFound


@pytest.fixture
def ada(database: Database) -> str:
    return person(database)


@pytest.fixture
def chat(database: Database, ada: str) -> Conversation:
    return database.conversations.create(ada)


def test_an_edit_is_a_sibling_and_paths_lead_to_each(
    database: Database, ada: str, chat: Conversation
) -> None:
    add = database.messages.add
    question = add(ada, chat.id, role="user", content="Why?", parent_id=None)
    answer = add(ada, chat.id, role="assistant", content="Because.", parent_id=question.id)
    follow = add(ada, chat.id, role="user", content="Really?", parent_id=answer.id)
    edited = add(ada, chat.id, role="user", content="Truly?", parent_id=answer.id)

    def path(id_: str) -> list[str]:
        return [turn.content for turn in database.messages.path(ada, id_)]

    assert path(follow.id) == ["Why?", "Because.", "Really?"]
    assert path(edited.id) == ["Why?", "Because.", "Truly?"]
    assert database.messages.tree(ada, chat.id) == [question, answer, follow, edited]
    assert database.conversations.get(ada, chat.id).current_message_id == edited.id


def test_a_path_is_as_long_as_the_chat(database: Database, ada: str, chat: Conversation) -> None:
    parent = None
    for index in range(60):
        turn = database.messages.add(
            ada, chat.id, role="user", content=str(index), parent_id=parent
        )
        parent = turn.id
    path = database.messages.path(ada, turn.id)
    assert [each.content for each in path] == [str(index) for index in range(60)]


def test_a_parent_of_another_chat_is_refused(
    database: Database, ada: str, chat: Conversation
) -> None:
    other = database.conversations.create(ada)
    turn = database.messages.add(ada, other.id, role="user", content="Hi", parent_id=None)
    with pytest.raises(NotFound):
        database.messages.add(ada, chat.id, role="user", content="Hi", parent_id=turn.id)
    with pytest.raises(NotFound):
        database.runs.start(ada, chat.id, parent_id=turn.id, model="tiny")
    assert database.messages.tree(ada, chat.id) == []


def test_a_run_writes_its_message(
    database: Database, ada: str, chat: Conversation, clock: Clock
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny", sampling={"seed": 1})
    message = database.messages.get(ada, run.message_id)
    assert (message.status, message.content, message.model) == ("running", "", "tiny")
    assert database.runs.running(ada, chat.id) == [run]
    assert database.runs.save(run.id, "The")
    assert database.messages.get(ada, run.message_id).content == "The"
    ended = database.runs.finish(
        run.id,
        "finished",
        "The moon.",
        finish_reason="stop",
        prompt_tokens=7,
        completion_tokens=3,
        details={"seconds": 0.5},
    )
    message = database.messages.get(ada, run.message_id)
    assert (message.content, message.status, message.finish_reason) == (
        "The moon.",
        "finished",
        "stop",
    )
    assert (message.prompt_tokens, message.completion_tokens) == (7, 3)
    assert message.details["seconds"] == 0.5
    assert (ended.status, ended.sampling) == ("finished", {"seed": 1})
    assert ended.finished_at is not None and ended.finished_at <= clock()
    assert database.runs.running(ada, chat.id) == []
    assert not database.runs.save(run.id, "The"), "a late save changes no finished answer"
    assert database.messages.get(ada, run.message_id).content == "The moon."


def test_an_answer_cut_short_can_be_continued(
    database: Database, ada: str, chat: Conversation
) -> None:
    answer = answered(database, ada, chat.id, "The moon")
    run = database.runs.resume(ada, answer, model="tiny")
    opened = database.messages.get(ada, answer)
    assert (run.message_id, opened.status, opened.finish_reason) == (answer, "running", None)
    with pytest.raises(NotFound, match="being written already"):
        database.runs.resume(ada, answer, model="tiny")
    database.runs.finish(run.id, "finished", "The moon pulls.", finish_reason="stop")
    assert database.messages.get(ada, answer).content == "The moon pulls."


def test_what_a_dead_server_left_is_marked_and_kept(
    database: Database, ada: str, chat: Conversation
) -> None:
    done = answered(database, ada, chat.id)
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    database.runs.save(run.id, "Half an ans")
    assert database.runs.interrupt_orphans() == 1
    message = database.messages.get(ada, run.message_id)
    assert (message.status, message.content) == ("interrupted", "Half an ans")
    assert database.runs.get(ada, run.id).status == "interrupted"
    assert database.messages.get(ada, done).status == "finished"
    assert database.runs.interrupt_orphans() == 0


def test_a_run_that_nobody_writes_is_marked_alone(
    database: Database, ada: str, chat: Conversation
) -> None:
    lost, other = (
        database.runs.start(ada, chat.id, parent_id=None, model="tiny") for _ in range(2)
    )
    assert database.runs.interrupt(lost.id) == 1
    assert database.runs.interrupt(lost.id) == 0
    statuses = {turn.id: turn.status for turn in database.messages.tree(ada, chat.id)}
    assert statuses == {lost.message_id: "interrupted", other.message_id: "running"}
    assert [run.id for run in database.runs.running(ada, chat.id)] == [other.id]


def test_a_run_whose_chat_was_erased_ends_in_not_found(
    database: Database, ada: str, chat: Conversation
) -> None:
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    database.conversations.delete_all(ada)
    assert not database.runs.save(run.id, "Half")
    with pytest.raises(NotFound):
        database.runs.finish(run.id, "finished", "Whole")


@pytest.mark.parametrize(
    "text", ["Été 🌊 中文 \u200d", "'; DROP TABLE messages; --", "a\nb\t\\", ""]
)
def test_any_text_comes_back_as_it_was(
    database: Database, ada: str, chat: Conversation, text: str
) -> None:
    turn = database.messages.add(ada, chat.id, role="user", content=text, parent_id=None)
    assert database.messages.get(ada, turn.id).content == text
