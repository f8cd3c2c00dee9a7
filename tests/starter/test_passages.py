"""Questions about passages, answered anew by reading the numbered passages of the system prompt."""

import re
from collections import Counter

import pytest

from fledge.starter.passages import SUBJECTS, UNTOLD
from fledge.starter.task import Task
from fledge.starter.writers import is_valid
from fledge.text.passages import REQUEST
from starter.talking import system_prompt, talk_of, tasks_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])


def read(prompt: str) -> dict[int, tuple[str, str]]:
    """The name and the sentence of each passage by its number."""
    return {
        int(number): (name, text)
        for number, name, text in re.findall(r"\n\n\[(\d)\] (.+)\n(.+)", f"\n\n{prompt}")
    }


def of_subject(number: int, text: str) -> bool:
    """Whether a sentence is one about the subject, whatever its value."""
    before, after = SUBJECTS[number].sentence.split("{value}")
    return text.startswith(before) and text.endswith(after) and bool(before or after != ".")


def subject_of(text: str) -> int:
    found = [number for number in range(len(SUBJECTS)) if of_subject(number, text)]
    return max(found, key=lambda number: len(SUBJECTS[number].sentence))


def expected(task: Task) -> tuple[str, str]:
    """Find the passage whose subject has the question; its sentence and number are the answer."""
    told = {
        subject_of(text): (number, text) for number, (_, text) in read(system_prompt(task)).items()
    }
    for subject, (number, text) in told.items():
        if task.question in SUBJECTS[subject].questions:
            before, after = SUBJECTS[subject].sentence.split("{value}")
            value = text.removeprefix(before).removesuffix(after)
            value = value[0].upper() + value[1:]
            return f"{value} [{number}].", f"{text.removesuffix('.')} [{number}]."
    return "I don't know.", "I'm sorry, I don't know that."


@SPLITS
def test_every_answer_names_the_passage_that_it_is_in(split):
    numbers: Counter[str] = Counter()
    for seed in range(200):
        for task, _ in talk_of("passages", split, seed):
            short, full = expected(task)
            assert (task.terse, task.full) == ((short,), (full,)), task.question
            numbers[full[-4:]] += 1
    assert min(numbers["[1]."], numbers["[2]."], numbers["[3]."]) > 50
    assert 0.1 < numbers["hat."] / numbers.total() < 0.3


def test_another_number_no_number_and_an_answer_from_nowhere_are_not_accepted():
    for task in tasks_of("passages", "train", 80, 4):
        (full,) = task.full
        if (number := re.search(r" \[(\d)\]\.$", full)) is not None:
            other = int(number[1]) % 3 + 1
            assert not is_valid(task, full.replace(number[0], f" [{other}]."))
            assert not is_valid(task, full.replace(number[0], "."))
            assert not is_valid(task, "I don't know.")
        else:
            assert not is_valid(task, f"{read(system_prompt(task))[1][1].removesuffix('.')} [1].")


def test_passages_are_up_to_three_numbered_from_one_about_different_subjects():
    sizes = set()
    for task in tasks_of("passages", "train", 200, 1):
        told = read(system_prompt(task))
        assert list(told) == list(range(1, len(told) + 1))
        assert REQUEST in system_prompt(task)
        assert len({subject_of(text) for _, text in told.values()}) == len(told)
        sizes.add(len(told))
        for name, text in told.values():
            assert re.fullmatch(r"\w+\.md(: .+)?", name)
            heading = name.partition(": ")[2]
            assert heading in ("", SUBJECTS[subject_of(text)].heading)
    assert sizes == {1, 2, 3}


def test_some_assistants_have_a_role_above_the_passages_and_some_have_none():
    prompts = [system_prompt(task) for task in tasks_of("passages", "train", 200, 1)]
    bare = sum(prompt.startswith(REQUEST) for prompt in prompts)
    assert 60 < bare < 140
    assert all(prompt.startswith((REQUEST, "You", "Your")) for prompt in prompts)


def test_every_subject_is_asked_about_and_no_two_have_a_question_in_common():
    questions = [question for subject in SUBJECTS for question in subject.questions]
    assert len(questions) == len(set(questions))
    assert set(questions).isdisjoint(UNTOLD)
    asked = {task.question for task in tasks_of("passages", "train", 500)}
    assert set(questions) <= asked and set(UNTOLD) <= asked


def test_a_talk_about_passages_has_six_questions():
    assert {len(talk_of("passages", "train", seed, 20)) for seed in range(20)} == {6}
