"""Labelling projects, their guidelines and their tasks."""

import pytest

from database.labelling import drawn, finish, lines_of, project_of
from databases import person
from fledge.database import Database
from fledge.errors import Conflict, NotFound
from fledge.feedback.label_tasks import BadLines, tasks_from


def test_a_name_is_given_once(database: Database) -> None:
    project_of(database, 0, name="Tides")
    other = project_of(database, 0, name="Winds")
    with pytest.raises(Conflict, match="'Tides'"):
        project_of(database, 0, name="Tides")
    with pytest.raises(Conflict, match="'Tides'"):
        database.label_projects.change(other, name="Tides")
    assert [each.name for each in database.label_projects.list()] == ["Winds", "Tides"]


def test_a_project_with_work_is_not_deleted(database: Database) -> None:
    project, ada = project_of(database, 1), person(database)
    drawn(database, ada, project)
    with pytest.raises(Conflict, match="close it instead"):
        database.label_projects.delete(project)
    empty = project_of(database, 2, name="Winds")
    database.label_projects.delete(empty)
    with pytest.raises(NotFound):
        database.label_projects.get(empty)


def test_old_guidelines_stay_readable_and_those_labelled_under_stay_for_good(
    database: Database,
) -> None:
    project, ada, store = project_of(database, 2), person(database), database.label_projects
    with pytest.raises(NotFound, match="no guideline"):
        store.guideline(project)
    assert [store.write_guideline(project, text).version for text in ("a", "b", "c")] == [1, 2, 3]
    finish(database, ada, project)
    store.write_guideline(project, "d")
    assert [each.text for each in store.guidelines(project)] == ["d", "c", "b", "a"]
    assert store.guideline(project, 1).text == "a" and store.guideline(project).text == "d"
    with pytest.raises(Conflict, match="have labelled under version 3"):
        store.delete_guideline(project, 3)
    with pytest.raises(Conflict, match="version 4 is the current guideline"):
        store.delete_guideline(project, 4)
    with pytest.raises(NotFound):
        store.delete_guideline(project, 9)
    store.delete_guideline(project, 1)
    kept = [(each.version, each.num_judgements) for each in store.guidelines(project)]
    assert kept == [(4, 0), (3, 1), (2, 0)]
    database.label_steps.undo(ada, project)
    assert store.guideline(project, 3).num_judgements == 0
    assert store.guideline_versions() == {project: 4}


def test_an_upload_that_repeats_tasks_adds_none(database: Database) -> None:
    project = project_of(database, 2)
    again = tasks_from(lines_of(2, start=2).replace(b"Question 2?", b"Else?"), "rank")
    with pytest.raises(BadLines, match="line 1: the project has a task 't2' already"):
        database.label_tasks.add(project, again)
    same = tasks_from(lines_of(1, start=1).replace(b'"t1"', b'"new"'), "rank")
    with pytest.raises(BadLines, match="already, as the plain task 't1'"):
        database.label_tasks.add(project, same)
    assert [each.key for each in database.label_tasks.list(project)] == ["t1", "t2"]
    assert database.label_projects.get(project).num_tasks == 2


def test_gold_for_a_plain_task_is_not_dropped_in_silence(database: Database) -> None:
    project = project_of(database, 1)
    gold = tasks_from(lines_of(1, gold={"best": "a"}), "rank", gold=True)
    with pytest.raises(BadLines, match="plain task 't1'; it cannot also be a gold task"):
        database.label_tasks.add(project, gold)
    assert database.label_projects.get(project).num_gold == 0


def test_tasks_are_listed_by_pages(database: Database) -> None:
    project = project_of(database, 5)
    first = database.label_tasks.list(project, limit=3)
    rest = database.label_tasks.list(project, limit=3, after=first[-1].number)
    assert [each.key for each in (*first, *rest)] == ["t1", "t2", "t3", "t4", "t5"]


def test_what_is_unknown_is_not_found(database: Database) -> None:
    ada, nowhere = person(database), "0" * 32
    projects, tasks, results = (
        database.label_projects,
        database.label_tasks,
        database.label_results,
    )
    for ask in (
        lambda: projects.get(nowhere),
        lambda: projects.change(nowhere, overlap=2),
        lambda: projects.delete(nowhere),
        lambda: projects.write_guideline(nowhere, "x"),
        lambda: projects.guidelines(nowhere),
        lambda: projects.delete_guideline(nowhere, 1),
        lambda: tasks.add(nowhere, tasks_from(lines_of(1), "rank")),
        lambda: tasks.get(nowhere),
        lambda: tasks.withdraw(nowhere, withdrawn=True),
        lambda: database.label_queue.draw(ada, nowhere),
        lambda: database.label_queue.get(ada, nowhere),
        lambda: database.label_steps.undo(ada, nowhere),
        lambda: database.label_steps.rely_on(nowhere),
        lambda: results.members(nowhere),
        lambda: results.history(ada, nowhere, limit=5),
    ):
        with pytest.raises(NotFound):
            ask()
