"""Labelling by several people at one moment: one wins, nothing is counted twice."""

import pytest

from database.labelling import STEP, drawn, finish, lines_of, project_of, ranked
from databases import person, together
from fledge.database import Database
from fledge.errors import Conflict, NotFound
from fledge.feedback.label_tasks import BadLines, tasks_from
from fledge.feedback.label_work import Assignment


@pytest.fixture
def ada(database: Database) -> str:
    return person(database, "ada", "labeller")


def kinds(results: list[object]) -> list[str]:
    """The names of the types of results, sorted."""
    return sorted(type(each).__name__ for each in results)


def test_of_two_tabs_that_draw_both_show_one_task(database: Database, ada: str) -> None:
    project = project_of(database, 3)
    results = together(*[lambda: database.label_queue.draw(ada, project)] * 4)
    assert len({each.id for each in results if isinstance(each, Assignment)}) == 1
    (member,) = database.label_results.members(project)
    assert member.num_done == 0
    assert sum(task.num_taken for task in database.label_tasks.list(project)) == 1


def test_of_two_submissions_one_is_kept(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    results = together(
        *(
            lambda order=order: database.label_steps.submit(ada, task.id, ranked(task, order), STEP)
            for order in ("abc", "cba", "bca")
        )
    )
    assert kinds(results) == ["Assignment", "Conflict", "Conflict"]
    (kept,) = (each for each in results if isinstance(each, Assignment))
    assert database.label_queue.get(ada, task.id).judgement == kept.judgement
    (member,) = database.label_results.members(project)
    assert (member.num_done, member.seconds) == (1, 10.0)


def test_a_submission_and_a_skip_at_once_end_the_task_once(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    results = together(
        lambda: database.label_steps.submit(ada, task.id, ranked(task, "abc"), STEP),
        lambda: database.label_steps.skip(ada, task.id, STEP),
    )
    assert kinds(results) == ["Assignment", "Conflict"]
    (member,) = database.label_results.members(project)
    assert member.num_done + member.num_skipped == 1
    (stored,) = database.label_tasks.list(project)
    assert stored.num_finished == member.num_done == stored.num_taken


def test_one_place_is_given_once(database: Database) -> None:
    project = project_of(database, 1, overlap=2)
    people = [person(database, f"p{each}", "labeller") for each in range(6)]
    results = together(
        *(lambda each=each: database.label_queue.draw(each, project) for each in people)
    )
    assert kinds(results) == ["Assignment"] * 2 + ["NoneType"] * 4
    assert {each.slot for each in results if isinstance(each, Assignment)} == {0, 1}


def test_undo_and_a_round_that_relies_on_it(database: Database, ada: str) -> None:
    """Either the step was taken back and nothing relies on it, or it stays."""
    project = project_of(database, 1)
    done = finish(database, ada, project)
    undone, used = together(
        lambda: database.label_steps.undo(ada, project),
        lambda: database.label_steps.rely_on(project),
    )
    stored = database.label_queue.get(ada, done.id)
    if isinstance(undone, Conflict):
        assert (stored.state, used) == ("done", 1) and stored.used_at is not None
    else:
        assert (stored.state, used) == ("open", 0) and stored.used_at is None


def test_two_uploads_of_one_file_add_it_once(database: Database) -> None:
    project = project_of(database, 0)
    tasks = tasks_from(lines_of(20), "rank")

    def upload() -> str:
        try:
            database.label_tasks.add(project, tasks)
        except BadLines as error:
            return str(error)
        return "stored"

    results = together(upload, upload, upload)
    assert results.count("stored") == 1
    assert sum("the project has this prompt" in str(each) for each in results) == 2
    found = database.label_tasks.list(project)
    assert [task.number for task in found] == list(range(1, 21))
    assert database.label_projects.get(project).num_tasks == 20


def test_two_guidelines_at_once_are_two_versions(database: Database) -> None:
    project, store = project_of(database, 0), database.label_projects
    together(*(lambda text=text: store.write_guideline(project, text) for text in ("a", "b", "c")))
    assert [each.version for each in store.guidelines(project)] == [3, 2, 1]
    assert {each.text for each in store.guidelines(project)} == {"a", "b", "c"}


def test_a_project_that_is_deleted_while_somebody_draws(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    deleted, task = together(
        lambda: database.label_projects.delete(project),
        lambda: database.label_queue.draw(ada, project),
    )
    if isinstance(task, Assignment):
        assert isinstance(deleted, Conflict)
        assert database.label_queue.get(ada, task.id) == task
    else:
        assert isinstance(task, NotFound) and database.label_projects.list() == []


def test_a_labeller_who_is_erased_while_they_work_leaves_no_counts(database: Database) -> None:
    project = project_of(database, 4, overlap=2)
    people = [person(database, f"p{each}", "labeller") for each in range(3)]
    held = {each: drawn(database, each, project) for each in people}
    together(
        lambda: database.accounts.delete(people[0]),
        *(
            lambda each=each: database.label_steps.submit(
                each, held[each].id, ranked(held[each], "abc"), STEP
            )
            for each in people
        ),
    )
    tasks = database.label_tasks.list(project)
    assert sum(task.num_taken for task in tasks) == 2
    assert sum(task.num_finished for task in tasks) == 2
    assert sum(each.num_done for each in database.label_results.members(project)) == 2
