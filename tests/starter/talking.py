"""Talks held by the tests: a user of one kind, and an assistant that says what the test wants."""

from collections.abc import Callable, Iterator
from random import Random

from fledge.starter.kinds import KINDS
from fledge.starter.task import Split, Task

BY_NAME = {kind.name: kind for kind in KINDS}
Say = Callable[[Task], str]


def plainly(task: Task) -> str:
    """Give the first full answer."""
    return task.full[0]


def curtly(task: Task) -> str:
    """Give the first short answer."""
    return task.terse[0]


def talk_of(
    name: str, split: Split, seed: int | str, turns: int = 8, say: Say = plainly
) -> list[tuple[Task, str]]:
    """Return the tasks of one talk, with what was answered, up to a number of turns."""
    talk = BY_NAME[name].talk(split, Random(f"{name} {seed}"))
    task: Task | None = talk.task
    said: list[tuple[Task, str]] = []
    while task is not None and len(said) < turns:
        said.append((task, say(task)))
        task = talk.answered(said[-1][1])
    return said


def tasks_of(name: str, split: Split, talks: int, turns: int = 8) -> Iterator[Task]:
    """Yield every task of some talks that are answered plainly."""
    for seed in range(talks):
        for task, _ in talk_of(name, split, seed, turns):
            yield task


def system_prompt(task: Task) -> str:
    """Return what the assistant is told."""
    first = task.conversation.messages[0]
    assert first.role == "system"
    return first.content
