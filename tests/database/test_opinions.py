import pytest

from databases import Clock, answered, person
from fledge.database import Database, Passage, UsageOfDay
from fledge.database.usage import day
from fledge.errors import NotFound
from fledge.feedback.records import ChatTurn


def test_a_second_thumb_replaces_the_first(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answer = answered(database, ada, chat.id)
    first = database.ratings.rate(ada, answer, 1, reasons=["clear"])
    second = database.ratings.rate(ada, answer, -1, reasons=["wrong", "long"], comment="No.")
    assert second.id == first.id
    assert (second.value, second.reasons, second.comment) == (-1, ("wrong", "long"), "No.")
    assert database.ratings.of_conversation(ada, chat.id) == {answer: second}
    database.ratings.unrate(ada, answer)
    database.ratings.unrate(ada, answer)
    assert database.ratings.of_conversation(ada, chat.id) == {}


def test_only_answers_to_one_question_can_be_ordered(database: Database) -> None:
    ada = person(database)
    chat, other = database.conversations.create(ada), database.conversations.create(ada)
    first, second = (answered(database, ada, chat.id, text) for text in ("a", "b"))
    elsewhere = answered(database, ada, other.id)
    question = database.messages.tree(ada, chat.id)[0]
    preference = database.ratings.prefer(ada, [[second, first]], seconds=2.5)
    assert (preference.prompt_id, preference.ranking) == (question.id, ((second, first),))
    for wrong in ([[first], [elsewhere]], [[first]], [[first], [first]], [[first], [question.id]]):
        with pytest.raises(NotFound):
            database.ratings.prefer(ada, wrong)
    with pytest.raises(NotFound):
        database.ratings.rate(ada, question.id, 1)


def test_preferences_and_thumbs_become_rankings(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, system_prompt="Be brief.")
    good, bad, ugly = (answered(database, ada, chat.id, text) for text in ("g", "b", "u"))
    database.ratings.prefer(ada, [[good], [bad, ugly]], seconds=3.0)
    database.ratings.rate(ada, good, 1)
    database.ratings.rate(ada, ugly, -1)
    preferred, thumbed = database.training_data.rankings()
    assert preferred.prompt == (
        ChatTurn(role="system", content="Be brief."),
        ChatTurn(role="user", content="Why tides?"),
    )
    assert preferred.pairs() == [("g", "b"), ("g", "u")]
    assert (preferred.seconds, preferred.labeler) == (3.0, ada)
    assert {response.model for response in preferred.responses} == {"tiny"}
    assert thumbed.pairs() == [("g", "u")]


def test_thumbs_that_agree_order_nothing(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    for text in "ab":
        database.ratings.rate(ada, answered(database, ada, chat.id, text), 1)
    assert list(database.training_data.rankings()) == []


def test_a_written_answer_becomes_a_demonstration(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    answer = answered(database, ada, chat.id)
    database.ratings.write(ada, answer, "The moon and the sun.")
    (demonstration,) = database.training_data.demonstrations()
    assert demonstration.prompt == (ChatTurn(role="user", content="Why tides?"),)
    assert demonstration.response == "The moon and the sun."
    assert (demonstration.author, demonstration.model) == (ada, "tiny")
    assert demonstration.created_at == "2025-06-15T15:06:40+00:00"


def test_who_objects_trains_nothing(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    for each in (ada, bob):
        chat = database.conversations.create(each)
        first, second = (answered(database, each, chat.id, text) for text in "ab")
        database.ratings.prefer(each, [[first], [second]])
        database.ratings.write(each, first, "c")
    hidden = database.conversations.create(ada, temporary=True)
    database.ratings.write(ada, answered(database, ada, hidden.id), "never")

    def labellers() -> list[str | None]:
        return [ranking.labeler for ranking in database.training_data.rankings()] + [
            each.author for each in database.training_data.demonstrations()
        ]

    assert labellers() == [ada, bob, ada, bob]
    database.accounts.change(ada, allows_training=False)
    assert labellers() == [bob, bob]
    database.conversations.delete(bob, chat.id)
    assert labellers() == []
    database.conversations.restore(bob, chat.id)
    assert list(database.training_data.rankings(ada)) == []
    assert len(list(database.training_data.rankings(bob))) == 1


def test_usage_adds_up_by_day_key_and_model(database: Database, clock: Clock) -> None:
    ada = person(database)
    today = day(clock())
    database.usage.add([])
    for _ in range(2):
        database.usage.add(
            [
                UsageOfDay(ada, today, "", "tiny", 1, 10, 5),
                UsageOfDay(ada, today, "key", "tiny", 2, 1, 1),
                UsageOfDay(ada, "2025-06-01", "", "tiny", 1, 100, 100),
                UsageOfDay("erased", today, "", "tiny", 1, 9, 9),
            ]
        )
    assert database.usage.of(ada, since="2025-06-02") == [
        UsageOfDay(ada, today, "", "tiny", 2, 20, 10),
        UsageOfDay(ada, today, "key", "tiny", 4, 2, 2),
    ]
    assert len(database.usage.of(ada, since="2025-06-01")) == 3
    assert database.usage.tokens_today(ada) == 34
    assert database.usage.tokens_today(ada, "key") == 4


def test_assistants_are_seen_by_their_owner_and_shared_with_all(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(
        ada, name="Shop", system_prompt="Sell.", suggestions=("Hours?",), sampling={"top_k": 5}
    )
    assert database.assistants.get(ada, shop.id) == shop
    assert database.assistants.list(bob) == []
    with pytest.raises(NotFound):
        database.assistants.get(bob, shop.id)
    database.assistants.change(ada, shop.id, shared=True, name="The shop")
    assert [each.name for each in database.assistants.list(bob)] == ["The shop"]
    with pytest.raises(NotFound):
        database.assistants.change(bob, shop.id, name="Mine")
    with pytest.raises(NotFound):
        database.assistants.delete(bob, shop.id)
    with pytest.raises(NotFound):
        database.assistants.embedded(shop.id)
    database.assistants.change(ada, shop.id, allowed_origins=("https://shop.example",))
    assert database.assistants.embedded(shop.id).allowed_origins == ("https://shop.example",)
    chats = [
        database.conversations.create(each, assistant_id=shop.id, system_prompt="Sell.")
        for each in (ada, bob)
    ]
    assert [each.system_prompt for each in database.conversations.every(bob)] == [None]
    assert [each.system_prompt for each in database.conversations.every(ada)] == ["Sell."]
    database.assistants.delete(ada, shop.id)
    left = [database.conversations.get(chat.account_id, chat.id) for chat in chats]
    assert [each.assistant_id for each in left] == [None, None]
    assert [each.system_prompt for each in left] == ["Sell.", None], "it was the owner's"


def test_one_reads_back_what_one_gave_without_another_s_prompt(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(ada, name="Shop", shared=True)
    chat = database.conversations.create(bob, assistant_id=shop.id, system_prompt="Sell.")
    first, second = (answered(database, bob, chat.id, text) for text in "ab")
    database.ratings.prefer(bob, [[first], [second]])
    database.ratings.write(bob, first, "c")
    for reader, roles in ((bob, ["user"]), (None, ["system", "user"])):
        (ranking,) = database.training_data.rankings(reader)
        (demonstration,) = database.training_data.demonstrations(reader)
        assert [turn.role for turn in ranking.prompt] == roles
        assert [turn.role for turn in demonstration.prompt] == roles


def test_an_answer_that_says_nothing_is_no_better_or_worse(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    first, second = (answered(database, ada, chat.id, text) for text in ("a", ""))
    database.ratings.prefer(ada, [[first], [second]])
    assert list(database.training_data.rankings()) == []


FAQ = [
    Passage("Returns", "You can return shoes within 30 days of buying them."),
    Passage("Shipping", "We ship on Monday. Shoes go in a box."),
    Passage("Opening hours", "Open from nine to five, and never on Sunday."),
]


def test_knowledge_finds_the_passage_that_answers(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    shop, other = (database.assistants.create(ada, name=name) for name in ("Shop", "Other"))
    document = database.knowledge.add(ada, shop.id, "faq.md", FAQ)
    database.knowledge.add(ada, other.id, "faq.md", [Passage("", "Returning is forbidden.")])
    best, *_ = database.knowledge.search(shop.id, "How do I return my shoes?")
    assert (best.document, best.position, best.heading) == ("faq.md", 0, "Returns")
    hours, *_ = database.knowledge.search(shop.id, "When are you opening?")
    assert hours.heading == "Opening hours"
    assert database.knowledge.search(shop.id, "zebra?!") == []
    assert database.knowledge.search(shop.id, "?!") == []
    assert database.knowledge.search(shop.id, "Hello, what can you do for me on the way?") == []
    assert database.knowledge.search(shop.id, f"{'x' * 5_000} how shoes ' \" * NEAR( OR")
    assert len(database.knowledge.search(shop.id, "shoes", limit=1)) == 1
    assert document.size == sum(len(passage.content) for passage in FAQ) + 2
    for attempt in (
        lambda: database.knowledge.add(bob, shop.id, "x", []),
        lambda: database.knowledge.list(bob, shop.id),
        lambda: database.knowledge.delete(bob, document.id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_document_of_the_same_name_replaces_the_old_one(database: Database) -> None:
    ada = person(database)
    shop = database.assistants.create(ada, name="Shop")
    database.knowledge.add(ada, shop.id, "faq.md", FAQ)
    new = database.knowledge.add(ada, shop.id, "faq.md", [Passage("", "Returns are free.")])
    assert database.knowledge.list(ada, shop.id) == [new]
    assert [each.content for each in database.knowledge.search(shop.id, "returns")] == [
        "Returns are free."
    ]
    database.knowledge.delete(ada, new.id)
    assert database.knowledge.search(shop.id, "returns") == []
