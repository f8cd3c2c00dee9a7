"""Thumbs, orders and written answers, and which of them a model may learn from."""

import pytest
from sqlalchemy import update

from databases import Clock, answered, person, together
from fledge.database import Database, Rating, training_data
from fledge.database.ratings import Preference, WrittenAnswer
from fledge.database.tables import Preferences
from fledge.errors import NotFound


def asked(database: Database, account: str, *answers: str, **said: object) -> list[str]:
    """The ids of answers to one question of a new chat."""
    chat = database.conversations.create(account, **said)  # type: ignore[arg-type]
    return [answered(database, account, chat.id, text) for text in answers]


def chat_of(database: Database, account: str, message: str) -> str:
    return database.messages.get(account, message).conversation_id


def pairs(database: Database, account: str | None = None) -> list[list[tuple[str, str]]]:
    return [ranking.pairs() for ranking in database.training_data.rankings(account)]


def test_a_thumb_is_stored_with_reasons_comment_and_times(database: Database, clock: Clock) -> None:
    ada = person(database)
    (answer,) = asked(database, ada, "a")
    now = clock.stop()
    first = database.ratings.rate(ada, answer, -1, reasons=("wrong", "too long"), comment="Nein 🌊")
    assert first == Rating(first.id, ada, answer, -1, ("wrong", "too long"), "Nein 🌊", now, now)
    clock.now = now + 5
    again = database.ratings.rate(ada, answer, 1)
    assert again == Rating(first.id, ada, answer, 1, (), "", now, now + 5)
    assert database.ratings.given(ada).ratings == (again,)


def test_thumbs_are_told_apart_by_message_and_chat(database: Database) -> None:
    ada = person(database)
    first, second = asked(database, ada, "a", "b")
    (other,) = asked(database, ada, "c")
    for answer, value in ((first, 1), (second, -1), (other, 1)):
        database.ratings.rate(ada, answer, value)
    thumbs = database.ratings.of_conversation(ada, chat_of(database, ada, first))
    assert {id_: thumb.value for id_, thumb in thumbs.items()} == {first: 1, second: -1}
    database.ratings.unrate(ada, first)
    thumbs = database.ratings.of_conversation(ada, chat_of(database, ada, first))
    assert list(thumbs) == [second]
    assert len(database.ratings.given(ada).ratings) == 2


def test_two_thumbs_at_once_are_one(database: Database) -> None:
    ada = person(database)
    (answer,) = asked(database, ada, "a")
    together(*(lambda value=v: database.ratings.rate(ada, answer, value) for v in (1, -1, 1)))
    assert len(database.ratings.given(ada).ratings) == 1


def test_nobody_takes_back_or_reads_another_s_opinion(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    first, second = asked(database, ada, "a", "b")
    thumb = database.ratings.rate(ada, first, 1)
    order = database.ratings.prefer(ada, [[first], [second]])
    text = database.ratings.write(ada, second, "Both.")
    chat = chat_of(database, ada, first)
    database.ratings.unrate(eve, first)
    given = database.ratings.given(ada)
    assert (given.ratings, given.preferences, given.written_answers) == (
        (thumb,),
        (order,),
        (text,),
    )
    assert database.ratings.preferences_of(ada, chat) == [order]
    nothing = database.ratings.given(eve)
    assert (nothing.ratings, nothing.preferences, nothing.written_answers) == ((), (), ())
    assert database.ratings.preferences_of(eve, chat) == []
    assert database.ratings.of_conversation(eve, chat) == {}


def test_orders_are_read_back_oldest_first_and_by_chat(database: Database, clock: Clock) -> None:
    ada = person(database)
    first, second, third = asked(database, ada, "a", "b", "c")
    others = asked(database, ada, "d", "e")
    now = clock.stop()
    tied = database.ratings.prefer(ada, [[first, second], [third]], seconds=1.5)
    assert tied == Preference(tied.id, ada, tied.prompt_id, ((first, second), (third,)), 1.5, now)
    clock.now += 1
    better = database.ratings.prefer(ada, [[third], [first]])
    elsewhere = database.ratings.prefer(ada, [[others[1]], [others[0]]])
    chat = chat_of(database, ada, first)
    assert database.ratings.preferences_of(ada, chat) == [tied, better]
    assert set(database.ratings.given(ada).preferences) == {tied, better, elsewhere}
    assert database.ratings.given(ada).preferences[0] == tied


def test_opinions_given_within_a_millisecond_are_read_oldest_first(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    answers = asked(database, ada, *"abcdefgh")
    clock.step = 1e-5
    for number, answer in enumerate(answers):
        database.ratings.rate(ada, answer, 1)
        database.ratings.write(ada, answer, str(number))
        database.ratings.prefer(ada, [[answer], [answers[number - 1]]])
    given = database.ratings.given(ada)
    assert [each.message_id for each in given.ratings] == answers
    assert [each.content for each in given.written_answers] == list("01234567")
    assert [each.ranking[0][0] for each in given.preferences] == answers
    orders = database.ratings.preferences_of(ada, chat_of(database, ada, answers[0]))
    assert [each.ranking[0][0] for each in orders] == answers
    assert [each.response for each in database.training_data.demonstrations()] == list("01234567")
    best = [ranking.pairs()[0][0] for ranking in database.training_data.rankings()]
    assert best == list("abcdefgh")


def test_an_answer_that_is_not_there_cannot_be_judged(database: Database) -> None:
    ada = person(database)
    (answer,) = asked(database, ada, "a")
    question = database.messages.path(ada, answer)[0].id
    for attempt in (
        lambda: database.ratings.rate(ada, "none", 1),
        lambda: database.ratings.write(ada, "none", "x"),
        lambda: database.ratings.prefer(ada, [["none"], [answer]]),
    ):
        with pytest.raises(NotFound, match="there is no message 'none'"):
            attempt()
    with pytest.raises(NotFound, match=f"there is no message '{question}'"):
        database.ratings.write(ada, question, "x")
    for wrong in ([], [[]], [[answer]], [[answer, answer]]):
        with pytest.raises(NotFound):
            database.ratings.prefer(ada, wrong)
    assert database.ratings.given(ada).preferences == ()
    database.ratings.unrate(ada, "none")


def test_first_turns_have_no_question_and_no_order(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada)
    greetings = [
        database.messages.add(ada, chat.id, role="assistant", content=text, parent_id=None).id
        for text in ("Hi", "Hello")
    ]
    with pytest.raises(NotFound):
        database.ratings.prefer(ada, [[greetings[0]], [greetings[1]]])
    for greeting, value in zip(greetings, (1, -1), strict=True):
        database.ratings.rate(ada, greeting, value)
    assert list(database.training_data.rankings()) == [], "thumbs on them order nothing"


def test_a_written_answer_keeps_its_words_and_there_may_be_several(
    database: Database, clock: Clock
) -> None:
    ada = person(database)
    (answer,) = asked(database, ada, "a")
    now = clock.stop()
    written = database.ratings.write(ada, answer, "Die Gezeiten\n\n🌊")
    assert written == WrittenAnswer(written.id, ada, answer, "Die Gezeiten\n\n🌊", now)
    clock.now += 1
    database.ratings.write(ada, answer, "Again.")
    responses = [each.response for each in database.training_data.demonstrations()]
    assert responses == ["Die Gezeiten\n\n🌊", "Again."]


def test_thumbs_up_rank_before_thumbs_down_among_siblings_only(database: Database) -> None:
    ada = person(database)
    first, second, third, fourth = asked(database, ada, "a", "b", "c", "d")
    (elsewhere,) = asked(database, ada, "e")
    for answer, value in ((first, -1), (second, 1), (third, 1), (elsewhere, -1)):
        database.ratings.rate(ada, answer, value)
    (ranking,) = database.training_data.rankings()
    assert ranking.pairs() == [("b", "a"), ("c", "a")]
    assert ranking.ranking == ((second, third), (first,))
    assert fourth not in {response.id for response in ranking.responses}
    assert (ranking.labeler, ranking.seconds) == (ada, None)


def test_a_thumb_on_an_answer_that_says_nothing_orders_nothing(database: Database) -> None:
    """As in an order of answers: an answer that failed at once is no example of a bad one."""
    ada = person(database)
    good, empty = asked(database, ada, "a", "")
    database.ratings.rate(ada, good, 1)
    database.ratings.rate(ada, empty, -1)
    assert pairs(database) == []
    bad = answered(database, ada, chat_of(database, ada, good), "b")
    database.ratings.rate(ada, bad, -1)
    assert pairs(database) == [[("a", "b")]]


def test_a_thumb_that_is_taken_back_teaches_nothing(database: Database) -> None:
    ada = person(database)
    good, bad = asked(database, ada, "a", "b")
    database.ratings.rate(ada, good, 1)
    database.ratings.rate(ada, bad, -1)
    assert pairs(database) == [[("a", "b")]]
    database.ratings.unrate(ada, bad)
    assert pairs(database) == []


def test_a_prompt_is_the_path_to_the_question_and_no_sibling(database: Database) -> None:
    ada = person(database)
    chat = database.conversations.create(ada, system_prompt="Be brief.")
    say = database.messages.add
    question = say(ada, chat.id, role="user", content="Why?", parent_id=None)
    answer = say(ada, chat.id, role="assistant", content="Moon.", parent_id=question.id)
    say(ada, chat.id, role="user", content="Edited", parent_id=answer.id)
    follow = say(ada, chat.id, role="user", content="Sure?", parent_id=answer.id)
    last = say(ada, chat.id, role="assistant", content="Yes.", parent_id=follow.id, model="m")
    database.ratings.write(ada, last.id, "Certainly.")
    (demonstration,) = database.training_data.demonstrations()
    assert [(turn.role, turn.content) for turn in demonstration.prompt] == [
        ("system", "Be brief."),
        ("user", "Why?"),
        ("assistant", "Moon."),
        ("user", "Sure?"),
    ]
    assert demonstration.model == "m"


def test_thumbs_are_marks_with_their_reasons_oldest_first(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    first, second = asked(database, ada, "a", "", system_prompt="Be kind.")
    (other,) = asked(database, eve, "b")
    database.ratings.rate(ada, first, -1, reasons=("wrong",), comment="Not told.")
    database.ratings.rate(ada, second, 1)
    database.ratings.rate(eve, other, 1)
    marks = list(database.training_data.ratings())
    assert [(mark.response, mark.rating, mark.flags) for mark in marks] == [
        ("a", -1, ("wrong",)),
        ("b", 1, ()),
    ], "an empty answer is none to learn from"
    assert [turn.role for turn in marks[0].prompt] == ["system", "user"]
    assert [mark.labeler for mark in database.training_data.ratings(eve)] == [eve]
    database.accounts.change(ada, allows_training=False)
    assert [mark.labeler for mark in database.training_data.ratings()] == [eve]


def test_more_opinions_than_are_fetched_at_once_are_all_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_data, "AT_ONCE", 2)
    ada = person(database)
    for number in range(5):
        better, worse = asked(database, ada, f"{number} good", f"{number} bad")
        database.ratings.rate(ada, better, 1)
        database.ratings.rate(ada, worse, -1)
    assert pairs(database) == [[(f"{number} good", f"{number} bad")] for number in range(5)]
    assert len(list(database.training_data.ratings())) == 10


def test_one_person_reads_only_what_is_theirs(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    for account, texts in ((ada, ("a", "b")), (bob, ("c", "d"))):
        good, bad = asked(database, account, *texts)
        database.ratings.rate(account, good, 1)
        database.ratings.rate(account, bad, -1)
        database.ratings.prefer(account, [[bad], [good]])
        database.ratings.write(account, good, f"{texts[0]}!")
    assert pairs(database, ada) == [[("b", "a")], [("a", "b")]]
    assert pairs(database, bob) == [[("d", "c")], [("c", "d")]]
    assert [each.response for each in database.training_data.demonstrations(bob)] == ["c!"]
    assert len(pairs(database)) == 4
    assert pairs(database, "nobody") == []


def test_thumbs_teach_nothing_from_deleted_and_temporary_chats_or_who_objects(
    database: Database,
) -> None:
    ada = person(database)
    good, bad = asked(database, ada, "a", "b")
    for chat in (asked(database, ada, "c", "d", temporary=True), (good, bad)):
        database.ratings.rate(ada, chat[0], 1)
        database.ratings.rate(ada, chat[1], -1)
    assert pairs(database) == [[("a", "b")]]
    database.conversations.change(ada, chat_of(database, ada, good), archived=True)
    assert pairs(database) == [[("a", "b")]], "an archived chat is kept"
    database.accounts.change(ada, allows_training=False)
    assert pairs(database) == pairs(database, ada) == []
    database.accounts.change(ada, allows_training=True)
    database.conversations.delete(ada, chat_of(database, ada, good))
    assert pairs(database) == []


def test_the_owner_of_a_chat_objects_for_all_who_judge_it(database: Database) -> None:
    """Staff who judged an answer in a visitor's chat, which another account keeps."""
    keeper, staff = person(database, "shop"), person(database, "ben", "admin")
    good, bad = asked(database, keeper, "a", "b")
    database.ratings.prefer(keeper, [[good], [bad]])
    with database.transactions.write() as connection:
        connection.execute(update(Preferences).values(account_id=staff))
    (ranking,) = database.training_data.rankings()
    assert ranking.labeler == staff
    assert pairs(database, keeper) == []
    assert len(pairs(database, staff)) == 1
    for objects in (keeper, staff):
        database.accounts.change(objects, allows_training=False)
        assert pairs(database) == [] == pairs(database, staff)
        database.accounts.change(objects, allows_training=True)


def test_an_export_goes_on_while_a_chat_is_erased(database: Database) -> None:
    """It reads one moment: what is erased meanwhile breaks no half of it."""
    ada, bob = person(database), person(database, "bob")
    for account in (ada, bob):
        good, bad = asked(database, account, "a", "b")
        database.ratings.rate(account, good, 1)
        database.ratings.rate(account, bad, -1)
        database.ratings.write(account, good, "c")
    rankings = database.training_data.rankings()
    first = next(rankings)
    together(lambda: database.conversations.delete_all(ada if first.labeler == bob else bob))
    assert [ranking.pairs() for ranking in rankings] == [[("a", "b")]]
    assert pairs(database) == [[("a", "b")]], "the next one knows"


def test_an_erased_person_s_opinions_are_gone(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    for account in (ada, bob):
        good, bad = asked(database, account, "a", "b")
        database.ratings.prefer(account, [[good], [bad]])
        database.ratings.write(account, good, "c")
    database.accounts.delete(ada)
    assert [ranking.labeler for ranking in database.training_data.rankings()] == [bob]
    assert [each.author for each in database.training_data.demonstrations()] == [bob]
