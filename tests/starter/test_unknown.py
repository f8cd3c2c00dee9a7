"""Questions that nobody can answer here are not those that another kind answers."""

import re
from collections import Counter

import pytest

from fledge.starter import facts, how_to, unknown
from fledge.starter.arithmetic import LARGEST
from fledge.starter.kinds import KINDS
from fledge.starter.passages import SUBJECTS
from fledge.starter.small_talk import TOPICS
from fledge.starter.writers import is_valid
from starter.talking import tasks_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])
ALL_TOPICS = {*unknown.TOPICS, *unknown.THINGS}
DONT_KNOW, CANT_DO = "I'm sorry, I don't know that.", "I'm sorry, I can't do that."


@SPLITS
def test_a_question_is_not_known_and_a_wish_cannot_be_met(split):
    seen = Counter()
    for task in tasks_of("unknown", split, 200, 4):
        wish = re.search(
            r"(Write|Summarise|Give|Draw|Show|Plan|Book|Call|Play|Sing|Translate|Make|Find|Search"
            r"|Remind|Turn|Set|Solve|Teach|Open|Send|Compare|Buy) [^?]+\.$",
            task.question,
        )
        assert task.full == (CANT_DO,) if wish else (DONT_KNOW,)
        assert task.terse == (("I can't.",) if wish else ("I don't know.",))
        assert task.courtesies == ()
        assert not is_valid(task, DONT_KNOW if wish else CANT_DO)
        seen[wish is not None] += 1
    assert 0.2 < seen[True] / seen.total() < 0.45


def bare(question: str) -> str:
    """A question without what stands before it, in small letters."""
    befores = {*unknown.BEFORE_QUESTIONS, *unknown.BEFORE_WISHES, *facts.AROUND}
    for before in sorted(befores, key=len, reverse=True):
        question = question.removeprefix(before)
    return question.lower()


def test_no_other_kind_asks_the_same():
    unanswered = {bare(task.question) for task in tasks_of("unknown", "train", 150, 6)}
    for kind in KINDS:
        if kind.name in ("unknown", "passages", "shop"):
            continue
        for split in ("train", "held_out"):
            asked = {bare(task.question) for task in tasks_of(kind.name, split, 40, 3)}
            assert unanswered.isdisjoint(asked), kind.name


def test_no_capital_is_asked_for_that_the_model_learns():
    assert set(unknown.LANDS).isdisjoint(facts.CAPITALS)
    named = [
        match[1]
        for task in tasks_of("unknown", "train", 300, 6)
        if (match := re.search(r"capital of (.+)\?", task.question))
    ]
    assert len(set(named)) > 5
    assert set(named) <= set(unknown.LANDS)


def test_none_of_its_wordings_is_a_question_of_another_kind():
    wordings = {wording.lower() for wording in (*unknown.QUESTIONS, *unknown.WISHES)}
    others = {
        *(question.lower() for question, _, _ in facts.FACTS),
        *(said.lower() for ways, _, _ in TOPICS for said in ways),
        *(question.lower() for subject in SUBJECTS for question in subject.questions),
        *(
            frame.format(goal=goal).lower()
            for frame in how_to.FRAMES
            for goal, _, _ in how_to.STEPS
        ),
    }
    assert wordings.isdisjoint(others)


def test_sums_are_larger_than_those_that_are_learned():
    """One number at least is beyond those that the model adds and subtracts."""
    sums = [
        [int(number) for number in re.findall(r"\d+", task.question)]
        for task in tasks_of("unknown", "train", 600, 6)
        if re.search(r"plus|times|divided|\d ?[-+]", task.question)
    ]
    assert len(sums) > 30
    assert all(max(numbers) > LARGEST for numbers in sums)
    assert any(min(numbers) <= LARGEST for numbers in sums)


def test_nothing_is_asked_that_may_have_been_told_before():
    """Somebody who ordered a lamp has said a name; the model would be wrong not to know it."""
    text = " ".join(unknown.QUESTIONS)
    assert not re.search(r"my name|I say|I said|I told|your name", text)


@pytest.mark.parametrize("topic", [*unknown.TOPICS, *unknown.THINGS])
def test_verbs_agree_with_their_topic(topic):
    is_plural = topic in unknown.THINGS
    assert is_plural != (topic in unknown.TOPICS)
    ends_in_s = topic.endswith("s") or topic in ("bacteria", "fish", "deer", "mice", "dice")
    exceptions = (
        "chess",
        "physics",
        "economics",
        "tennis",
        "photosynthesis",
        "glass",
        "mathematics",
    )
    assert is_plural == (ends_in_s and topic not in exceptions)


def test_verbs_agree_in_the_questions():
    singular = {"is", "does"}
    for task in tasks_of("unknown", "train", 250, 4):
        for pattern in (
            r"(?:What|Why) (is|are) (\w+)(?: important)?\?",
            r"How (?:much )?(do|does) (\w+) (?:work|cost)\?",
            r"(Is|Are) (\w+) (?:dangerous|healthy|better)",
        ):
            if (found := re.search(pattern, task.question)) and found[2] in ALL_TOPICS:
                assert (found[1].lower() in singular) == (found[2] in unknown.TOPICS)
