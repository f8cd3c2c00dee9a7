"""Projects, uploads, progress and downloads of owners and admins."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from database.labelling import lines_of
from people_server import PASSWORD, PeopleServer

Call = Callable[..., dict]


def make(call: Call, **fields: object) -> str:
    body = {"name": "Tides", "kind": "rank", **fields}
    return str(call("admin", "POST", "admin/projects", body, status=201)["id"])


def label(call: Call, project: str, ranking: list[list[str]]) -> None:
    task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    body = {"ranking": ranking, "seconds": 30}
    call("labeller", "POST", f"assignments/{task['id']}/submit", body)


def test_a_project_is_made_changed_closed_and_deleted(people: PeopleServer, call: Call) -> None:
    project = make(call, overlap=2, gold_percent=5, layout="columns", guideline="Rank")
    path = f"admin/projects/{project}"
    shown = call("owner", "GET", path)
    assert (shown["overlap"], shown["lease_minutes"], shown["guideline_version"]) == (2, 30, 1)
    changed = call("owner", "PATCH", path, {"is_open": False, "overlap": 3})
    assert (changed["is_open"], changed["overlap"], changed["name"]) == (False, 3, "Tides")
    assert call("labeller", "GET", "projects") == {"projects": []}
    call("labeller", "POST", f"projects/{project}/draw", status=409)
    call("admin", "POST", "admin/projects", {"name": "Tides", "kind": "rate"}, status=409)
    call("owner", "DELETE", path, status=204)
    call("owner", "GET", path, status=404)
    actions = [each.action for each in people.database.audit.newest(4)]
    assert actions == [
        "label_project.deleted",
        "label_project.changed",
        "label_guideline.written",
        "label_project.made",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"kind": "sort"},
        {"overlap": 0},
        {"lease_minutes": 0},
        {"gold_percent": 51},
        {"layout": "grid"},
        {"guideline": " "},
        {"owner": "me"},
    ],
)
def test_a_wrong_project_is_refused(call: Call, wrong: dict[str, object]) -> None:
    body = {"name": "Tides", "kind": "rank", **wrong}
    call("admin", "POST", "admin/projects", body, status=400)
    assert call("admin", "GET", "admin/projects") == {"projects": []}


def test_an_upload_with_bad_lines_stores_nothing(call: Call) -> None:
    project = make(call)
    path = f"admin/projects/{project}/tasks"
    body = lines_of(2) + b'\n{"prompt": ""}\n' + lines_of(1)
    refused = call("admin", "POST", path, content=body, status=400)["error"]
    assert refused["code"] == "bad_lines"
    assert refused["message"].splitlines() == [
        "Nothing was stored.",
        "line 3: prompt: the text is empty",
        "line 4: the same prompt and answers as line 1",
    ]
    assert call("admin", "GET", path) == {"tasks": [], "next": None}
    call("admin", "POST", path, content=lines_of(2), status=201)
    gold = lines_of(1, start=9, gold={"best": "a"})
    assert call("admin", "POST", f"{path}?gold=true", content=gold) == {"added": 1, "gold": 1}
    refused = call("admin", "POST", f"{path}?gold=true", content=lines_of(1, start=8), status=400)
    assert refused["error"]["message"].endswith('line 1: expected a gold task, found no "gold"')
    plain = lines_of(1, gold={"best": "a"})
    refused = call("admin", "POST", f"{path}?gold=true", content=plain, status=400)
    assert "plain task 't1'; it cannot also be a gold task" in refused["error"]["message"]
    page = call("admin", "GET", f"{path}?limit=2")
    assert [each["key"] for each in page["tasks"]] == ["t1", "t2"]
    page = call("admin", "GET", f"{path}?limit=2&after={page['next']}")
    assert [(each["key"], each["is_gold"]) for each in page["tasks"]] == [("t9", True)]


def test_a_task_with_personal_data_is_listed_and_put_back(call: Call) -> None:
    project = make(call)
    call("admin", "POST", f"admin/projects/{project}/tasks", content=lines_of(1))
    task = call("labeller", "POST", f"projects/{project}/draw")["assignment"]
    call("labeller", "POST", f"assignments/{task['id']}/problem", {"problem": "personal_data"})
    (listed,) = call("admin", "GET", f"admin/projects/{project}/tasks?withdrawn=true")["tasks"]
    assert listed["is_withdrawn"] and listed["num_unclear"] == 1
    put_back = call("admin", "PATCH", f"admin/tasks/{listed['id']}", {"is_withdrawn": False})
    assert put_back["is_withdrawn"] is False
    assert call("admin", "GET", f"admin/projects/{project}")["num_withdrawn"] == 0


def test_guidelines_in_use_are_not_deleted(call: Call) -> None:
    project = make(call, guideline="First")
    path = f"admin/projects/{project}/guidelines"
    call("admin", "POST", f"admin/projects/{project}/tasks", content=lines_of(1))
    label(call, project, [["A", "B", "C"]])
    call("admin", "DELETE", f"{path}/1", status=409)
    for text in ("Second", "Third"):
        call("admin", "POST", path, {"text": text}, status=201)
    refused = call("admin", "DELETE", f"{path}/1", status=409)
    assert "people have labelled under version 1" in refused["error"]["message"]
    call("admin", "DELETE", f"{path}/2", status=204)
    assert [
        (each["version"], each["num_judgements"])
        for each in call("admin", "GET", path)["guidelines"]
    ] == [(3, 0), (1, 1)]


def test_progress_and_downloads_leave_out_who_objects(people: PeopleServer, call: Call) -> None:
    project = make(call, overlap=2)
    call("admin", "POST", f"admin/projects/{project}/tasks", content=lines_of(2))
    label(call, project, [["A"], ["B", "C"]])
    path = f"admin/projects/{project}"
    progress = call("admin", "GET", f"{path}/progress")
    assert (progress["judgements"], progress["wanted"], progress["left_out"]) == (1, 4, 0)
    (labeller,) = progress["labellers"]
    assert (labeller["done"], labeller["seconds_per_task"], labeller["gold_accuracy"]) == (
        1,
        30.0,
        None,
    )
    owner = people.people_of["owner"]
    reply = people.ask("GET", f"/api/label/{path}/judgements.jsonl?format=pairs", owner)
    assert reply.headers["content-disposition"] == 'attachment; filename="pairs.jsonl"'
    pairs = [json.loads(line) for line in reply.text.splitlines()]
    assert len(pairs) == 2 and pairs[0]["prompt"][0]["content"] == "Question 1?"
    assert pairs[0]["labeler"] == people.people_of["labeller"].id
    for pair in pairs:
        for side in ("chosen", "rejected"):
            letter = pair[side][0]["content"].split()[0]
            assert pair["metadata"][f"{side}_model"] == f"model-{letter}"
    refused = call("labeller", "POST", f"projects/{project}/undo", status=409)
    assert "taken back" in refused["error"]["message"]
    (ranking,) = people.ask("GET", f"/api/label/{path}/judgements.jsonl", owner).text.splitlines()
    assert json.loads(ranking)["flags"] == {}, "nothing was ticked, though it could be"
    call("owner", "GET", f"{path}/judgements.jsonl?format=ratings", status=400)
    people.database.accounts.change(people.people_of["labeller"].id, allows_training=False)
    assert call("admin", "GET", f"{path}/progress")["left_out"] == 1
    assert people.ask("GET", f"/api/label/{path}/judgements.jsonl", owner).text == ""


def test_no_count_tells_which_task_was_gold(people: PeopleServer, call: Call) -> None:
    project = make(call, gold_percent=50)
    path = f"admin/projects/{project}/tasks"
    call("admin", "POST", path, content=lines_of(3), status=201)
    call("admin", "POST", f"{path}?gold=true", content=lines_of(2, start=8, gold={"best": "a"}))
    seen = []
    while (drawn := call("labeller", "POST", f"projects/{project}/draw"))["assignment"]:
        progress, listed = drawn["progress"], call("labeller", "GET", "projects")["projects"][0]
        assert listed["progress"] == progress
        seen.append((progress["done"], progress["judgements"]))
        place = f"assignments/{drawn['assignment']['id']}/submit"
        call("labeller", "POST", place, {"ranking": [["A"], ["B"], ["C"]], "seconds": 3})
    assert len(seen) >= 4, "gold was among them"
    assert seen == [(done, min(done, 3)) for done in range(len(seen))]


def test_progress_tells_how_often_labellers_order_two_answers_alike(
    people: PeopleServer, call: Call
) -> None:
    project = make(call, overlap=2)
    call("admin", "POST", f"admin/projects/{project}/tasks", content=lines_of(1))
    for role, order in (("labeller", "abc"), ("admin", "acb")):
        task = call(role, "POST", f"projects/{project}/draw")["assignment"]
        person = people.people_of[role]
        assignment = people.database.label_queue.get(person.id, task["id"])
        letters = dict(zip(assignment.shown, "ABC", strict=True))
        ranking = [[letters[answer]] for answer in order]
        call(role, "POST", f"assignments/{task['id']}/submit", {"ranking": ranking, "seconds": 9})
    progress = call("owner", "GET", f"admin/projects/{project}/progress")
    assert progress["agreement"] == pytest.approx(2 / 3), "of three pairs they differ on one"
    assert [each["agreement"] for each in progress["labellers"]] == [pytest.approx(2 / 3)] * 2


def test_a_labeller_takes_their_work_along_and_erases_it(people: PeopleServer, call: Call) -> None:
    project = make(call)
    call("admin", "POST", f"admin/projects/{project}/tasks", content=lines_of(1))
    label(call, project, [["A"], ["B"], ["C"]])
    labeller = people.people_of["labeller"]
    export = people.ask("GET", "/account/export", labeller)
    with zipfile.ZipFile(io.BytesIO(export.content)) as file:
        (mine,) = json.loads(file.read("labelling.json"))
    assert mine["judgement"]["ranking"] == [["A"], ["B"], ["C"]] and "shown" not in mine
    assert "is_gold" not in mine and "gold_score" not in mine
    form = {"password": PASSWORD}
    assert people.ask("POST", "/account/delete", labeller, data=form).status_code == 303
    shown = call("admin", "GET", f"admin/projects/{project}/progress")
    assert (shown["judgements"], shown["labellers"]) == (0, [])
    assert call("owner", "POST", f"projects/{project}/draw")["assignment"] is not None
