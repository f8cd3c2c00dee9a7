"""The runs dashboard: who sees it, what its routes tell, and what they refuse."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fledge.observe.board import Board
from fledge.observe.findings import Warned
from fledge.observe.folder import RunsFolder
from fledge.observe.processes import Processes
from fledge.serve.accounts.activity import newest
from fledge.train.presence import present
from people_server import ROLES, PeopleServer, people_server

MANAGERS = ("admin", "owner")
PAGES = ("/runs", "/runs/compare?run=a")
READ = ("runs", "metrics?run=a", "samples?run=a", "about?run=a")
ILL = Warned("negative KL", "it is −1", "Look for top-k")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run `a`, its run file, and something secret beside the folder."""
    place = tmp_path_factory.mktemp("place")
    run = place / "runs" / "a"
    run.mkdir(parents=True)
    (place / "secret").mkdir()
    (place / "secret" / "metrics.jsonl").write_text('{"step": 666}\n', encoding="utf-8")
    lines = [{"step": n, "seconds": 1.0, "loss": 1 / n, "objective/kl": n} for n in (1, 2, 3)]
    lines.append({"step": 4, "seconds": 1.0, "loss": float("nan")})
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 5, "lo'
    (run / "metrics.jsonl").write_text(text, encoding="utf-8")
    (run / "run.json").write_text('{"stage": {"name": "ppo"}, "seed": 7}', encoding="utf-8")
    sample = {"step": 0, "prompt": "Hi", "answer": "<b>Hello</b>", "reward": 1.5, "ended": False}
    (run / "samples.jsonl").write_text(json.dumps(sample) + "\n", encoding="utf-8")
    (place / "runs" / "a.toml").write_text(
        f'output = "{run.as_posix()}"\n[stage]\nname = "ppo"\n', encoding="utf-8"
    )
    return place / "runs"


@pytest.fixture(scope="module")
def running(root: Path) -> Iterator[PeopleServer]:
    folder = RunsFolder(root)
    board = Board(folder, lambda _: [ILL], Processes(folder, ("no-such-program",)))
    with people_server(roles=ROLES, runs=board) as server:
        yield server


@pytest.fixture
def server(running: PeopleServer) -> PeopleServer:
    running.start_again()
    return running


def read(server: PeopleServer, what: str) -> object:
    answer = server.ask("GET", f"/api/training/{what}", who=server.people_of["owner"])
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_sees_or_does_only_what_it_may(server: PeopleServer, role: str | None) -> None:
    who = None if role is None else server.people_of[role]
    for path in (*PAGES, *(f"/api/training/{what}" for what in READ)):
        status = server.ask("GET", path, who=who).status_code
        closed = 403 if role else (303 if path in PAGES else 401)
        assert status == (200 if role in MANAGERS else closed), path
    acts = (("start", {"file": "no.toml"}), ("stop", {"run": "a"}))
    for what, body in acts:
        answer = server.ask("POST", f"/api/training/{what}", who=who, json=body)
        assert answer.status_code == (409 if role == "owner" else 403 if role else 401), what


def test_the_bar_leads_managers_to_the_runs(server: PeopleServer) -> None:
    for role in ROLES:
        html = server.ask("GET", "/usage", who=server.people_of[role]).text
        assert ('href="/runs"' in html) == (role in MANAGERS)
    page = server.ask("GET", "/runs", who=server.people_of["owner"]).text
    assert 'href="/runs" aria-current="page"' in page and 'data-may-act="yes"' in page
    page = server.ask("GET", "/runs", who=server.people_of["admin"]).text
    assert 'data-may-act="no"' in page and "waiting-part" not in page


def test_without_a_folder_the_pages_say_how_to_get_one() -> None:
    with people_server(login=False) as server:
        assert 'href="/runs"' not in server.ask("GET", "/usage").text
        page = server.ask("GET", "/runs")
        assert page.status_code == 404 and "--runs FOLDER" in page.text
        refused = server.ask("GET", "/api/training/runs")
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "no_runs_folder")


def test_the_person_of_a_machine_without_accounts_may_do_all(root: Path) -> None:
    with people_server(login=False, runs=Board(RunsFolder(root))) as server:
        page = server.ask("GET", "/runs").text
        assert 'href="/runs"' in page and 'data-may-act="yes"' in page
        assert [run["name"] for run in server.ask("GET", "/api/training/runs").json()["runs"]] == [
            "a"
        ]


def test_the_list_tells_each_run_and_its_file(server: PeopleServer) -> None:
    found = read(server, "runs")
    (run,) = found["runs"]
    assert (run["name"], run["stage"], run["step"], run["file"]) == ("a", "ppo", 4, "a.toml")
    assert run["last"] == {"seconds": 1.0, "loss": "NaN", "objective/kl": 3.0}
    assert (found["waiting"], found["is_cut"]) == ([], False)


def test_metrics_are_read_on_from_a_byte(server: PeopleServer, root: Path) -> None:
    first = read(server, "metrics?run=a")
    assert first["series"]["loss"][0] == [1, 2, 3, 4] and first["series"]["loss"][1][-1] == "NaN"
    assert (first["unreadable"], first["is_fresh"], first["is_last"]) == (0, True, True)
    place = f"metrics?run=a&after={first['next']}&file={first['file']}"
    assert read(server, place)["series"] == {}
    path = root / "a" / "metrics.jsonl"
    before = path.read_bytes()
    try:
        with path.open("ab") as file:
            file.write(b'ss": 9.0, "seconds": 1}\n')
        following = read(server, place)
        assert following["series"]["loss"] == [[5], [9.0]] and not following["is_fresh"]
    finally:
        path.write_bytes(before)


def test_a_long_run_fits_into_a_bounded_answer(server: PeopleServer, root: Path) -> None:
    run = root / "long"
    run.mkdir()
    lines = (f'{{"step": {n}, "seconds": 1, "loss": {n % 7}}}\n' for n in range(6_000))
    (run / "metrics.jsonl").write_text("".join(lines), encoding="utf-8")
    try:
        answer = server.ask("GET", "/api/training/metrics?run=long", who=server.people_of["admin"])
        assert len(answer.content) < 40_000 and len(answer.json()["series"]["loss"][0]) <= 600
    finally:
        (run / "metrics.jsonl").unlink()


def test_samples_settings_and_warnings_are_told(server: PeopleServer) -> None:
    (sampled,) = read(server, "samples?run=a")
    assert sampled["answers"] == [
        {"step": 0, "text": "<b>Hello</b>", "numbers": {"reward": 1.5}, "ended": False}
    ]
    about = read(server, "about?run=a")
    assert about["settings"]["seed"] == "7" and about["warnings"][0]["illness"] == "negative KL"


@pytest.mark.parametrize(
    "name",
    ["gone", "../secret", "a/../../secret", "/etc", "a%00", "", ".", "C:/a", "link", "x" * 1_001],
)
@pytest.mark.parametrize("what", ["metrics", "samples", "about"])
def test_nothing_outside_the_folder_is_read(
    server: PeopleServer, root: Path, name: str, what: str
) -> None:
    link = root / "link"
    if not link.is_symlink() and hasattr(os, "symlink"):
        link.symlink_to(root.parent / "secret", target_is_directory=True)
    answer = server.ask("GET", f"/api/training/{what}?run={name}", who=server.people_of["owner"])
    assert answer.status_code in (400, 404) and "666" not in answer.text
    if answer.status_code == 404:
        assert answer.json()["error"]["code"] == "run_gone"


BAD_FILES = {
    "ended.json": "[" * 9_000,
    "run.json": '{"stage": {"name": "\\ud800"}, "x\\uD801": 1}',
    "metrics.jsonl": '{"step": Infinity, "a": 1}\n{"step": 1e300}\n{"step": 2, "\\ud800": 1}\n',
    "samples.jsonl": '{"step": 0, "prompt": "\\udc00", "answer": "\\ud800", "reward": NaN}\n',
    "step-00000001/fledge.json": '{"a":' * 9_000,
}


def test_each_bad_run_is_shown_and_spoils_no_other(tmp_path: Path) -> None:
    for name, text in BAD_FILES.items():
        file = tmp_path / Path(name).name.partition(".")[0] / name
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        (file.parents[len(Path(name).parts) - 1] / "started.log").write_text("", encoding="utf-8")
    (tmp_path / "broken.toml").write_text("[[[[", encoding="utf-8")
    names = ["ended", "fledge", "metrics", "run", "samples"]
    if sys.platform == "linux":
        os.makedirs(os.fsencode(tmp_path) + b"/od\xff")
        (tmp_path / "od\udcff" / "started.log").write_text("", encoding="utf-8")
        (tmp_path / "link").symlink_to(tmp_path / "run", target_is_directory=True)
        (tmp_path / "out").symlink_to(Path("/proc/self/fd"), target_is_directory=True)
        os.mkfifo(tmp_path / "ended" / "running.lock")
    with people_server(login=False, runs=Board(RunsFolder(tmp_path))) as server:
        found = server.ask("GET", "/api/training/runs").json()
        lines = {line["name"]: line for line in found["runs"]}
        for name in names:
            assert name in lines
            for what in ("metrics", "samples", "about"):
                answer = server.ask("GET", f"/api/training/{what}?run={name}")
                assert answer.status_code == 200, (name, what, answer.text)
    assert "fledge.json is damaged" in lines["fledge"]["message"]
    assert lines["metrics"]["step"] == 2 and lines["run"]["stage"] == "?"
    unread = {each["name"]: each["problem"] for each in found["unread"]}
    assert "cannot be read" in unread["broken.toml"]
    if sys.platform == "linux":
        assert "no UTF-8" in lines["od?"]["message"]
        assert unread["link"] == "This is a link to run, which has its own line."
        assert set(unread) == {"broken.toml", "link"}, "a link to no run is none of ours"


def test_a_link_to_a_run_outside_says_so(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "metrics.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").symlink_to(tmp_path / "outside", target_is_directory=True)
    found = Board(RunsFolder(tmp_path / "runs")).list()
    assert not found.runs and "leads outside" in found.unread[0].problem


def test_the_page_of_curves_shows_names_as_text_and_only_so_many(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    odd = server.ask("GET", "/runs/compare?run=<script>&run='\"&run=<script>", who=owner).text
    (data,) = re.findall(r"data-names='([^']*)'", odd)
    assert "<script>" not in data and data.count("script") == 1
    many = "&".join(f"run=r{number}" for number in range(9))
    assert server.ask("GET", f"/runs/compare?{many}", who=owner).status_code == 400
    assert "No run is chosen" in server.ask("GET", "/runs/compare", who=owner).text


def test_starting_and_stopping_are_noted_and_refused_with_a_reason(
    server: PeopleServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = server.people_of["owner"]
    answer = server.ask("POST", "/api/training/start", who=owner, json={"file": "../a.toml"})
    assert answer.status_code == 409 and "no run file of the folder" in answer.text
    stopped = server.ask("POST", "/api/training/stop", who=owner, json={"run": "a"})
    assert stopped.status_code == 409 and "not running" in stopped.text
    assert (
        server.ask("POST", "/api/training/stop", who=owner, json={"run": "no"}).status_code == 404
    )
    monkeypatch.setattr(os, "kill", lambda *_: None)
    with present(root / "a"):
        again = server.ask("POST", "/api/training/start", who=owner, json={"file": "a.toml"})
        assert again.status_code == 409 and "already running" in again.text
        done = server.ask("POST", "/api/training/stop", who=owner, json={"run": "a"})
        assert (done.status_code, done.json()) == (202, {"run": "a"})
    said = [each.sentence for each in newest(server.database, 5)]
    assert said == ["Stopped the training run a"]


def test_a_program_that_cannot_be_started_is_a_clear_error(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    answer = server.ask("POST", "/api/training/start", who=owner, json={"file": "a.toml"})
    assert answer.status_code == 409 and "no-such-program" in answer.text
    assert newest(server.database, 5) == []


def test_another_site_starts_nothing(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["owner"])
    foreign = {"origin": "https://evil.example"}
    answer = server.ask(
        "POST", "/api/training/start", cookie=cookie, headers=foreign, json={"file": "a.toml"}
    )
    assert answer.status_code == 403
