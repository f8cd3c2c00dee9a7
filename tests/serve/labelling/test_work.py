"""A labeller's day through the API: draw, keep drafts, judge, skip, report, undo."""

from collections.abc import Callable

import pytest

from database.labelling import lines_of
from people_server import PeopleServer

Call = Callable[..., dict]
GOOD = {"ranking": [["B"], ["A", "C"]], "ratings": {"A": 5, "B": 2}, "notes": "", "seconds": 9}


@pytest.fixture
def project(call: Call) -> str:
    """A project of three rankings with a guideline."""
    made = {"name": "Tides", "kind": "rank", "guideline": "# Rank\n\n<script>x</script>"}
    id_ = call("owner", "POST", "admin/projects", made, status=201)["id"]
    added = call("admin", "POST", f"admin/projects/{id_}/tasks", content=lines_of(3), status=201)
    assert added == {"added": 3, "gold": 0}
    return str(id_)


def test_a_task_from_drawing_to_undo(call: Call, project: str) -> None:
    (shown,) = call("labeller", "GET", "projects")["projects"]
    assert (shown["name"], shown["kind"], shown["guideline_version"]) == ("Tides", "rank", 1)
    assert shown["progress"] == {
        "done": 0,
        "skipped": 0,
        "seconds": 0.0,
        "tasks": 3,
        "judgements": 0,
        "wanted": 3,
    }
    task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    assert [each["letter"] for each in task["answers"]] == ["A", "B", "C"]
    (turn,) = task["prompt"]
    assert turn == {"role": "user", "content": "Question 1?", "html": "<p>Question 1?</p>\n"}
    assert all(each["html"].startswith("<p>") for each in task["answers"])
    assert "model" not in str(task["answers"]) and "gold" not in str(task)
    place = f"assignments/{task['id']}"
    kept = call("labeller", "PUT", f"{place}/draft", {"draft": GOOD, "seconds": 4})
    assert kept["expires_at"] > task["expires_at"] and kept["guideline_version"] == 1
    again = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    assert (again["id"], again["draft"], again["answers"]) == (task["id"], GOOD, task["answers"])
    warning = "B is ranked above A, but rated lower (2 against 5)."
    assert call("labeller", "POST", f"{place}/check", GOOD) == {"warnings": [warning]}
    done = call("labeller", "POST", f"{place}/submit", GOOD)
    assert done["warnings"] == [warning]
    assert done["assignment"]["judgement"] == {
        "ranking": [["B"], ["A", "C"]],
        "ratings": GOOD["ratings"],
    }
    call("labeller", "POST", f"{place}/submit", GOOD, status=409)
    undone = call("labeller", "POST", f"projects/{project}/undo")["assignment"]
    assert (undone["state"], undone["draft"]) == ("open", GOOD)
    call("labeller", "POST", f"projects/{project}/undo", status=404)


def test_skips_reports_and_history(call: Call, project: str) -> None:
    for step, body in (
        ("skip", {"reason": "not my field", "seconds": 5}),
        ("problem", {"problem": "unclear", "notes": "of what?"}),
        ("submit", {"ranking": [["A", "B", "C"]], "seconds": 7}),
    ):
        task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
        call("labeller", "POST", f"assignments/{task['id']}/{step}", body)
    end = call("labeller", "POST", f"projects/{project}/draw")
    assert end["assignment"] is None
    assert (end["progress"]["done"], end["progress"]["skipped"]) == (1, 2)
    first = call("labeller", "GET", f"projects/{project}/history?limit=2")
    rest = call("labeller", "GET", f"projects/{project}/history?limit=2&before={first['next']}")
    entries = [*first["assignments"], *rest["assignments"]]
    assert [(each["state"], each["first_line"], each["reason"]) for each in entries] == [
        ("done", "Question 3?", None),
        ("unclear", "Question 2?", "of what?"),
        ("skipped", "Question 1?", "not my field"),
    ]
    assert rest["next"] is None
    for wrong in ("x", "nan_x", "1e999_x"):
        call("labeller", "GET", f"projects/{project}/history?before={wrong}", status=400)


def test_guidelines_are_harmless_html_and_old_ones_stay(call: Call, project: str) -> None:
    first = call("labeller", "GET", f"projects/{project}/guideline")
    assert (
        first["version"] == 1
        and "<h3>Rank</h3>" in first["html"]
        and "<script" not in first["html"]
    )
    path = f"admin/projects/{project}/guidelines"
    call("owner", "POST", path, {"text": "Second"}, status=201)
    assert call("labeller", "GET", f"projects/{project}/guideline")["text"] == "Second"
    old = call("labeller", "GET", f"projects/{project}/guidelines/1")
    assert old["is_current"] is False and old["text"].startswith("# Rank")
    call("labeller", "GET", f"projects/{project}/guidelines/3", status=404)


@pytest.mark.parametrize(
    ("body", "param", "told"),
    [
        ({"ranking": [["A"]]}, "ranking", "B, C has no rank"),
        ({"ranking": [["A", "B", "C", "D"]]}, "ranking", "no answer 'D'"),
        ({"ranking": [["A", "B", "C"]], "ratings": {"A": 9}}, "ratings", "found 9"),
        ({"ranking": [["A", "B", "C"]], "ratings": {"A": True}}, "ratings.A", "integer"),
        ({"ranking": [["A", "B", "C"]], "flags": {"A": ["rude"]}}, "flags", "'rude'"),
        ({"ranking": [["A", "B", "C"]], "seconds": -1}, "seconds", "greater than or equal to 0"),
        ({"ranking": [["A", "B", "C"]], "notes": "a\0b"}, None, "invalid character"),
        ({"ranking": [["A", "B", "C"]], "gold": 1}, "gold", "Extra inputs"),
        ({"ranking": "ABC"}, "ranking", "valid list"),
    ],
)
def test_a_bad_judgement_is_refused_with_its_field(
    call: Call, project: str, body: dict[str, object], param: str | None, told: str
) -> None:
    task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    for step in ("check", "submit"):
        refused = call("labeller", "POST", f"assignments/{task['id']}/{step}", body, status=400)
        assert refused["error"]["param"] == param and told in refused["error"]["message"]
    assert call("labeller", "GET", f"assignments/{task['id']}")["state"] == "open"


def test_a_draft_has_a_greatest_size(call: Call, project: str) -> None:
    task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    body = {"draft": {"notes": "x" * 400_001}}
    refused = call("labeller", "PUT", f"assignments/{task['id']}/draft", body, status=400)
    assert "expected at most 400,000 characters" in refused["error"]["message"]


def test_everybody_labels_on_a_server_for_oneself(
    people: PeopleServer, call: Call, project: str
) -> None:
    """The owner may label too: a small team has no labellers of their own."""
    assert call("owner", "POST", f"projects/{project}/draw")["assignment"] is not None
