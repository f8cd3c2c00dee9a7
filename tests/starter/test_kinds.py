import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from itertools import pairwise
from random import Random

import pytest

from fledge.starter.gold import ModelAnswer
from fledge.starter.kinds import (
    HURRIED,
    HURRIED_KINDS,
    KINDS,
    LENGTHS,
    LONGEST,
    WEIGHTED,
    conversations,
    talks,
    tasks,
)
from fledge.starter.parallel import ADJECTIVES, NOUNS
from fledge.starter.task import Kind, is_held_out, only
from fledge.starter.words import SHORT_WORDS
from fledge.starter.writers import EXTRAS, WRITERS, is_valid, write
from starter.talking import talk_of

DRAWS = 400


def drawn(kind: Kind, split: str, seed: int = 0, count: int = DRAWS):
    random = Random(f"test {seed}")
    return [kind.draw(split, random) for _ in range(count)], random


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("split", ["train", "held_out"])
def test_every_writers_answers_are_valid(kind, split):
    found, random = drawn(kind, split)
    for task in found:
        assert task.kind == kind.name
        for writer in WRITERS:
            assert is_valid(task, write(task, writer, random))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writers_later_answers_are_valid(kind, writer):
    random = Random(f"later {kind.name} {writer}")
    for seed in range(25):
        held = talk_of(kind.name, "train", seed, 8, lambda task: write(task, writer, random))
        for task, answer in held:
            assert task.kind == kind.name
            assert is_valid(task, answer)
            assert task.question == task.conversation.messages[-1].content


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_empty_answers_copies_and_other_answers_are_not_valid(kind):
    found, random = drawn(kind, "held_out")
    for task, other in pairwise(found):
        assert not is_valid(task, "")
        assert not is_valid(task, task.question)
        assert not is_valid(task, task.full[0] + " and")
        assert not is_valid(task, task.full[0][:-2])
        if set(other.full).isdisjoint(task.full) and set(other.terse).isdisjoint(task.terse):
            assert not is_valid(task, write(other, "plain", random))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_held_out_prompt_is_ever_trained_on(kind):
    held_out = {task.conversation for task in kind.prompts("held_out", 0, 60)}
    train = {task.conversation for seed in range(3) for task in drawn(kind, "train", seed, 2000)[0]}
    assert len(held_out) >= 30
    assert held_out.isdisjoint(train)


def test_held_out_numbers_and_pairs_of_names_are_in_no_training_conversation():
    for written in conversations("train", 0, 3000):
        for message in written.conversation.messages:
            for number in re.findall(r"order (\d+)", message.content):
                assert not is_held_out("order", int(number))
            for to, sender in re.findall(r"Email (\w+) .* as (\w+)\.", message.content):
                assert not is_held_out(to, sender)


def test_one_value_in_five_is_held_out():
    assert 0.17 < sum(is_held_out("order", number) for number in range(1000, 9999)) / 9000 < 0.23
    words = only(SHORT_WORDS, "held_out")
    assert len(words) == pytest.approx(len(SHORT_WORDS) / 5, abs=1)
    assert set(words).isdisjoint(only(SHORT_WORDS, "train"))


def test_prompts_of_a_kind_differ_and_kinds_take_turns():
    found = tasks("held_out", 0, 5)
    assert len({task.conversation for task in found}) == 5 * len(KINDS)
    assert [task.kind for task in found[: len(KINDS)]] == [kind.name for kind in KINDS]


def test_the_same_seed_gives_the_same_conversations():
    first, again, other = (list(conversations("train", seed, 50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_all_writers_and_kinds_are_heard_and_some_chats_go_on():
    found = list(conversations("train", 0, 2000))
    assert {written.writer for written in found} == set(WRITERS)
    assert {task.kind for written in found for task in written.tasks} == {k.name for k in KINDS}
    assert {len(written.tasks) for written in found} >= {1, 2, 3, 4, 6}
    assert 0.35 < sum(len(written.tasks) == 1 for written in found) / 2000 < 0.6
    for written in found[:200]:
        roles = [message.role for message in written.conversation.messages]
        assert roles[-1] == "assistant"
        assert roles.count("assistant") == len(written.tasks)


def test_the_order_of_hashing_does_not_change_the_prompts():
    code = (
        "from fledge.starter.kinds import tasks;"
        "print([t.question for t in tasks('held_out', 0, 2)])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_kind_that_has_run_out_leaves_its_turn_to_the_others():
    found = tasks("held_out", 0, 60)
    counts = {kind.name: sum(task.kind == kind.name for task in found) for kind in KINDS}
    assert len({task.conversation for task in found}) == len(found) == sum(counts.values())
    assert counts["order"] == 60
    scarce = [name for name, count in counts.items() if count < 60]
    assert scarce
    for name in scarce:
        (kind,) = (kind for kind in KINDS if kind.name == name)
        assert len(list(kind.prompts("held_out", 0, 61))) == counts[name]
    # The n-th round has one task of every kind that still has an n-th.
    rest = iter(found)
    for round_ in range(60):
        names = [kind.name for kind in KINDS if counts[kind.name] > round_]
        assert [next(rest).kind for _ in names] == names
    assert next(rest, None) is None


def test_tasks_of_a_seed_are_the_prompts_of_its_kinds():
    found = tasks("train", 9, 3)
    for kind in KINDS:
        ours = [task for task in found if task.kind == kind.name]
        assert ours == list(kind.prompts("train", 9, 3))
    assert found != tasks("train", 8, 3)
    assert tasks("train", 0, 1) == tasks("train", 0, 3)[: len(KINDS)]


def test_each_question_follows_all_that_was_said_before_it_and_the_same_writer_answers():
    for written in conversations("train", 3, 600):
        messages = written.conversation.messages
        prompts = [task.conversation.messages for task in written.tasks]
        assert all(messages[: len(prompt)] == prompt for prompt in prompts)
        assert [prompt[-1].role for prompt in prompts] == ["user"] * len(prompts)
        answers = [messages[len(prompt)].content for prompt in prompts]
        assert len(messages) == len(prompts[-1]) + 1
        roles = [message.role for message in messages if message.role != "system"]
        assert roles == ["user", "assistant"] * len(answers)
        for task, answer in zip(written.tasks, answers, strict=True):
            assert is_valid(task, answer)
            assert (answer in task.terse) == (written.writer == "curt")


def test_a_system_prompt_comes_first_and_its_user_stays_with_the_subject():
    for written in conversations("train", 4, 600):
        roles = [message.role for message in written.conversation.messages]
        assert "system" not in roles[1:]
        if roles[0] == "system":
            assert len({task.kind for task in written.tasks}) == 1


def test_users_change_the_subject_now_and_then_to_kinds_without_a_system_prompt():
    hosted = {"shop", "hangman", "twenty_questions"}
    pairs = [
        (one.kind, other.kind)
        for written in conversations("train", 5, 700)
        for one, other in pairwise(written.tasks)
        if written.conversation.messages[0].role == "user"
    ]
    changed = [other for one, other in pairs if one != other]
    assert 0.3 < len(changed) / len(pairs) < 0.6
    assert hosted.isdisjoint(changed)
    assert set(changed) == {kind.name for kind in KINDS} - {*hosted, "passages"}


def test_some_questions_are_typed_in_a_hurry_and_are_the_same_questions():
    asked = [task for each in conversations("train", 8, 800) for task in each.tasks]
    hurried = [task for task in asked if task.question == task.question.lower().rstrip(".?!")]
    typed = [task for task in hurried if task.kind in HURRIED_KINDS]
    of_those = sum(task.kind in HURRIED_KINDS for task in asked)
    assert HURRIED / 2 < len(typed) / of_those < 2 * HURRIED
    assert not [task.question for task in hurried if task.kind in ("order", "table", "email")]
    for task in typed:
        assert task.conversation.messages[-1].content == task.question


def test_nobody_asks_on_in_a_long_conversation():
    """The last answer of a talk of several turns ends within the bound."""
    several = 0
    for written in conversations("train", 6, 800):
        several += len(written.tasks) > 1
        size = sum(len(message.content) for message in written.conversation.messages)
        assert size <= LONGEST or len(written.tasks) == 1
    assert several > 300


def test_a_courtesy_is_said_once_in_a_conversation_of_the_courteous_writer():
    once = 0
    for written in conversations("train", 7, 1500):
        if written.writer == "courteous":
            said = [m.content for m in written.conversation.messages if m.role == "assistant"]
            found = sum(text.count(extra) for text in said for extra in EXTRAS)
            assert found <= 1
            once += found
    assert once > 150


def test_talks_are_opened_for_a_model_a_few_of_each_kind():
    opened = talks("held_out", 3, 2)
    assert [talk.kind for talk in opened] == [kind.name for kind in KINDS for _ in range(2)]
    again = talks("held_out", 3, 2)
    assert [talk.task for talk in opened] == [talk.task for talk in again]
    assert [talk.task for talk in talks("held_out", 4, 2)] != [talk.task for talk in again]
    more = talks("held_out", 3, 5)
    assert [talk.task for talk in more if talk.kind == "shop"][:2] == [
        talk.task for talk in opened if talk.kind == "shop"
    ]


def test_a_talk_goes_on_alike_whatever_the_other_talks_are_answered():
    """Each talk has its own random state."""
    alone, together = talks("train", 0, 1), talks("train", 0, 1)
    first = [talk.answered(talk.task.full[0]) for talk in alone]
    last = [talk.answered(talk.task.full[0]) for talk in reversed(together)]
    assert first == last[::-1]


def test_held_out_conversations_are_held_out_in_all_their_questions():
    trained = {task.conversation for each in conversations("train", 0, 3000) for task in each.tasks}
    for written in conversations("held_out", 0, 300):
        assert not trained & {task.conversation for task in written.tasks}


def test_writers_and_kinds_are_evenly_mixed():
    found = list(conversations("train", 1, 1500))
    for writer in WRITERS:
        assert sum(each.writer == writer for each in found) == pytest.approx(375, abs=70)
    whole = sum(WEIGHTED.values())
    for kind, weight in WEIGHTED.items():
        begun = sum(each.tasks[0].kind == kind.name for each in found)
        expected = 1500 * weight / whole
        assert begun == pytest.approx(expected, abs=4 * expected**0.5)
    assert set(LENGTHS) == {1, 2, 3, 4, 6, 8}


def test_as_many_conversations_are_written_as_are_asked_for():
    assert len(list(conversations("train", 0, 17))) == 17
    assert list(conversations("train", 0, 0)) == []
    assert list(conversations("train", 0, 5)) == list(conversations("train", 0, 9))[:5]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_full_answers_are_complete_and_terse_ones_shorter(kind):
    for task in drawn(kind, "train", count=100)[0]:
        for full in task.full:
            assert all(piece.casefold() in full.casefold() for piece in task.needed)
            assert full.strip() == full
            assert max(len(terse) for terse in task.terse) <= len(full)
        assert len(set((*task.terse, *task.full))) == len(task.terse) + len(task.full)
        assert not {"{", "}"} & set(task.question + "".join((*task.terse, *task.full)))


# Kinds whose questions nobody is thanked or praised for.
WITHOUT_COURTESIES = {"facts", "feelings", "hangman", "refusal", "twenty_questions", "unknown"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_courtesies_fit_some_answers_of_a_kind_and_not_others(kind):
    found = drawn(kind, "train")[0]
    polite = sum(bool(task.courtesies) for task in found)
    assert (polite == 0) == (kind.name in WITHOUT_COURTESIES | {"word_chain"})
    assert all(set(task.courtesies) <= set(EXTRAS) for task in found)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_answer_proper_contains_a_courtesy_or_an_aside(kind):
    for task in drawn(kind, "train", count=150)[0]:
        for text in (*task.terse, *task.full):
            assert not [extra for extra in EXTRAS if extra in text]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nobody_says_of_course_before_a_no_or_an_apology(kind):
    for task in drawn(kind, "train")[0]:
        if re.match(r"(No\b|I'm sorry|\w+, I'm sorry)", task.full[0]):
            assert {"Of course!", "Gladly.", "With pleasure."}.isdisjoint(task.courtesies)
            assert "I'm glad to help." not in task.courtesies


# "A apple", "an lamp", "one apples", a sentence that begins small, two blanks.
NOT_ENGLISH = re.compile(
    r"(?<!with )\b[Aa] [aeio]\w{2,}|\b[Aa]n (?!hour)[^aeio]|\b([Oo]ne|1) (apples|letters|euros)\b"
    r"|[.!?] [a-z]|  "
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_articles_plurals_and_beginnings_of_sentences_are_those_of_english(kind):
    for split in ("train", "held_out"):
        for task in drawn(kind, split, count=250)[0]:
            said = [message.content for message in task.conversation.messages]
            for text in (*said, *task.terse, *task.full):
                assert not NOT_ENGLISH.search(text), text


@pytest.mark.parametrize(
    "record",
    [
        KINDS[0],
        tasks("train", 0, 1)[0],
        next(conversations("train", 0, 1)),
        ModelAnswer("Yes.", ended=True),
        NOUNS[0],
        ADJECTIVES[0],
    ],
    ids=lambda record: type(record).__name__,
)
def test_what_is_drawn_never_changes(record):
    name = fields(record)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, None)
    assert not hasattr(record, "__dict__")
