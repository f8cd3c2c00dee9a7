"""Labelling when people are erased, and when a server moves to another database."""

from pathlib import Path

import pytest

from database.labelling import STEP, drawn, finish, key_of, lines_of, project_of
from databases import new_postgresql, person
from fledge.database import Database, open_database
from fledge.database.backup import backup, restore
from fledge.feedback.label_tasks import BadLines, tasks_from


def test_the_others_of_all_projects_keep_their_counts(database: Database) -> None:
    ada, ben = (person(database, login, "labeller") for login in ("ada", "ben"))
    first, second = (project_of(database, 2, overlap=2, name=name) for name in ("One", "Two"))
    for project in (first, second):
        database.label_projects.write_guideline(project, "Rank")
        for each in (ada, ben):
            finish(database, each, project)
    finish(database, ada, second)
    assert database.label_projects.guideline(second).num_judgements == 3
    database.accounts.delete(ada)
    for project in (first, second):
        assert database.label_projects.guideline(project).num_judgements == 1
        (member,) = database.label_results.members(project)
        assert (member.account_id, member.num_done) == (ben, 1)
        assert database.label_projects.judged()[project] == 1
        tasks = database.label_tasks.list(project)
        assert (
            sum(task.num_taken for task in tasks) == sum(each.num_finished for each in tasks) == 1
        )
        assert len(list(database.label_results.judgements(project))) == 1


def test_a_task_that_they_reported_stays_out_of_the_queue(database: Database) -> None:
    """Personal data does not become harmless when the labeller who saw it leaves."""
    ada, ben = (person(database, login, "labeller") for login in ("ada", "ben"))
    project = project_of(database, 2)
    task = drawn(database, ada, project)
    database.label_steps.report(ada, task.id, has_personal_data=True, step=STEP)
    database.accounts.delete(ada)
    assert database.label_tasks.get(task.task_id).is_withdrawn
    assert key_of(database, finish(database, ben, project)) == "t2"
    assert database.label_queue.draw(ben, project) is None


def test_a_disabled_labeller_s_judgements_stay(database: Database) -> None:
    ada, project = person(database, "ada", "labeller"), project_of(database, 1)
    finish(database, ada, project)
    database.accounts.change(ada, disabled_at=1.0)
    assert len(list(database.label_results.judgements(project))) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_labelling_goes_on_in_the_restored_database(
    database: Database, url: str, tmp_path: Path, target: str
) -> None:
    ada, project = person(database, "ada", "owner"), project_of(database, 3, gold_percent=5)
    done = finish(database, ada, project)
    begun = drawn(database, ada, project)
    database.label_queue.save_draft(ada, begun.id, {"notes": "half"}, 7.0)
    backup(url, tmp_path / "copy.db")
    new = str(tmp_path / "new.db") if target == "sqlite" else new_postgresql("labelled")
    restore(tmp_path / "copy.db", new)
    moved = open_database(new)
    again = drawn(moved, ada, project)
    assert (again.id, again.draft, again.shown) == (begun.id, {"notes": "half"}, begun.shown)
    assert moved.label_queue.get(ada, done.id) == done
    assert key_of(moved, finish(moved, ada, project)) == key_of(database, begun)
    moved.label_tasks.add(project, tasks_from(lines_of(1, start=9), "rank"))
    assert [key_of(moved, finish(moved, ada, project)) for _ in range(2)] == ["t3", "t9"]
    moved.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_long_upload_is_checked_to_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fledge.database.label_tasks.ROWS_AT_ONCE", 3)
    project = project_of(database, 8)
    assert [each.number for each in database.label_tasks.list(project)] == list(range(1, 9))
    with pytest.raises(BadLines, match=r"line 7: .* task 't8'"):
        database.label_tasks.add(project, tasks_from(lines_of(7, start=2), "rank"))
    more = lines_of(6, start=9) + b"\n" + lines_of(1, start=8)
    with pytest.raises(BadLines, match=r"^Nothing was stored\.\nline 7: "):
        database.label_tasks.add(project, tasks_from(more, "rank"))
    assert database.label_projects.get(project).num_tasks == 8
