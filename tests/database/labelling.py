"""Labelling projects for tests: tasks of the form "Question 1?" with answers a, b, c …"""

import json
from collections.abc import Sequence

from fledge.database import Database
from fledge.database.label_steps import Step
from fledge.feedback.blind import letters_of
from fledge.feedback.judgements import Judgement, Kind
from fledge.feedback.label_tasks import tasks_from
from fledge.feedback.label_work import Assignment

STEP = Step("", 10.0)


def lines_of(num_tasks: int, num_answers: int = 3, *, start: int = 1, gold: object = None) -> bytes:
    """An upload with tasks t1, t2 …"""
    return "\n".join(
        json.dumps(
            {
                "id": f"t{number}",
                "prompt": f"Question {number}?",
                "responses": [
                    {"id": letter, "content": f"{letter} to {number}", "model": f"model-{letter}"}
                    for letter in "abcdefghi"[:num_answers]
                ],
            }
            | ({} if gold is None else {"gold": gold})
        )
        for number in range(start, start + num_tasks)
    ).encode()


def project_of(
    database: Database,
    num_tasks: int,
    *,
    kind: Kind = "rank",
    num_answers: int = 3,
    overlap: int = 1,
    gold_percent: int = 0,
    name: str = "Tides",
) -> str:
    """The id of a new project with tasks."""
    project = database.label_projects.create(name, kind, overlap=overlap, gold_percent=gold_percent)
    if num_tasks:
        tasks = tasks_from(lines_of(num_tasks, num_answers), kind)
        database.label_tasks.add(project.id, tasks)
    return project.id


def drawn(database: Database, account: str, project: str) -> Assignment:
    """The task that the queue gives."""
    assignment = database.label_queue.draw(account, project)
    assert assignment is not None
    return assignment


def key_of(database: Database, assignment: Assignment) -> str:
    """The name of its task."""
    return database.label_results.task_of(assignment)[0].key


def ranked(assignment: Assignment, order: Sequence[str]) -> Judgement:
    """A ranking of answers, named by their ids, as the labeller sends it: in letters."""
    letter = {answer: letter for letter, answer in letters_of(assignment.shown).items()}
    return Judgement(ranking=tuple((letter[answer],) for answer in order))


def finish(
    database: Database, account: str, project: str, order: Sequence[str] = "abc"
) -> Assignment:
    """Draw a task and rank it."""
    assignment = drawn(database, account, project)
    judgement = ranked(assignment, order)
    return database.label_steps.submit(account, assignment.id, judgement, STEP)
