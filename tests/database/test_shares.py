"""Links to chats: a copy of one branch, for as long as its owner wants and the chat is there."""

import pytest

from databases import answered, person, together
from fledge.database import Database, Share, SharedTurn
from fledge.database.shares import MOST_CHARACTERS
from fledge.errors import DatabaseError, NotFound

QUESTION = SharedTurn("user", "Why tides?", None, by_person=False)
ANSWER = SharedTurn("assistant", "The moon.", "tiny", by_person=False)


@pytest.fixture
def ada(database: Database) -> str:
    return person(database)


@pytest.fixture
def chat(database: Database, ada: str) -> str:
    """A chat of Ada's with a question and its answer."""
    made = database.conversations.create(ada, title="Tides", system_prompt="Be secret.")
    answered(database, ada, made.id)
    return made.id


def shared(database: Database, account: str, chat: str) -> Share:
    return database.shares.put(account, chat)[0]


def test_a_link_shows_the_branch_of_its_moment_until_it_is_updated(
    database: Database, ada: str, chat: str
) -> None:
    link, is_new = database.shares.put(ada, chat)
    assert is_new and len(link.token) == 43
    found = database.shares.find(link.token)
    assert found is not None
    assert (found.share, found.turns) == (link, (QUESTION, ANSWER))
    answered(database, ada, chat, "Another answer.")
    database.conversations.change(ada, chat, title="Sea")
    assert database.shares.find(link.token) == found, "a copy"
    updated, is_new = database.shares.put(ada, chat)
    assert (updated.id, updated.token, is_new) == (link.id, link.token, False)
    assert updated.title == "Sea" and updated.updated_at > link.updated_at
    again = database.shares.find(link.token)
    assert again is not None
    assert [turn.content for turn in again.turns] == ["Why tides?", "Another answer."]


def test_an_answer_that_grows_or_failed_empty_is_left_out_and_a_person_has_no_name(
    database: Database, ada: str, chat: str
) -> None:
    tree = database.messages.tree(ada, chat)
    staff = database.messages.add(
        ada, chat, role="assistant", content="Hi", parent_id=tree[-1].id, details={"by": "Ben"}
    )
    run = database.runs.start(ada, chat, parent_id=staff.id, model="tiny")
    found = database.shares.find(shared(database, ada, chat).token)
    assert found is not None
    person_said = SharedTurn("assistant", "Hi", None, by_person=True)
    assert found.turns == (QUESTION, ANSWER, person_said)
    database.runs.finish(run.id, "failed", "", error="no memory")
    again = database.shares.find(shared(database, ada, chat).token)
    assert again is not None and again.turns == found.turns


@pytest.mark.parametrize(
    ("temporary", "content", "told"),
    [
        (True, "Hello", "temporary chat cannot be shared"),
        (False, "", "no messages to share"),
        (False, "x" * (MOST_CHARACTERS + 1), "500,001 characters"),
    ],
)
def test_what_cannot_be_shared_is_told(
    database: Database, ada: str, temporary: bool, content: str, told: str
) -> None:
    made = database.conversations.create(ada, temporary=temporary)
    if content:
        database.messages.add(ada, made.id, role="user", content=content, parent_id=None)
    with pytest.raises(DatabaseError, match=told):
        database.shares.put(ada, made.id)
    assert database.shares.list(ada) == []


def test_the_longest_chat_that_can_be_shared_is_shared(database: Database, ada: str) -> None:
    made = database.conversations.create(ada)
    database.messages.add(ada, made.id, role="user", content="x" * MOST_CHARACTERS, parent_id=None)
    found = database.shares.find(shared(database, ada, made.id).token)
    assert found is not None and len(found.turns[0].content) == MOST_CHARACTERS


def test_two_who_share_at_once_get_one_link(database: Database, ada: str, chat: str) -> None:
    made = together(*[lambda: database.shares.put(ada, chat)[0].token] * 6)
    assert len(set(made)) == 1 and len(database.shares.list(ada)) == 1


def test_a_link_ends_with_its_revocation_its_chat_and_its_owner(
    database: Database, ada: str, chat: str
) -> None:
    links = [shared(database, ada, chat)]
    assert database.shares.of(ada, chat) == links[0]
    database.shares.revoke(ada, links[0].id)
    links.append(shared(database, ada, chat))
    assert links[0].token != links[1].token
    assert database.shares.revoke_chat(ada, chat) and not database.shares.revoke_chat(ada, chat)
    links.append(shared(database, ada, chat))
    database.conversations.delete(ada, chat)
    database.conversations.restore(ada, chat)
    assert database.shares.of(ada, chat) is None, "a restored chat is not shared again by itself"
    links.append(shared(database, ada, chat))
    database.conversations.delete_all(ada)
    assert [database.shares.find(link.token) for link in links] == [None] * 4
    assert database.shares.list(ada) == []


def test_a_disabled_person_s_links_open_nothing_and_an_erased_one_s_are_gone(
    database: Database, ada: str, chat: str
) -> None:
    link = shared(database, ada, chat)
    database.accounts.change(ada, disabled_at=1.0)
    assert database.shares.find(link.token) is None
    database.accounts.change(ada, disabled_at=None)
    assert database.shares.find(link.token) is not None
    database.accounts.delete(ada)
    assert database.shares.find(link.token) is None


def test_nobody_reaches_the_links_of_another(database: Database, ada: str, chat: str) -> None:
    ben, link = person(database, "ben"), shared(database, ada, chat)
    for reach in (
        lambda: database.shares.put(ben, chat),
        lambda: database.shares.of(ben, chat),
        lambda: database.shares.revoke(ben, link.id),
        lambda: database.shares.revoke_chat(ben, chat),
    ):
        with pytest.raises(NotFound):
            reach()
    assert (database.shares.list(ben), database.shares.list(ada)) == ([], [link])
    (kept,) = database.shares.every(ada)
    assert kept == database.shares.find(link.token)


def test_a_copy_is_a_chat_of_one_s_own_without_what_was_not_shown(
    database: Database, ada: str, chat: str
) -> None:
    ben, link = person(database, "ben"), shared(database, ada, chat)
    copy = database.shares.copy(ben, link.token, model="other")
    assert copy is not None
    assert (copy.account_id, copy.title, copy.model) == (ben, "Tides", "other")
    assert (copy.system_prompt, copy.assistant_id, copy.temporary) == (None, None, False)
    turns = database.messages.path(ben, copy.current_message_id or "")
    assert [(turn.role, turn.content, turn.model) for turn in turns] == [
        ("user", "Why tides?", None),
        ("assistant", "The moon.", "tiny"),
    ]
    database.conversations.delete_all(ada)
    assert database.messages.path(ben, turns[-1].id) == turns, "its own"
    assert database.shares.copy(ben, link.token, model="other") is None


def test_a_copy_is_searched_like_any_chat(database: Database, ada: str) -> None:
    chat = database.conversations.create(ada)
    database.messages.add(ada, chat.id, role="user", content="东京的潮汐", parent_id=None)
    ben = person(database, "ben")
    copy = database.shares.copy(ben, shared(database, ada, chat.id).token, model="tiny")
    assert copy is not None
    assert [hit.conversation_id for hit in database.conversations.search(ben, "潮汐")] == [copy.id]


def test_another_person_s_words_in_a_copy_never_train(
    database: Database, ada: str, chat: str
) -> None:
    """Ada may object at any time, and her words are in Ben's chat."""
    ben = person(database, "ben")
    copy = database.shares.copy(ben, shared(database, ada, chat).token, model="tiny")
    assert copy is not None and copy.current_message_id is not None
    database.ratings.write(ben, copy.current_message_id, "The sun, too.")
    assert list(database.training_data.demonstrations()) == []
    own = database.conversations.create(ben)
    database.ratings.write(ben, answered(database, ben, own.id), "The sun, too.")
    assert len(list(database.training_data.demonstrations())) == 1
