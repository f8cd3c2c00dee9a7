"""Search in chats, beside a search that reads every word of every turn."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Clock, answered, new_postgresql, person
from fledge.database import Database, open_database
from fledge.database.full_text import excerpt, fts5, phrases, telling_words, tsquery, words

VOCABULARY = [
    *("tide", "tides", "moon", "Mond", "été", "straße", "x1", "sea", "seal"),
    *("東北支社", "北東", "プロジェクト", "서울사무소", "เชียงใหม่", "API予算", "हिन्दी"),
]
QUERIES = ["t", "se", "ET", "strasse", "支社", "北", "ジェクト", "사무", "ยง", "予算", "हि", "ﾌﾟﾛ"]


def folded(text: str) -> str:
    """Lower case without accents."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))


def words_of(text: str) -> list[str]:
    """Words of the tests' vocabulary: the Latin ones of mixed text apart from the others."""
    return re.findall("[a-z0-9]+|[^a-z0-9 ]+", folded(text))


def naive_hits(turns: list[str], query: str) -> bool:
    """Whether one turn has every word: the last as a beginning, some scripts at any place."""
    *whole, last = words_of(query)

    def has(there: list[str], word: str) -> bool:
        if word[0] > "\u097f":
            return any(word in each for each in there)
        return word in there

    for turn in turns:
        there = words_of(turn)
        begins = any(each.startswith(last) for each in there)
        if all(has(there, word) for word in whole) and (begins or has(there, last)):
            return True
    return False


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    path = str(tmp_path_factory.mktemp("search") / "fledge.db")
    url = path if request.param == "sqlite" else new_postgresql("search")
    opened = open_database(url, Clock())
    yield opened
    opened.close()


texts = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=5).map(" ".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chats=st.lists(st.lists(texts, min_size=1, max_size=3), min_size=1, max_size=4),
    query=st.lists(st.sampled_from([*VOCABULARY, *QUERIES]), min_size=1, max_size=3).map(" ".join),
)
def test_the_index_finds_what_reading_everything_finds(
    searched: Database, chats: list[list[str]], query: str
) -> None:
    ada = person(searched, "ada")
    made = {}
    for turns in chats:
        chat = searched.conversations.create(ada)
        for turn in turns:
            searched.messages.add(ada, chat.id, role="user", content=turn, parent_id=None)
        made[chat.id] = turns
    found = [hit.conversation_id for hit in searched.conversations.search(ada, query)]
    expected = [id_ for id_, turns in made.items() if naive_hits(turns, query)]
    searched.accounts.delete(ada)
    assert found == expected[::-1], "newest first"


def chat_of(database: Database, account: str, text: str, title: str = "") -> str:
    chat = database.conversations.create(account, title=title)
    database.messages.add(account, chat.id, role="user", content=text, parent_id=None)
    return chat.id


def found(database: Database, account: str, query: str, limit: int = 30) -> list[str]:
    return [hit.conversation_id for hit in database.conversations.search(account, query, limit)]


def test_titles_come_first_then_the_newest_of_each(database: Database) -> None:
    ada = person(database)
    text_old = chat_of(database, ada, "the moon")
    title_old = chat_of(database, ada, "-", "Moon I")
    both = chat_of(database, ada, "the moon", "Moon II")
    text_new = chat_of(database, ada, "a moon")
    assert found(database, ada, "moon") == [both, title_old, text_new, text_old]
    assert found(database, ada, "moon", limit=1) == [both]
    assert found(database, ada, "moon", limit=3) == [both, title_old, text_new]
    titles = database.conversations.search(ada, "moon")[:2]
    assert [(hit.message_id, hit.excerpt) for hit in titles] == [(None, ""), (None, "")]


def test_hits_of_one_moment_come_in_one_order_however_few_are_shown(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    clock.stop()
    titles = [chat_of(database, ada, "-", "Moon") for _ in range(6)]
    texts = [chat_of(database, ada, "the moon") for _ in range(6)]
    expected = sorted(titles, reverse=True) + sorted(texts, reverse=True)
    assert found(database, ada, "moon") == expected
    assert found(database, ada, "moon", limit=8) == expected[:8]


def test_a_hit_tells_the_chat_and_its_newest_turn_that_matches(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, title="Night")
    turns = [
        database.messages.add(ada, chat.id, role="user", content=text, parent_id=None)
        for text in ("moon one", "moon two", "stars")
    ]
    (hit,) = database.conversations.search(ada, "moon")
    assert (hit.title, hit.message_id, hit.excerpt) == ("Night", turns[1].id, "moon two")
    assert hit.updated_at == database.conversations.get(ada, chat.id).updated_at


def test_all_words_must_be_in_one_turn_or_in_the_title(database: Database) -> None:
    ada = person(database)
    chat = chat_of(database, ada, "the moon", "Sea and sand")
    database.messages.add(ada, chat, role="user", content="the water", parent_id=None)
    assert found(database, ada, "moon water") == []
    assert found(database, ada, "moon sea") == []
    assert found(database, ada, "sand sea") == [chat]
    assert found(database, ada, "water the") == [chat], "in any order"


def test_only_the_last_word_is_a_beginning(database: Database) -> None:
    ada = person(database)
    chat = chat_of(database, ada, "swimming turtles")
    assert found(database, ada, "swimming turt") == [chat]
    assert found(database, ada, "swim turtles") == []
    assert found(database, ada, "urtles") == []


def test_nobody_finds_what_another_said(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    mine = chat_of(database, ada, "the moon", "Moon")
    hers = chat_of(database, eve, "the moon", "Moon")
    assert (found(database, ada, "moon"), found(database, eve, "moon")) == ([mine], [hers])


def test_what_is_deleted_or_temporary_is_not_found_by_title_or_text(database: Database) -> None:
    ada = person(database)
    gone = chat_of(database, ada, "the moon", "Moon")
    database.conversations.delete(ada, gone)
    hidden = database.conversations.create(ada, title="Moon", temporary=True)
    database.messages.add(ada, hidden.id, role="user", content="the moon", parent_id=None)
    assert found(database, ada, "moon") == []
    database.conversations.restore(ada, gone)
    assert found(database, ada, "moon") == [gone]


def test_a_new_title_is_found_and_the_old_one_is_not(database: Database) -> None:
    ada = person(database)
    chat = chat_of(database, ada, "-", "Moon")
    database.conversations.change(ada, chat, title="Sun")
    assert (found(database, ada, "moon"), found(database, ada, "sun")) == ([], [chat])


def test_an_answer_that_is_continued_is_found_by_its_last_text(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answer = answered(database, ada, chat.id, "the moon")
    run = database.runs.resume(ada, answer, model="tiny")
    assert found(database, ada, "moon") == [], "while it is written"
    database.runs.finish(run.id, "finished", "the moon pulls")
    assert found(database, ada, "moon pulls") == [chat.id]


def test_a_query_has_thirty_two_words_and_the_rest_do_not_count(database: Database) -> None:
    ada = person(database)
    chat = chat_of(database, ada, " ".join(f"word{number}" for number in range(32)))
    query = " ".join(f"word{number}" for number in range(32))
    assert found(database, ada, query) == [chat]
    assert found(database, ada, f"{query} zebra") == [chat]
    assert found(database, ada, f"zebra {query}") == []


def test_words_are_letters_and_digits_of_any_alphabet_and_not_too_long() -> None:
    assert words("Été, 日本! a_b (x1) -- \"'*") == ["ete", "日本", "a", "b", "x1"]
    assert words("a" * 100 + " " + "b" * 101) == ["a" * 100]
    assert words("\ud800 \0 … 🌊") == []
    assert len(words("w " * 500)) == 32


def test_telling_words_leave_out_those_of_every_question() -> None:
    assert telling_words("What IS the price of my new shoes, please?") == ["price", "new", "shoes"]
    assert telling_words("How are you?") == []
    assert telling_words(" ".join(f"w{number}" for number in range(40)))[-1] == "w31"


def test_a_query_is_quoted_in_both_languages() -> None:
    assert fts5(["sea", "mo"], every=True) == '"sea" "mo"*'
    assert fts5(["sea", "mo"], every=False) == '"sea" OR "mo"'
    assert tsquery(["sea", "mo"], every=True) == "'sea' & 'mo':*"
    assert tsquery(["sea", "mo"], every=False) == "'sea' | 'mo'"


def test_a_word_without_spaces_is_asked_for_by_its_pairs() -> None:
    assert fts5(["東北支", "mo", "社"], every=True) == '"東北 北支" "mo" "社"*'
    assert fts5(["東北支", "社"], every=False) == '"東北" OR "北支" OR "社"*'
    assert tsquery(["東北支", "社"], every=True) == "'東北' & '北支' & '社':*"
    assert tsquery(["東北支", "社"], every=False) == "'東北' | '北支' | '社':*"
    assert phrases(["東北支", "東北", "社", "sea"]) == ["東北 北支"]


def test_an_excerpt_begins_a_third_before_the_first_word_of_the_query() -> None:
    content = "a" * 100 + " moon " + "b" * 200
    shown = excerpt(content, ["moon"])
    assert shown.text == "…" + "a" * 52 + " moon " + "b" * 102 + "…"
    assert [shown.text[slice(*each)] for each in shown.hits] == ["moon"]
    assert excerpt("the  moon\n\nand\tthe sea", ["sea"]).text == "the moon and the sea"
    assert excerpt("Moon and sea", ["sea", "moon"]).text == "Moon and sea"
    assert excerpt("x" * 161, ["moon"]).text == "x" * 160 + "…"
    assert excerpt("x" * 160, ["moon"]).text == "x" * 160
    assert excerpt("", ["moon"]).text == ""


def test_an_excerpt_shows_the_word_that_was_found_and_no_other_that_contains_it() -> None:
    shown = excerpt("research " * 40 + "the sea", ["sea"])
    assert shown.text.endswith("the sea")
    assert [shown.text[slice(*each)] for each in shown.hits] == ["sea"]


def test_an_excerpt_shows_its_word_where_lower_case_is_longer() -> None:
    """The capital İ becomes two characters: places in the folded text are not those of the text."""
    shown = excerpt("İ" * 300 + " moon", ["moon"]).text
    assert shown.endswith("moon") and shown.startswith("…İ")
