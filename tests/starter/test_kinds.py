import re
import subprocess
import sys
from itertools import pairwise

import pytest

from fledge.starter.kinds import KINDS, conversations, tasks
from fledge.starter.task import Kind, is_held_out, only
from fledge.starter.words import SHORT_WORDS
from fledge.starter.writers import WRITERS, is_valid, write

DRAWS = 400


def drawn(kind: Kind, split: str, seed: int = 0, count: int = DRAWS):
    from random import Random

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
    assert 0.15 < sum(len(written.tasks) == 2 for written in found) / 2000 < 0.35
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
