"""Search in scripts without spaces, in titles, texts and passages, and the folding beneath it."""

import pytest

from databases import person
from fledge.database import Database, Passage
from fledge.database.folding import MOST_PAIRS, fold, hits, indexed
from fledge.database.full_text import words


def chat_of(database: Database, account: str, text: str, title: str = "") -> str:
    chat = database.conversations.create(account, title=title)
    database.messages.add(account, chat.id, role="user", content=text, parent_id=None)
    return chat.id


def found(database: Database, account: str, query: str) -> list[str]:
    return [hit.conversation_id for hit in database.conversations.search(account, query)]


MEETING = "昨日の会議では東北支社のプロジェクト予算について話しました。"
OTHERS = "구글서울사무소 회의록 และฉันไปเชียงใหม่ Übergröße straße हिन्दी में"


@pytest.mark.parametrize("place", ["text", "title"])
@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        *(("昨日の会議では", True), ("東北支社", True), ("プロジェクト", True), ("予算", True)),
        *(("会議", True), ("議", True), ("。", False), ("た", True), ("支社の予算", False)),
        *(("ﾌﾟﾛｼﾞｪｸﾄ", True), ("プロジエクト", False), ("北東", False), ("東支", False)),
        *(("予算 会議", True), ("予算 会社", False), ("東北支社のプロジェクト予算について", True)),
        *(
            ("서울사무소", True),
            ("회의록", True),
            ("구글", True),
            ("사무", True),
            ("서울 구글", True),
        ),
        *(("\u1109\u1165\u110b\u116e\u11af", True),),  # 서울 in Jamo, as macOS names files
        *(("เชียงใหม่", True), ("เชียงไหม่", False), ("ไป", True), ("ยง", True)),
        *(("Übergröße", True), ("ubergrosse", True), ("strasse", True), ("STRASSE", True)),
        *(("größe", False), ("übergr", True), ("uberg strasse", False), ("strasse uberg", True)),
        *(("हिन्दी", True), ("हि", True), ("हन", False), ("न्दी", False)),
        *(("strasse 予算", True), ("予算 stras", True), ("stras 予算", False)),
    ],
)
def test_scripts_without_spaces_are_found_at_any_place_and_others_by_beginnings(
    database: Database, query: str, is_there: bool, place: str
) -> None:
    ada = person(database)
    both = f"{MEETING}{OTHERS}"
    chat = chat_of(database, ada, *((both, "-") if place == "text" else ("-", both)))
    assert found(database, ada, query) == ([chat] if is_there else [])


def test_words_of_a_link_are_found_alike_in_both_databases(database: Database) -> None:
    ada = person(database)
    chat = chat_of(database, ada, "see https://shop.example.com/new-hats?size=12 or a/b_c")
    for query in ("example", "hats", "size 12", "b", "c", "shop"):
        assert found(database, ada, query) == [chat], query


def test_a_hit_marks_its_words_in_title_and_text(database: Database) -> None:
    ada = person(database)
    chat_of(database, ada, "Die  STRASSE, 東北支社と東北。 strassenbahn", "straße")
    (hit,) = database.conversations.search(ada, "東北 straß")
    assert [hit.excerpt[slice(*each)] for each in hit.hits] == [
        "STRASSE"[:6],
        "東北",
        "東北",
        "strass",
    ]
    (hit,) = database.conversations.search(ada, "straße")
    assert [hit.title[slice(*each)] for each in hit.title_hits] == ["straße"]


def test_a_growing_answer_is_found_by_what_was_saved_before_its_server_died(
    database: Database,
) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    question = database.messages.add(ada, chat.id, role="user", content="?", parent_id=None)
    run = database.runs.start(ada, chat.id, parent_id=question.id, model="tiny")
    database.runs.save(run.id, MEETING)
    database.runs.interrupt(run.id)
    assert found(database, ada, "東北支社") == [chat.id]


def test_a_very_long_text_without_spaces_is_stored_and_found(database: Database) -> None:
    """A pair is a word of the index, which PostgreSQL limits to a megabyte a text."""
    ada = person(database)
    text = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(200_000))
    chat = chat_of(database, ada, text)
    assert found(database, ada, text[:40]) == [chat]
    assert found(database, ada, text[MOST_PAIRS - 20 : MOST_PAIRS]) == [chat]


def test_a_question_finds_the_passages_that_share_its_pairs(database: Database) -> None:
    ada = person(database)
    assistant = database.assistants.create(ada, name="Office").id
    passages = [
        Passage("予算", "東北支社の予算は三百万円です。"),
        Passage("会議", "会議は毎週月曜日です。"),
        Passage("", "The Straße is closed."),
    ]
    database.knowledge.add(ada, assistant, "office.md", passages)
    for question, best in (("東北の予算はいくらですか", 0), ("会議はいつ？", 1), ("strasse", 2)):
        assert database.knowledge.search(assistant, question)[0].position == best, question


def test_folding_leaves_out_case_accents_and_other_forms_of_a_letter() -> None:
    assert fold("Été ÌSTANBUL Straße ﬁn ＡＢＣ ①") == "ete istanbul strasse fin abc 1"
    assert fold("co\u00adoperate don't ") == "cooperate don t "
    assert fold("مَدْرَسَة") == fold("مدرسة")
    assert indexed("plain words") is None
    assert indexed("API予算書、été") == "api 予算 算書 書 ete"
    assert indexed("社") == "社"
    assert indexed("ชี") == "ชq0e35 q0e35"


def test_hits_are_places_in_the_text_where_folding_changes_its_length() -> None:
    text = "İİ straße, ﬁnal 서울사무소 ﾌﾟﾛｼﾞｪｸﾄ हिन्दी"
    for query, expected in (
        ("strasse", "straße"),
        ("final", "ﬁnal"),
        ("사무", "사무"),
        ("ジェクト", "ｼﾞｪｸﾄ"),
        ("हिन्", "हिन्"),
    ):
        assert [text[slice(*each)] for each in hits(text, words(query))] == [expected], query
