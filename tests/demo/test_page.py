"""The chat page of a demo: its server's life beside the training, and the models it awaits."""

import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fledge.demo.page import ChatPage
from fledge.demo.page_server import NICENESS
from fledge.errors import ConfigError
from fledge.serve.launch import listen
from fledge.serve.models.offer import OfferedModel, write_offer
from tiny_model import lineage, write_language_model

STANDS_IN = """
import pathlib, sys
from fledge.demo.page_server import READY
output, port, database = sys.argv[1:]
starts = pathlib.Path(output) / "starts"
number = len(starts.read_text()) if starts.exists() else 0
starts.write_text("x" * (number + 1))
print("a line of its log", file=sys.stderr, flush=True)
print(READY, flush=True)
if number < DEATHS:
    sys.exit(7)
sys.stdin.read()
"""
"""A server that dies so many times, and then lives until its standard input is closed."""

Make = Callable[..., ChatPage]


@pytest.fixture
def opened() -> "queue.Queue[str]":
    return queue.Queue()


@pytest.fixture
def make(tmp_path: Path, opened: "queue.Queue[str]") -> Iterator[Make]:
    pages: list[ChatPage] = []

    def make(deaths: int | None = None, port: int | None = 0) -> ChatPage:
        """A page whose server stands in for the real one, unless `deaths` is None."""
        code = STANDS_IN.replace("DEATHS", str(deaths))
        server = {} if deaths is None else {"server": (sys.executable, "-c", code)}
        database = tmp_path / "chats.db"
        pages.append(ChatPage(tmp_path, database, port, browse=opened.put, **server))
        return pages[-1]

    yield make
    for page in pages:
        page.close()


def messages(caplog: pytest.LogCaptureFixture, level: str) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelname == level]


def test_a_server_that_dies_is_started_again_once_at_the_same_address(
    make: Make, opened: "queue.Queue[str]", caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level("INFO"), make(deaths=1) as page:
        page.open()
        assert opened.get(timeout=30) == page.url
        while (tmp_path / "starts").read_text() != "xx" or page.url not in caplog.text:
            assert page.is_alive
        assert page.is_alive
    assert not page.is_alive and opened.empty(), "one browser window is enough"
    (died,) = (each for each in messages(caplog, "WARNING") if "chat page's server" in each)
    assert "ended with code 7; it is started again" in died
    assert "chat page: a line of its log" in messages(caplog, "WARNING")
    assert messages(caplog, "ERROR") == []


def test_after_two_deaths_the_demo_goes_on_without_a_page_and_says_so(
    make: Make, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    page = make(deaths=9)
    page.open()
    assert page.wait() is False
    assert (tmp_path / "starts").read_text() == "xx"
    (said,) = messages(caplog, "ERROR")
    assert "ended with code 7; the demo goes on" in said and f"fledge serve {tmp_path}" in said


def test_a_server_that_cannot_be_started_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = ChatPage(tmp_path, tmp_path / "chats.db", 0, server=(str(tmp_path / "nowhere"),))
    page.open()
    assert page.wait() is False
    assert "did not start: No such file" in messages(caplog, "ERROR")[0]


def test_a_taken_port_is_told_before_anything_is_trained(make: Make) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f":{port} is in use; choose another with --port"):
            make(deaths=0, port=port)


def test_a_page_that_never_opened_closes(make: Make) -> None:
    page = make(deaths=0)
    page.close()
    assert page.wait() is False and not page.is_alive


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_demo_leaves_no_server_behind(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(STANDS_IN.replace("DEATHS", "0"))
    demo = f"""
import os, pathlib, signal, sys, threading
from fledge.demo.page import ChatPage
place, ready = pathlib.Path({str(tmp_path)!r}), threading.Event()
page = ChatPage(place, place / "chats.db", 0, browse=lambda url: ready.set(),
                server=(sys.executable, {str(server)!r}))
page.open()
ready.wait(30)
print(page.process_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", demo], stdout=subprocess.PIPE, timeout=60)
    assert killed.returncode == -9
    orphan = int(killed.stdout)
    while is_running(orphan):  # the test's own limit of time ends this
        pass


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def offer(place: Path) -> None:
    """The list of a demo whose PPO is still to come."""
    shown = {"ppo": "After PPO", "sft": "After SFT"}
    write_offer(place, (OfferedModel(id=id_, run=id_, name=shown[id_]) for id_ in shown))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks into Linux's /proc")
def test_the_server_gives_way_and_offers_a_model_when_it_is_there(
    make: Make, opened: "queue.Queue[str]", tmp_path: Path
) -> None:
    write_language_model(tmp_path / "sft")
    offer(tmp_path)
    with make() as page:
        page.open()
        url = opened.get(timeout=60)
        body = {"model": "sft", "messages": [{"role": "user", "content": "tide"}], "max_tokens": 2}
        assert httpx.post(f"{url}/v1/chat/completions", json=body).status_code == 200

        shown = httpx.get(f"{url}/api/models").json()
        assert [each["name"] for each in shown["models"]] == ["After SFT"]
        assert shown["awaited"] == [{"id": "ppo", "name": "After PPO"}]
        early = httpx.post(f"{url}/v1/chat/completions", json={**body, "model": "ppo"})
        assert early.status_code == 503 and "not ready yet" in early.text

        write_language_model(tmp_path / "ppo", past=lineage("ppo", lineage("sft")))
        while shown["awaited"]:
            shown = httpx.get(f"{url}/api/models").json()
        assert [each["id"] for each in shown["models"]] == ["ppo", "sft"]
        assert httpx.post(f"{url}/v1/chat/completions", json=body).status_code == 200

        process = page.process_id
        assert process is not None
        threads = Path(f"/proc/{process}/task").iterdir()
        nices = {
            int((each / "stat").read_text().rpartition(")")[2].split()[16]) for each in threads
        }
        assert nices == {min(19, os.nice(0) + NICENESS)}, "every thread, also those of torch"
        # Linux would weigh a session of its own like the training's, whatever its priority.
        assert os.getsid(process) == os.getsid(0)
        assert os.getpgid(process) != os.getpgid(0), "Ctrl-C reaches the demo alone"
    assert not is_running(process)
    assert (tmp_path / "chats.db").exists()
