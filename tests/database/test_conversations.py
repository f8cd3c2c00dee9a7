import pytest

from databases import Clock, answered, person
from fledge.database import Database
from fledge.errors import NotFound


def titles(database: Database, account: str, **options: object) -> list[str]:
    return [chat.title for chat in database.conversations.list(account, **options)]


def test_a_chat_is_stored_as_it_was_made(database: Database) -> None:
    ada = person(database)
    made = database.conversations.create(
        ada, title="Tides", model="tiny", system_prompt="Be brief.", sampling={"temperature": 0.5}
    )
    assert database.conversations.get(ada, made.id) == made
    assert (made.pinned, made.archived, made.temporary) == (False, False, False)


def test_the_list_has_pinned_chats_first_then_the_newest(database: Database) -> None:
    ada = person(database)
    chats = [database.conversations.create(ada, title=title) for title in "abcd"]
    database.conversations.change(ada, chats[1].id, pinned=True)
    database.conversations.change(ada, chats[2].id, archived=True)
    database.messages.add(ada, chats[0].id, role="user", content="Hello", parent_id=None)
    assert titles(database, ada) == ["b", "a", "d"]
    assert titles(database, ada, archived=True) == ["c"]


def test_pages_of_the_list_join_without_gap_or_double(database: Database) -> None:
    ada = person(database)
    for index in range(11):
        chat = database.conversations.create(ada, title=str(index))
        if index % 4 == 0:
            database.conversations.change(ada, chat.id, pinned=True)
    whole = titles(database, ada)
    pages, last = [], None
    while page := database.conversations.list(ada, limit=3, before=last):
        pages += [chat.title for chat in page]
        last = page[-1]
    assert pages == whole == ["8", "4", "0", "10", "9", "7", "6", "5", "3", "2", "1"]


def test_a_temporary_chat_is_neither_listed_nor_found(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Secret", temporary=True)
    answered(database, ada, chat.id)
    assert titles(database, ada) == []
    assert database.conversations.search(ada, "tides") == []
    assert database.conversations.get(ada, chat.id).temporary


def test_a_change_leaves_the_rest_and_the_order(database: Database) -> None:
    ada = person(database)
    first = database.conversations.create(ada, title="first", model="tiny")
    database.conversations.create(ada, title="second")
    changed = database.conversations.change(ada, first.id, title="x" * 300)
    assert (changed.title, changed.model) == ("x" * 200, "tiny")
    assert changed.updated_at == first.updated_at
    assert database.conversations.change(ada, first.id, model=None).model is None


def test_deleting_can_be_undone_until_the_purge(database: Database, clock: Clock) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Tides")
    answer = answered(database, ada, chat.id)
    database.conversations.delete(ada, chat.id)
    assert titles(database, ada) == []
    for read in (
        lambda: database.conversations.get(ada, chat.id),
        lambda: database.messages.get(ada, answer),
        lambda: database.messages.tree(ada, chat.id),
    ):
        with pytest.raises(NotFound):
            read()
    assert database.conversations.search(ada, "tides") == []
    assert database.conversations.restore(ada, chat.id).title == "Tides"
    assert len(database.messages.tree(ada, chat.id)) == 2
    database.conversations.delete(ada, chat.id)
    assert database.conversations.purge(deleted_before=clock() - 60) == 0
    assert database.conversations.purge(deleted_before=clock() + 60) == 1
    with pytest.raises(NotFound):
        database.conversations.restore(ada, chat.id)


def test_one_persons_chats_do_not_exist_for_another(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    chat = database.conversations.create(ada, title="Tides")
    answer = answered(database, ada, chat.id)
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    attempts = {
        "get": lambda: database.conversations.get(eve, chat.id),
        "change": lambda: database.conversations.change(eve, chat.id, title="Mine"),
        "delete": lambda: database.conversations.delete(eve, chat.id),
        "restore": lambda: database.conversations.restore(eve, chat.id),
        "tree": lambda: database.messages.tree(eve, chat.id),
        "path": lambda: database.messages.path(eve, answer),
        "message": lambda: database.messages.get(eve, answer),
        "add": lambda: database.messages.add(
            eve, chat.id, role="user", content="Mine", parent_id=None
        ),
        "start": lambda: database.runs.start(eve, chat.id, parent_id=None, model="tiny"),
        "resume": lambda: database.runs.resume(eve, answer, model="tiny"),
        "run": lambda: database.runs.get(eve, run.id),
        "running": lambda: database.runs.running(eve, chat.id),
        "rate": lambda: database.ratings.rate(eve, answer, 1),
        "write": lambda: database.ratings.write(eve, answer, "Mine"),
        "prefer": lambda: database.ratings.prefer(eve, [[answer], [run.message_id]]),
    }
    for name, attempt in attempts.items():
        with pytest.raises(NotFound):
            attempt()
            pytest.fail(name)
    assert database.conversations.search(eve, "tides") == []
    assert titles(database, eve) == []
    assert database.ratings.of_conversation(eve, chat.id) == {}
    assert database.conversations.get(ada, chat.id).title == "Tides"


def test_search_finds_titles_and_turns_each_chat_once(database: Database) -> None:
    ada = person(database)
    tides = database.conversations.create(ada, title="About 100% of the sea")
    answered(database, ada, tides.id, "The moon pulls on the water. The moon is heavy.")
    other = database.conversations.create(ada, title="Moon landing")
    found = database.conversations.search(ada, "moon")
    assert [(hit.conversation_id, hit.message_id is None) for hit in found] == [
        (other.id, True),
        (tides.id, False),
    ]
    assert found[1].excerpt == "The moon pulls on the water. The moon is heavy."
    assert [hit.conversation_id for hit in database.conversations.search(ada, "pulls wat")] == [
        tides.id
    ]
    assert [hit.title for hit in database.conversations.search(ada, "100%")] == [tides.title]
    assert database.conversations.search(ada, "moon cheese") == []


@pytest.mark.parametrize("query", ["", "  ", '"', "' OR 1=1 --", "moon AND (", "*", "NEAR(", "%_"])
def test_search_takes_any_text(database: Database, query: str) -> None:
    ada = person(database)
    answered(database, ada, database.conversations.create(ada, title="Tides").id)
    assert database.conversations.search(ada, query) == []


def test_what_is_being_written_is_found_once_it_has_ended(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    database.runs.save(run.id, "Once upon a")
    assert database.conversations.search(ada, "once") == []
    database.runs.finish(run.id, "cancelled", "Once upon a time")
    assert len(database.conversations.search(ada, "once time")) == 1
    database.conversations.delete_all(ada)
    assert database.conversations.search(ada, "once") == []


@pytest.mark.parametrize("word", ["Straße", "STRASSENBAHN", "été", "日本"])
def test_search_knows_the_letters_of_other_languages(database: Database, word: str) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answered(database, ada, chat.id, "Die Straße, die strassenbahn, l'été, 日本 und 🌊.")
    named = database.conversations.create(ada, title="Übersicht der Straße")
    assert chat.id in {hit.conversation_id for hit in database.conversations.search(ada, word)}
    assert database.conversations.search(ada, "übersicht")[0].conversation_id == named.id


def test_a_word_longer_than_any_is_not_looked_for(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answered(database, ada, chat.id, "The moon.")
    assert len(database.conversations.search(ada, f"{'x' * 5_000} moon")) == 1


def test_every_chat_with_a_hit_is_found_however_many_another_has(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    chats = [database.conversations.create(each) for each in (ada, ada, eve)]
    for chat in chats:
        for index in range(20):
            database.messages.add(
                chat.account_id, chat.id, role="user", content=f"tide {index}", parent_id=None
            )
    hits = database.conversations.search(ada, "t", limit=2)
    assert [hit.conversation_id for hit in hits] == [chats[1].id, chats[0].id]
    newest = database.messages.tree(ada, chats[1].id)[-1]
    assert (hits[0].message_id, hits[0].excerpt) == (newest.id, "tide 19")


def test_some_chats_are_those_that_are_there_and_theirs(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    mine, gone, other = (database.conversations.create(each) for each in (ada, ada, eve))
    database.conversations.delete(ada, gone.id)
    assert database.conversations.some(ada, [mine.id, gone.id, other.id, "none"]) == {mine.id: mine}
    assert database.conversations.some(ada, []) == {}


def test_an_excerpt_shows_the_place(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answered(database, ada, chat.id, "sand " * 100 + "moon " + "sea " * 100)
    excerpt = database.conversations.search(ada, "moon")[0].excerpt
    assert excerpt.startswith("…") and excerpt.endswith("…") and "moon" in excerpt
    assert len(excerpt) < 170
