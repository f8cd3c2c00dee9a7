"""Judgements of each kind, as the database keeps them."""

import json

import pytest

from database.labelling import STEP, drawn, finish, lines_of, project_of, ranked
from databases import person
from fledge.database import Database
from fledge.database.label_steps import Step
from fledge.database.stored_text import TextRefused
from fledge.errors import DatabaseError
from fledge.feedback.blind import letters_of
from fledge.feedback.judgements import BadJudgement, Judgement
from fledge.feedback.label_tasks import tasks_from
from fledge.feedback.label_work import Assignment
from fledge.feedback.records import ChatTurn


@pytest.fixture
def ada(database: Database) -> str:
    return person(database, "ada", "labeller")


def always_gold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every task is a gold task, as long as there are some."""
    monkeypatch.setattr(
        "fledge.database.label_queue.is_gold_turn", lambda seed, turn, percent: True
    )


def in_letters(assignment: Assignment, ratings: dict[str, int]) -> Judgement:
    """Ratings of answers, named as the labeller sees them."""
    letters = letters_of(assignment.shown)
    return Judgement(ratings={letter: ratings[answer] for letter, answer in letters.items()})


@pytest.mark.parametrize(
    ("ranking", "score"),
    [([["a"], ["b"]], 1.0), ([["b"], ["a"]], 0.0), ([["a", "b"]], 0.5)],
)
def test_a_comparison_of_gold_is_scored_and_a_tie_is_half_right(
    database: Database,
    ada: str,
    monkeypatch: pytest.MonkeyPatch,
    ranking: list[list[str]],
    score: float,
) -> None:
    always_gold(monkeypatch)
    project = project_of(database, 0, kind="compare")
    gold = tasks_from(lines_of(1, 2, gold={"ranking": [["a"], ["b"]]}), "compare", gold=True)
    database.label_tasks.add(project, gold)
    task = drawn(database, ada, project)
    letter = {answer: letter for letter, answer in letters_of(task.shown).items()}
    judgement = Judgement(ranking=tuple(tuple(letter[each] for each in one) for one in ranking))
    done = database.label_steps.submit(ada, task.id, judgement, STEP)
    assert (done.gold_score, done.is_gold, done.slot) == (score, True, None)
    assert done.judgement == {"ranking": ranking}
    (member,) = database.label_results.members(project)
    assert (member.num_done, member.num_gold, member.gold_score) == (0, 1, score)
    database.label_steps.undo(ada, project)
    (member,) = database.label_results.members(project)
    assert (member.num_gold, member.gold_score) == (0, 0.0)


def test_ratings_of_gold_may_be_one_step_off(
    database: Database, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    always_gold(monkeypatch)
    project = project_of(database, 0, kind="rate")
    gold = tasks_from(lines_of(1, 3, gold={"ratings": {"a": 6, "b": 1}}), "rate", gold=True)
    database.label_tasks.add(project, gold)
    task = drawn(database, ada, project)
    judgement = in_letters(task, {"a": 7, "b": 4, "c": 1})
    assert database.label_steps.submit(ada, task.id, judgement, STEP).gold_score == 0.5


def test_the_queue_ends_where_only_gold_is_left_at_a_plain_turn(
    database: Database, ada: str
) -> None:
    project = project_of(database, 1)
    gold = tasks_from(lines_of(2, start=5, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    assert not finish(database, ada, project).is_gold
    assert database.label_queue.draw(ada, project) is None, "gold is for 0 percent of the turns"


def test_without_gold_left_a_gold_turn_gives_a_plain_task(
    database: Database, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    always_gold(monkeypatch)
    project = project_of(database, 2)
    gold = tasks_from(lines_of(1, start=5, gold={"best": "a"}), "rank", gold=True)
    database.label_tasks.add(project, gold)
    kinds = [finish(database, ada, project).is_gold for _ in range(3)]
    assert kinds == [True, False, False]


@pytest.mark.parametrize("num_answers", [0, 1])
def test_a_demonstration_may_begin_with_a_model_s_answer(
    database: Database, ada: str, num_answers: int
) -> None:
    project = project_of(database, 1, kind="demonstrate", num_answers=num_answers)
    task = drawn(database, ada, project)
    assert len(task.shown) == num_answers
    turns = (ChatTurn(role="assistant", content="Grüße 🌊\nzwei Zeilen"),)
    done = database.label_steps.submit(ada, task.id, Judgement(messages=turns), STEP)
    assert done.judgement == {"messages": [turns[0].model_dump()]}
    assert database.label_queue.get(ada, task.id).judgement == done.judgement


def test_flags_and_ratings_stay_with_their_answers(database: Database, ada: str) -> None:
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    letter = {answer: letter for letter, answer in letters_of(task.shown).items()}
    judgement = Judgement(
        ranking=ranked(task, "bac").ranking,
        ratings={letter["b"]: 7},
        flags={letter["c"]: ("hallucination", "opinion"), letter["a"]: ()},
    )
    done = database.label_steps.submit(ada, task.id, judgement, STEP)
    assert done.judgement == {
        "ranking": [["b"], ["a"], ["c"]],
        "ratings": {"b": 7},
        "flags": {"c": ["hallucination", "opinion"]},
    }


def test_the_time_on_a_task_never_goes_back(database: Database, ada: str) -> None:
    """A second tab that was opened later reports less."""
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    for seconds in (30.0, 12.0):
        kept = database.label_queue.save_draft(ada, task.id, {}, seconds)
        assert kept.seconds == 30.0
    done = database.label_steps.submit(ada, task.id, ranked(task, "abc"), Step("", 5.0))
    assert done.seconds == 30.0
    assert done.guideline_version is None, "nobody wrote a guideline"


def test_what_no_database_keeps_is_refused_and_nothing_changes(
    database: Database, ada: str
) -> None:
    project = project_of(database, 1)
    task = drawn(database, ada, project)
    for draft in ({"notes": "a\0b"}, {"notes": "\ud800"}):
        with pytest.raises(TextRefused):
            database.label_queue.save_draft(ada, task.id, dict(draft), 1.0)
    with pytest.raises(TextRefused):
        database.label_steps.submit(ada, task.id, ranked(task, "abc"), Step("\0", 1.0))
    with pytest.raises(BadJudgement):
        wrong = Judgement(messages=(ChatTurn(role="assistant", content="x"),))
        database.label_steps.submit(ada, task.id, wrong, STEP)
    stored = database.label_queue.get(ada, task.id)
    assert (stored.state, stored.draft, stored.judgement) == ("open", None, None)
    assert database.label_tasks.get(task.task_id).num_finished == 0


def test_a_draft_with_a_number_that_json_lacks_is_refused(database: Database, ada: str) -> None:
    task = drawn(database, ada, project_of(database, 1))
    for number in ("nan", "inf", "-inf"):
        with pytest.raises(DatabaseError, match="the database does not keep this"):
            database.label_queue.save_draft(ada, task.id, {"rating": float(number)}, 1.0)
    assert database.label_queue.get(ada, task.id).draft is None


def test_hidden_facts_of_an_answer_are_kept_with_its_task(database: Database) -> None:
    project = database.label_projects.create("Hidden", "compare").id
    line = {
        "prompt": "Tides?",
        "responses": [
            {"id": "x", "content": "Moon.", "model": "sft", "temperature": 0.7},
            {"id": "y", "content": "Sun."},
        ],
        "source": "forum",
        "consent": True,
        "pseudonym": "p7",
    }
    database.label_tasks.add(project, tasks_from(json.dumps(line).encode(), "compare"))
    (task,) = database.label_tasks.list(project)
    assert task.answers == [
        {"id": "x", "content": "Moon.", "model": "sft", "temperature": 0.7},
        {"id": "y", "content": "Sun.", "model": None, "temperature": None},
    ]
    assert (task.source, task.consent, task.pseudonym) == ("forum", True, "p7")
    assert len(task.key) == 16, "a task without an id is named by its content"
