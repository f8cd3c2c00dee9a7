"""Steps of labellers: judgements, skips, reports, and undo."""

import pytest

from database.labelling import STEP, drawn, finish, key_of, project_of, ranked
from databases import Clock, person
from fledge.database import Database
from fledge.database.label_steps import Step
from fledge.errors import Conflict, NotFound
from fledge.feedback.judgements import BadJudgement, Judgement


@pytest.fixture
def ada(database: Database) -> str:
    return person(database, "ada", "labeller")


@pytest.fixture
def ben(database: Database) -> str:
    return person(database, "ben", "labeller")


def counts(database: Database, task: str) -> tuple[int, int, int]:
    found = database.label_tasks.get(task)
    return found.num_taken, found.num_finished, found.num_unclear


def test_a_judgement_names_answers_and_its_guideline(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    database.label_projects.write_guideline(project, "First")
    begun = drawn(database, ada, project)
    database.label_projects.write_guideline(project, "Second")
    done = database.label_steps.submit(ada, begun.id, ranked(begun, "cab"), Step("sure", 12.5))
    assert done.judgement == {"ranking": [["c"], ["a"], ["b"]]}
    assert (done.guideline_version, done.notes, done.seconds) == (1, "sure", 12.5)
    assert database.label_queue.get(ada, begun.id) == done
    assert counts(database, done.task_id) == (1, 1, 0)


def test_a_bad_judgement_changes_nothing(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    begun = drawn(database, ada, project)
    with pytest.raises(BadJudgement, match="no answer 'a'"):
        database.label_steps.submit(ada, begun.id, Judgement(ranking=(("a",),)), STEP)
    assert database.label_queue.get(ada, begun.id).state == "open"


def test_nothing_is_finished_twice_or_by_another(database: Database, ada: str, ben: str) -> None:
    project = project_of(database, 1)
    begun = drawn(database, ada, project)
    judgement = ranked(begun, "abc")
    with pytest.raises(NotFound):
        database.label_steps.submit(ben, begun.id, judgement, STEP)
    with pytest.raises(NotFound):
        database.label_queue.save_draft(ben, begun.id, {}, 0.0)
    database.label_steps.submit(ada, begun.id, judgement, STEP)
    for again in (
        lambda: database.label_steps.submit(ada, begun.id, judgement, STEP),
        lambda: database.label_steps.skip(ada, begun.id, STEP),
        lambda: database.label_steps.report(ada, begun.id, has_personal_data=True, step=STEP),
        lambda: database.label_queue.save_draft(ada, begun.id, {}, 0.0),
    ):
        with pytest.raises(Conflict, match="undo it"):
            again()
    assert counts(database, begun.task_id) == (1, 1, 0)


def test_a_skipped_task_goes_to_another_and_not_back(
    database: Database, ada: str, ben: str
) -> None:
    project = project_of(database, 1)
    begun = drawn(database, ada, project)
    skipped = database.label_steps.skip(ada, begun.id, Step("too hard", 5.0))
    assert (skipped.state, skipped.notes) == ("skipped", "too hard")
    assert counts(database, begun.task_id) == (0, 0, 0)
    assert database.label_queue.draw(ada, project) is None
    assert drawn(database, ben, project).task_id == begun.task_id
    with pytest.raises(Conflict, match="others have taken"):
        database.label_steps.undo(ada, project)
    assert database.label_queue.get(ada, begun.id).state == "skipped"
    (member, _) = database.label_results.members(project)
    assert (member.num_skipped, member.seconds) == (1, 5.0)


def test_an_unclear_prompt_counts_and_one_with_personal_data_leaves_the_queue(
    database: Database, ada: str, ben: str
) -> None:
    project = project_of(database, 2, overlap=2)
    first = drawn(database, ada, project)
    database.label_steps.report(ada, first.id, has_personal_data=False, step=STEP)
    assert counts(database, first.task_id) == (1, 1, 1)
    second = drawn(database, ada, project)
    database.label_steps.report(ada, second.id, has_personal_data=True, step=STEP)
    assert database.label_tasks.get(second.task_id).is_withdrawn
    found = database.label_projects.get(project)
    assert (found.num_tasks, found.num_withdrawn) == (1, 1)
    assert key_of(database, finish(database, ben, project)) == "t1"
    assert database.label_queue.draw(ben, project) is None
    database.label_steps.undo(ada, project)
    assert database.label_queue.draw(ben, project) is not None, "the undo brought it back"
    database.label_tasks.withdraw(second.task_id, withdrawn=True)
    assert [each.key for each in database.label_tasks.list(project, withdrawn=True)] == ["t2"]
    assert database.label_queue.draw(ben, project) is None
    database.label_tasks.withdraw(second.task_id, withdrawn=False)
    assert key_of(database, drawn(database, ben, project)) == "t2"


@pytest.mark.parametrize("manager_first", [True, False])
def test_undoing_a_report_leaves_a_task_that_a_manager_withdrew(
    database: Database, ada: str, *, manager_first: bool
) -> None:
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    acts = [
        lambda: database.label_tasks.withdraw(task.task_id, withdrawn=True),
        lambda: database.label_steps.report(ada, task.id, has_personal_data=True, step=STEP),
    ]
    for act in acts if manager_first else reversed(acts):
        act()
    database.label_steps.undo(ada, project)
    assert database.label_tasks.get(task.task_id).is_withdrawn
    assert database.label_projects.get(project).num_withdrawn == 1
    database.label_tasks.withdraw(task.task_id, withdrawn=False)
    database.label_steps.report(ada, task.id, has_personal_data=True, step=STEP)
    database.label_steps.undo(ada, project)
    assert not database.label_tasks.get(task.task_id).is_withdrawn


def test_undo_opens_the_last_step_with_its_draft(
    database: Database, clock: Clock, ada: str
) -> None:
    project = project_of(database, 3)
    first = finish(database, ada, project)
    begun = drawn(database, ada, project)
    sent: dict[str, object] = {"ranking": [["A"], ["B"], ["C"]]}
    step = Step("wrong", 9.0, sent)
    database.label_steps.submit(ada, begun.id, ranked(begun, "abc"), step)
    following = drawn(database, ada, project)
    undone = database.label_steps.undo(ada, project)
    assert (undone.id, undone.state, undone.draft) == (begun.id, "open", sent)
    assert undone.judgement is None and undone.finished_at is None
    assert drawn(database, ada, project).id == begun.id, "it comes before the one drawn after it"
    (member,) = database.label_results.members(project)
    assert (member.num_done, member.seconds) == (1, 10.0)
    assert counts(database, begun.task_id) == (1, 0, 0)
    database.label_steps.submit(ada, begun.id, ranked(begun, "cba"), STEP)
    assert drawn(database, ada, project).id == following.id
    assert [each.id for each in database.label_results.history(ada, project, limit=9)] == [
        begun.id,
        first.id,
    ]


def test_a_step_that_another_relies_on_stays(database: Database, ada: str, ben: str) -> None:
    project = project_of(database, 2)
    with pytest.raises(NotFound, match="no step"):
        database.label_steps.undo(ada, project)
    finish(database, ada, project)
    assert database.label_steps.rely_on(project) == 1
    with pytest.raises(Conflict, match="has been used"):
        database.label_steps.undo(ada, project)
    finish(database, ada, project)
    database.label_steps.undo(ada, project)
    assert database.label_steps.rely_on(project) == 0
    with pytest.raises(NotFound, match="no step"):
        database.label_steps.undo(ben, project)
