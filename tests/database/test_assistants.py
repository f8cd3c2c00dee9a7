"""Assistants, the documents they know, and who sees and changes them."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import Clock, person, together
from fledge.database import Assistant, Database, Document, Passage
from fledge.errors import NotFound

SHOES = [Passage("Returns", "You can return shoes."), Passage("Size", "Sizes run small.")]


def test_a_new_assistant_is_empty_but_for_what_was_said(database: Database, clock: Clock) -> None:
    ada = person(database)
    now = clock.stop()
    empty = database.assistants.create(ada)
    assert empty == Assistant(
        id=empty.id,
        account_id=ada,
        name="",
        description="",
        system_prompt="",
        model=None,
        sampling={},
        greeting="",
        suggestions=(),
        allowed_origins=(),
        shared=False,
        created_at=now,
        updated_at=now,
    )
    assert database.assistants.get(ada, empty.id) == empty


def test_a_change_leaves_the_rest_and_notes_its_time(database: Database, clock: Clock) -> None:
    ada = person(database)
    made, other = (
        database.assistants.create(
            ada, name="Shop", greeting="Grüezi 🌊", suggestions=("Hours?", "Prices?"), model="tiny"
        )
        for _ in range(2)
    )
    clock.now += 60
    now = clock.stop()
    changed = database.assistants.change(
        ada, made.id, suggestions=(), sampling={"temperature": 0.1}, model=None
    )
    assert (changed.suggestions, changed.sampling, changed.model) == (
        (),
        {"temperature": 0.1},
        None,
    )
    assert (changed.name, changed.greeting) == ("Shop", "Grüezi 🌊")
    assert (changed.created_at, changed.updated_at) == (made.created_at, now)
    assert database.assistants.get(ada, made.id) == changed
    assert database.assistants.get(ada, other.id) == other


def test_the_list_has_one_s_own_and_shared_ones_by_name(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    database.assistants.create(ada, name="cooking")
    database.assistants.create(ada, name="boats", shared=True)
    database.assistants.create(bob, name="arts")
    database.assistants.create(bob, name="drums", shared=True)
    for account, names in ((ada, ["boats", "cooking", "drums"]), (bob, ["arts", "boats", "drums"])):
        assert [each.name for each in database.assistants.list(account)] == names
    assert [each.name for each in database.assistants.list("nobody")] == ["boats", "drums"]


def test_assistants_of_one_name_are_listed_in_one_order(database: Database) -> None:
    ada = person(database)
    made = [database.assistants.create(ada, name="Shop").id for _ in range(10)]
    assert [each.id for each in database.assistants.list(ada)] == sorted(made)


def test_one_that_is_shared_no_more_is_its_owner_s_alone(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(ada, name="Shop", shared=True)
    assert database.assistants.get(bob, shop.id) == shop
    database.assistants.change(ada, shop.id, shared=False)
    with pytest.raises(NotFound, match=f"there is no assistant '{shop.id}'"):
        database.assistants.get(bob, shop.id)
    assert database.assistants.list(bob) == []


def test_only_a_shared_one_with_pages_may_be_embedded(database: Database) -> None:
    ada = person(database)
    page = ("https://shop.example",)
    for shared, origins, may in (
        (True, page, True),
        (True, (), False),
        (False, page, False),
        (False, (), False),
    ):
        made = database.assistants.create(ada, shared=shared, allowed_origins=origins)
        if may:
            assert database.assistants.embedded(made.id) == made
            continue
        with pytest.raises(NotFound, match=f"there is no assistant '{made.id}'"):
            database.assistants.embedded(made.id)


def test_a_shared_one_is_changed_by_its_owner_alone(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(ada, name="Shop", shared=True)
    document = database.knowledge.add(ada, shop.id, "faq.md", SHOES)
    for attempt in (
        lambda: database.assistants.change(bob, shop.id, name="Mine"),
        lambda: database.assistants.delete(bob, shop.id),
        lambda: database.knowledge.add(bob, shop.id, "faq.md", []),
        lambda: database.knowledge.list(bob, shop.id),
        lambda: database.knowledge.texts(bob, shop.id),
        lambda: database.knowledge.delete(bob, document.id),
    ):
        with pytest.raises(NotFound, match=f"there is no assistant '{shop.id}'"):
            attempt()
    assert database.assistants.get(ada, shop.id) == shop
    assert database.knowledge.texts(ada, shop.id) == {"faq.md": SHOES}


def test_deleting_one_leaves_the_others_and_their_chats(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    gone, kept = (database.assistants.create(ada, name=name, shared=True) for name in "ab")
    database.knowledge.add(ada, gone.id, "faq.md", SHOES)
    document = database.knowledge.add(ada, kept.id, "faq.md", SHOES)
    chats = {
        assistant.id: database.conversations.create(
            bob, assistant_id=assistant.id, system_prompt="Sell."
        ).id
        for assistant in (gone, kept)
    }
    database.assistants.delete(ada, gone.id)
    assert database.assistants.list(bob) == [kept]
    assert database.conversations.get(bob, chats[gone.id]).system_prompt is None
    left = database.conversations.get(bob, chats[kept.id])
    assert (left.assistant_id, left.system_prompt) == (kept.id, "Sell.")
    assert database.knowledge.list(ada, kept.id) == [document]
    assert database.knowledge.search(gone.id, "shoes") == []
    with pytest.raises(NotFound, match=f"there is no assistant '{gone.id}'"):
        database.assistants.delete(ada, gone.id)


def test_a_document_tells_its_size_and_hash(database: Database, clock: Clock) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    now = clock.stop()
    made = database.knowledge.add(
        ada, shop.id, "über.md", [Passage("", "Grüße"), Passage("Ende", "🌊")]
    )
    whole = "Grüße\n🌊".encode()
    assert made == Document(
        id=made.id,
        assistant_id=shop.id,
        name="über.md",
        sha256=hashlib.sha256(whole).hexdigest(),
        size=12,  # five letters, of which two have two bytes; a line end; four bytes
        created_at=now,
    )
    assert database.knowledge.list(ada, shop.id) == [made]


def test_passages_are_read_back_in_order_by_name_of_the_document(database: Database) -> None:
    ada = person(database)
    shop, other = (database.assistants.create(ada) for _ in range(2))
    many = [Passage(f"H{number}", f"Text {number}.") for number in range(12)]
    database.knowledge.add(ada, shop.id, "b.md", many)
    database.knowledge.add(ada, shop.id, "a.md", SHOES)
    database.knowledge.add(ada, shop.id, "empty.md", [])
    database.knowledge.add(ada, other.id, "c.md", SHOES)
    texts = database.knowledge.texts(ada, shop.id)
    assert list(texts.items()) == [("a.md", SHOES), ("b.md", many)]
    names = [each.name for each in database.knowledge.list(ada, shop.id)]
    assert names == ["a.md", "b.md", "empty.md"]


def test_replacing_a_document_leaves_those_of_other_names_and_assistants(
    database: Database,
) -> None:
    ada = person(database)
    shop, other = (database.assistants.create(ada) for _ in range(2))
    kept = database.knowledge.add(ada, shop.id, "kept.md", SHOES)
    elsewhere = database.knowledge.add(ada, other.id, "faq.md", SHOES)
    database.knowledge.add(ada, shop.id, "faq.md", SHOES)
    new = database.knowledge.add(ada, shop.id, "faq.md", [Passage("", "New.")])
    assert database.knowledge.list(ada, shop.id) == [new, kept]
    assert database.knowledge.list(ada, other.id) == [elsewhere]
    database.knowledge.delete(ada, kept.id)
    assert database.knowledge.list(ada, shop.id) == [new]
    with pytest.raises(NotFound, match=f"there is no document '{kept.id}'"):
        database.knowledge.delete(ada, kept.id)


def test_one_name_uploaded_twice_at_once_is_one_document(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    together(
        *(
            lambda text=text: database.knowledge.add(ada, shop.id, "faq.md", [Passage("", text)])
            for text in ("one shoe", "two shoes", "three shoes", "four shoes")
        )
    )
    (document,) = database.knowledge.list(ada, shop.id)
    (passage,) = database.knowledge.search(shop.id, "shoes")
    assert passage.document_id == document.id


def test_a_found_passage_tells_where_it_stands(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    document = database.knowledge.add(ada, shop.id, "faq.md", SHOES)
    (hit,) = database.knowledge.search(shop.id, "size?")
    assert (hit.document_id, hit.document, hit.position) == (document.id, "faq.md", 1)
    assert (hit.heading, hit.content) == ("Size", "Sizes run small.")
    assert hit.rank < 0


def test_a_passage_with_more_of_the_words_comes_first(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    database.knowledge.add(
        ada,
        shop.id,
        "faq.md",
        [
            Passage("", "The zebra eats."),
            Passage("", "Red zebra boots, red boots for every zebra."),
            Passage("", "Nothing of the kind."),
        ],
    )
    hits = database.knowledge.search(shop.id, "red boots zebra")
    assert [hit.position for hit in hits] == [1, 0]
    assert hits[0].rank < hits[1].rank


def test_four_passages_are_found_unless_another_number_is_asked_for(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    database.knowledge.add(ada, shop.id, "faq.md", [Passage("", "A zebra.")] * 6)
    assert [hit.position for hit in database.knowledge.search(shop.id, "zebra")] == [0, 1, 2, 3]
    assert len(database.knowledge.search(shop.id, "zebra", limit=6)) == 6


def test_word_stems_and_headings_are_found(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada)
    database.knowledge.add(
        ada, shop.id, "faq.md", [Passage("Opening hours", "Nine to five."), Passage("", "Closed.")]
    )
    for question, position in (("open", 0), ("hour", 0), ("closing", 1)):
        assert [hit.position for hit in database.knowledge.search(shop.id, question)] == [position]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(question=st.text(max_size=60))
def test_no_question_breaks_the_search(shop: tuple[Database, str], question: str) -> None:
    database, assistant_id = shop
    assert isinstance(database.knowledge.search(assistant_id, question), list)


@pytest.fixture
def shop(database: Database) -> tuple[Database, str]:
    ada = person(database)
    made = database.assistants.create(ada)
    database.knowledge.add(ada, made.id, "faq.md", SHOES)
    return database, made.id
