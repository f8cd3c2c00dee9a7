"""Pages of rounds: who sees them, what they tell, and what each step does or refuses."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from database.labelling import finish, project_of
from fledge.checkpoint.promotions import read_promotions
from fledge.errors import Conflict
from fledge.feedback.pseudonym import pseudonym
from fledge.rounds.board import PlaceBoard
from fledge.rounds.files import RoundFiles
from fledge.rounds.lock import alone
from fledge.rounds.round_process import RoundProcess
from fledge.rounds.waiting import WaitingFiles
from fledge.serve.accounts.activity import newest
from people_server import ROLES, PeopleServer, people_server
from rounds_place import begin, jsonl, place_of_rounds, ranked

WRITES_WORDS = (
    sys.executable,
    "-c",
    "import json, pathlib, sys; w = sys.argv[1:];"
    "pathlib.Path(w[1], 'words.json').write_text(json.dumps(w)); sys.exit('error: no luck')",
)
"""Stands for fledge: notes its words in the place, and fails."""
MANAGERS = ("admin", "owner")
PAGES = ("/rounds", "/rounds/1")
STEPS = (
    ("collect", {"chats": "yes"}),
    ("remove", {"name": "x"}),
    ("stop", {}),
    ("give-up", {}),
    ("9/promote", {"why": "because"}),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place_of_rounds(tmp_path_factory.mktemp("written"))


@pytest.fixture(scope="module")
def process(written: Path) -> RoundProcess:
    return RoundProcess(written.with_name("copy"), WRITES_WORDS)


@pytest.fixture(scope="module")
def running(written: Path, process: RoundProcess) -> Iterator[PeopleServer]:
    board = PlaceBoard(written.with_name("copy"), "kitchen", process)
    with people_server(roles=ROLES, rounds=board) as made:
        yield made


@pytest.fixture
def place(written: Path, process: RoundProcess) -> Path:
    """The place as it was written, whatever a test before did to it."""
    copy = written.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    process._started = None
    return shutil.copytree(written, copy)


@pytest.fixture
def server(running: PeopleServer, place: Path) -> PeopleServer:
    running.start_again()
    return running


def page(server: PeopleServer, path: str = "/rounds", who: str = "owner") -> str:
    """The words of a page, without its marks."""
    answer = server.ask("GET", path, who=server.people_of[who])
    assert answer.status_code == 200, answer.text
    body = re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2])
    return " ".join(body.replace("&#34;", '"').split())


def step(server: PeopleServer, which: str, **form: object) -> str:
    """Do a step as the owner; return where it leads, or the refusal."""
    answer = server.ask("POST", f"/rounds/{which}", who=server.people_of["owner"], data=form)
    if answer.status_code == 303:
        return answer.headers["location"]
    assert answer.status_code == 400, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def upload(server: PeopleServer, name: str, content: bytes):
    path = f"/api/rounds/files/{name}"
    return server.ask("PUT", path, who=server.people_of["owner"], content=content)


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_sees_or_does_only_what_it_may(server: PeopleServer, role: str | None) -> None:
    who = None if role is None else server.people_of[role]
    for path in (*PAGES, "/api/rounds/now"):
        status = server.ask("GET", path, who=who).status_code
        closed = 403 if role else (303 if path in PAGES else 401)
        assert status == (200 if role in MANAGERS else closed), path
    for name, form in STEPS:
        answer = server.ask("POST", f"/rounds/{name}", who=who, data=form)
        assert answer.status_code == (400 if role == "owner" else 403 if role else 303), name
    answer = server.ask("PUT", "/api/rounds/files/a.jsonl", who=who, content=b"?")
    assert answer.status_code == (400 if role == "owner" else 403 if role else 401)
    assert server.ask("GET", "/learned", who=who).status_code == (200 if role else 303)
    if role is not None:
        html = server.ask("GET", "/account", who=who).text
        assert ('href="/rounds"' in html) == (role in MANAGERS)
        assert 'href="/learned"' in html


def test_admins_see_no_buttons(server: PeopleServer) -> None:
    html = server.ask("GET", "/rounds", who=server.people_of["admin"]).text
    assert "<form" not in html.partition("<main")[2]
    assert "<form" not in server.ask("GET", "/rounds/3", who=server.people_of["admin"]).text


def test_without_a_place_the_pages_say_how_to_get_one() -> None:
    with people_server(login=False) as server:
        account = server.ask("GET", "/account").text
        assert "/rounds" not in account and "/learned" not in account
        for path in ("/rounds", "/rounds/1", "/learned"):
            answer = server.ask("GET", path)
            assert answer.status_code == 404 and "fledge improve PLACE" in answer.text
        assert server.ask("GET", "/api/rounds/now").json()["error"]["code"] == "no_rounds"


def test_the_page_tells_each_round_and_why_it_was_not_promoted(server: PeopleServer) -> None:
    shown = page(server)
    assert "kitchen the model of round 1" in shown
    assert "Round 1 promoted in the chat 40 rankings 1 person 85.0% 80.0% to 90.0%" in shown
    assert "not promoted The reward model orders 55.0% of 90 held-out pairs" in shown
    assert 'pays for "As you wish, dear friend." at the end: +170% of the usual difference' in shown
    assert server.ask("GET", "/api/rounds/now", who=server.people_of["owner"]).json() is None


def test_a_round_has_its_report_its_gate_and_its_lineage(server: PeopleServer) -> None:
    shown = page(server, "/rounds/2")
    assert "reward model above chance 0.500 0.5 no" in shown
    assert "Begun from round 1." in shown
    assert "rankings-1.jsonl 1" in shown and "rankings-2.jsonl 2" in shown
    assert re.search(r"ann 0 \d+ \d+", shown) and "gate.win_rate 0.5" in shown
    assert "Round 2: not promoted" in shown  # the report
    answer = server.ask("GET", "/rounds/77", who=server.people_of["owner"])
    assert answer.status_code == 400 and "there is no round 77" in answer.text


def test_roll_back_and_promotion_by_hand_change_the_model(
    server: PeopleServer, place: Path
) -> None:
    assert "Roll back to the base" in page(server)
    assert step(server, "roll-back") == "/rounds?done=rolled-back"
    assert "kitchen the base" in page(server)
    assert "no earlier model" in step(server, "roll-back")
    assert "Why is required" in step(server, "3/promote")
    assert "made no whole model" in step(server, "2/promote", why="luck")
    assert step(server, "3/promote", why="the team likes it") == "/rounds?done=promoted"
    last = read_promotions(place)[-1]
    assert (last.round, last.by) == (3, "The-Owner")
    assert last.why.startswith("the team likes it. Against the gate: The reward model pays")
    said = [each.sentence for each in newest(server.database, 2)]
    assert said == [
        "Promoted the model of round 3: the team likes it",
        "Returned to the model of round 0",
    ]


def test_files_wait_with_what_a_round_would_take_in(server: PeopleServer, place: Path) -> None:
    records = ranked(90, 110, "ann")  # from 100 on, round 1 brought them
    answer = upload(server, "../mine & more.jsonl", jsonl([*records, {"prompt": "Why?"}]))
    assert answer.status_code in (404, 405)  # no route has such a path
    answer = upload(server, "mine%20%26%20more.jsonl", jsonl([*records, {"prompt": "Why?"}]))
    assert answer.json() == {
        "name": "mine-more.jsonl",
        "counts": {"rankings": 10, "prompts": 1},
    }
    assert "mine-more.jsonl 0 10 1 1 10 0 Remove" in page(server)
    again = upload(server, "mine-more.jsonl", jsonl(ranked(90, 92, "ben")))
    assert again.json()["name"] == "mine-more-2.jsonl"
    assert step(server, "remove", name="mine-more.jsonl") == "/rounds?done=removed#next"
    assert "no longer waiting" in step(server, "remove", name="../promotions.jsonl")
    for name, content in (("a.jsonl", b"{}\n"), ("a.exe", b"MZ"), ("a.jsonl", b"")):
        refused = upload(server, name, content)
        assert refused.status_code == 400 and str(place) not in refused.text, refused.text
    assert sorted(path.name for path in (place / "waiting").iterdir()) == ["mine-more-2.jsonl"]


def test_what_people_gave_on_the_server_is_collected_under_pseudonyms(
    server: PeopleServer, place: Path, process: RoundProcess
) -> None:
    labeller = server.people_of["labeller"]
    project = project_of(server.database, 3, num_answers=2)
    for _ in range(3):
        finish(server.database, labeller.id, project, "ab")
    assert "Tides rank, open · 3 judgements" in page(server)
    assert "no feedback" in step(server, "collect", chats="yes")
    assert step(server, "collect", projects=[project]) == "/rounds?done=added#next"
    (file,) = (place / "waiting").iterdir()
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [record["labeler"] for record in records] == [pseudonym(labeller.id)] * 3
    assert labeller.id not in file.read_text()
    assert "0 3 0 1 0 0 Remove" in page(server)
    with pytest.raises(Conflict):
        server.database.label_steps.undo(labeller.id, project)
    WaitingFiles(place).keep_only({pseudonym(labeller.id)})
    assert len(file.read_text().splitlines()) == 3
    server.database.accounts.change(labeller.id, allows_training=False)
    assert "no feedback" in step(server, "collect", projects=[project])
    assert step(server, "start") == "/rounds?done=started"
    ended(process)
    assert not file.exists(), "who objects before the start is left out"


def test_an_upload_is_never_taken_for_what_was_collected(server: PeopleServer, place: Path) -> None:
    assert upload(server, "collected-1.jsonl", jsonl(ranked(1, 3, "ann"))).status_code == 201
    WaitingFiles(place).keep_only(set())
    assert [path.name for path in (place / "waiting").iterdir()] == ["uploaded-collected-1.jsonl"]


def ended(process: RoundProcess) -> None:
    assert process._started is not None
    process._started.wait(20)


def test_a_round_is_started_with_the_waiting_files_and_its_failure_is_told(
    server: PeopleServer, place: Path, process: RoundProcess
) -> None:
    upload(server, "a.jsonl", jsonl(ranked(1, 3, "ann")))
    assert step(server, "start") == "/rounds?done=started"
    board = PlaceBoard(place, "kitchen")  # as a server that was started again
    ended(process)
    words = json.loads((place / "words.json").read_text())
    assert words == ["improve", str(place), "--data", str(place / "waiting" / "a.jsonl")]
    assert "The last start failed: No luck." in page(server)
    assert board.place().failed_start == ""


def test_a_running_round_is_followed_stopped_and_not_started_twice(
    server: PeopleServer, place: Path, process: RoundProcess
) -> None:
    begin(place, 4, "ann")
    upload(server, "later.jsonl", jsonl(ranked(1, 3, "ann")))
    owner = server.people_of["owner"]
    now = server.ask("GET", "/api/rounds/now", who=owner).json()
    assert (now["number"], now["state"], now["phase"]) == (4, "stopped", "reward")
    assert "stopped at step 3 Continue Give up" in page(server)
    with alone(place):
        assert server.ask("GET", "/api/rounds/now", who=owner).json()["state"] == "running"
        assert "already running" in step(server, "start")
        assert "another round is running" in step(server, "give-up")
    assert "No round is running" in step(server, "stop")
    assert step(server, "start") == "/rounds?done=started"  # goes on, without the later file
    ended(process)
    assert json.loads((place / "words.json").read_text()) == ["improve", str(place)]
    assert step(server, "give-up", why="too slow") == "/rounds?done=given-up"
    assert "too slow" in RoundFiles(place, 4).gate.read_text()
    assert "Round 4 given up too slow" in page(server)


def test_a_person_sees_their_part_and_is_left_out(server: PeopleServer, place: Path) -> None:
    user, labeller = server.people_of["user"], server.people_of["labeller"]
    assert "No model has learned" in page(server, "/learned", "user")
    used = RoundFiles(place, 1).used / "used.json"  # as if the labeller had given a ranking
    used.write_text(used.read_text().replace('"ann"', f'"{pseudonym(labeller.id)}"'))
    shown = page(server, "/learned", "labeller")
    assert "Round 1" in shown and "in the chat" in shown and pseudonym(labeller.id) in shown

    asked = server.ask("POST", "/learned/leave-out", who=user)
    assert asked.headers["location"] == "/learned"
    assert "No later round uses your feedback" in page(server, "/learned", "user")
    assert "Leave me out" in page(server, "/learned", "labeller")
    name, shown = pseudonym(user.id), page(server)
    assert "People who are left out No later round" in shown
    assert name in shown and user.id not in shown
    said = newest(server.database, 1)[0].sentence
    assert said == "Asked that no later model learns from their feedback"
    upload(server, "a.jsonl", jsonl(ranked(1, 3, name)))
    assert "a.jsonl 0 2 0 1 0 2 Remove" in page(server)
