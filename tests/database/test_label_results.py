"""Results of labelling: records that fledge trains on, history, and people who leave."""

import json
from pathlib import Path

import pytest

from database.labelling import STEP, drawn, finish, lines_of, project_of
from databases import person
from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.data.judgement_records import judgement_from
from fledge.data.sources import load_with
from fledge.database import Database
from fledge.database.label_results import ROWS_AT_ONCE
from fledge.feedback.judgements import Judgement
from fledge.feedback.label_records import Format, records_of
from fledge.feedback.label_tasks import tasks_from
from fledge.feedback.pseudonym import pseudonym
from fledge.feedback.records import ChatTurn, Rating


@pytest.fixture
def ada(database: Database) -> str:
    return person(database, "ada", "labeller")


def written(database: Database, project: str, format: Format, file: Path) -> Path:
    """The download of a project."""
    found = database.label_projects.get(project)
    with file.open("w") as lines:
        for judged in database.label_results.judgements(project):
            for record in records_of(judged, found, format):
                lines.write(json.dumps(record) + "\n")
    return file


def test_rankings_and_pairs_train_a_reward_model(
    database: Database, ada: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project = project_of(database, 2)
    finish(database, ada, project, "cab")
    finish(database, ada, project, "bca")
    rankings = load_rankings(written(database, project, "rankings", tmp_path / "r.jsonl"))
    assert [each.ranking for each in rankings] == [
        (("c",), ("a",), ("b",)),
        (("b",), ("c",), ("a",)),
    ]
    first = rankings[0]
    assert (first.labeler, first.seconds, first.prompt[0].content) == (
        pseudonym(ada),
        10.0,
        "Question 1?",
    )
    assert [each.model for each in first.responses] == ["model-a", "model-b", "model-c"]
    pairs = load_rankings(written(database, project, "pairs", tmp_path / "p.jsonl"))
    assert [sorted(each.pairs()) for each in pairs] == [sorted(each.pairs()) for each in rankings]
    assert "not read" not in caplog.text, "no field of a download is unknown"


def test_ratings_order_answers_and_equal_ones_are_tied(
    database: Database, ada: str, tmp_path: Path
) -> None:
    project = project_of(database, 1, kind="rate")
    begun = drawn(database, ada, project)
    rated = Judgement(
        ratings={
            letter: {"a": 2, "b": 7, "c": 2}[answer]
            for letter, answer in zip("ABC", begun.shown, strict=True)
        }
    )
    database.label_steps.submit(ada, begun.id, rated, STEP)
    (ranking,) = load_rankings(written(database, project, "rankings", tmp_path / "r.jsonl"))
    assert ranking.ranking == (("b",), ("a", "c"))
    assert ranking.ratings == {"a": 2, "b": 7, "c": 2}
    read = load_with(
        written(database, project, "ratings", tmp_path / "m.jsonl"),
        judgement_from,
        kind="judgements",
    )
    assert all(isinstance(one, Rating) and one.labeler == pseudonym(ada) for one in read)
    assert sorted(one.rating for one in read if isinstance(one, Rating)) == [2, 2, 7]


def test_judgements_of_gold_say_what_was_right(
    database: Database, ada: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        "fledge.database.label_queue.is_gold_turn", lambda seed, turn, percent: True
    )
    project = project_of(database, 1, gold_percent=50)
    gold = tasks_from(lines_of(9, start=9, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    finish(database, ada, project, "abc")
    (judged,) = database.label_results.judgements(project, is_gold=True)
    found = database.label_projects.get(project)
    (record,) = records_of(judged, found, "rankings")
    assert record["gold"] == (("a",), ("b", "c"))
    assert record["prompt_id"] == judged.task.key


def test_demonstrations_are_whole_conversations(
    database: Database, ada: str, tmp_path: Path
) -> None:
    project = project_of(database, 1, kind="demonstrate", num_answers=1)
    begun = drawn(database, ada, project)
    turns = tuple(
        ChatTurn(role=role, content=content)
        for role, content in (("assistant", "Moon."), ("user", "Why?"), ("assistant", "Pull."))
    )
    database.label_steps.submit(ada, begun.id, Judgement(messages=turns), STEP)
    file = written(database, project, "demonstrations", tmp_path / "d.jsonl")
    (conversation,) = load_demonstrations(file)
    assert [(each.role, each.content) for each in conversation.messages] == [
        ("user", "Question 1?"),
        ("assistant", "Moon."),
        ("user", "Why?"),
        ("assistant", "Pull."),
    ]


def test_gold_and_people_who_object_are_left_out(
    database: Database, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fledge.database.label_queue.is_gold_turn", lambda seed, turn, percent: turn % 2 == 0
    )
    project, ben = project_of(database, 2, gold_percent=50), person(database, "ben")
    gold = tasks_from(lines_of(9, start=9, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    for _ in range(4):
        finish(database, ada, project)
    for is_gold in (True, False):
        judged = list(database.label_results.judgements(project, is_gold=is_gold))
        assert [each.task.is_gold for each in judged] == [is_gold] * 2
    database.accounts.change(ada, allows_training=False)
    assert list(database.label_results.judgements(project)) == []
    assert database.label_results.of_person(ben) == {}


def test_prompts_with_personal_data_are_not_downloaded(database: Database, ada: str) -> None:
    project, ben = project_of(database, 1, overlap=2), person(database, "ben")
    finish(database, ada, project)
    assert len(list(database.label_results.judgements(project))) == 1
    begun = drawn(database, ben, project)
    database.label_steps.report(ben, begun.id, has_personal_data=True, step=STEP)
    assert list(database.label_results.judgements(project)) == []
    assert database.label_results.newest(project, 9) == []


def test_a_download_reads_on_after_each_part(
    database: Database, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fledge.database.label_results.ROWS_AT_ONCE", 2)
    assert ROWS_AT_ONCE > 2
    project = project_of(database, 5)
    done = [finish(database, ada, project).id for _ in range(5)]
    found = [each.assignment.id for each in database.label_results.judgements(project)]
    assert sorted(found) == sorted(done) and len(found) == 5


def test_history_has_pages_and_open_drafts(database: Database, ada: str) -> None:
    project = project_of(database, 4)
    done = [finish(database, ada, project).id for _ in range(3)]
    results = database.label_results
    first = results.history(ada, project, limit=2)
    assert first[-1].finished_at is not None
    rest = results.history(ada, project, limit=2, before=(first[-1].finished_at, first[-1].id))
    assert [each.id for each in (*first, *rest)] == done[::-1]
    begun = drawn(database, ada, project)
    assert results.begun(ada, project) == []
    database.label_queue.save_draft(ada, begun.id, {"notes": "x"}, 1.0)
    assert [each.id for each in results.begun(ada, project)] == [begun.id]
    assert len(results.every(ada)) == 4


def test_an_erased_labeller_s_tasks_go_back_to_the_queue(database: Database, ada: str) -> None:
    project, ben = project_of(database, 3), person(database, "ben")
    finish(database, ada, project)
    begun = drawn(database, ada, project)
    database.label_steps.report(ada, begun.id, has_personal_data=False, step=STEP)
    drawn(database, ada, project)
    assert database.label_queue.draw(ben, project) is None
    database.accounts.delete(ada)
    tasks = database.label_tasks.list(project)
    assert [(each.num_taken, each.num_finished, each.num_unclear) for each in tasks] == [
        (0, 0, 0)
    ] * 3
    assert len([finish(database, ben, project) for _ in range(3)]) == 3
    assert [each.name for each in database.label_results.members(project)] == ["Ben"]
