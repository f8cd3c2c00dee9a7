"""The bytes of `/api/runs/{id}/events`, and answers that are stopped or continued on the way."""

import json
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from fledge.text.tokenizer import Tokenizer
from serve.spelled import saying
from serve.web.conftest import ANSWER, events
from serving import ScriptedEngine

Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]

# Three pieces and the end: the fourth event is the last.
SNAPSHOT = 'id: 4\nevent: snapshot\ndata: {"text": "H\\u00e9\\n"}'
LINE_BREAK = 'id: 3\nevent: text\ndata: {"text": "\\n"}'


@pytest.fixture(scope="module")
def spelling(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    """Its answers come in three pieces: "H", "é" and a line break."""
    with saying(tiny_tokenizer, "Hé\n") as (client, _):
        yield client


def ended_run(client: TestClient) -> tuple[str, dict]:
    """The id of a run that has ended, and its message."""
    chat = client.post("/api/conversations", json={}).json()["id"]
    path, body = f"/api/conversations/{chat}/messages", {"content": "Why?", "models": ["tiny"]}
    run_id = client.post(path, json=body).json()["messages"][1]["run_id"]
    client.get(f"/api/runs/{run_id}/events")
    return run_id, client.get(f"/api/conversations/{chat}").json()["messages"][1]


def test_a_run_that_has_ended_is_told_in_two_events(spelling: TestClient) -> None:
    run_id, message = ended_run(spelling)
    reply = spelling.get(f"/api/runs/{run_id}/events")
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == (
        "no-cache",
        "no",
    )
    retry, snapshot, end, rest = reply.text.split("\n\n")
    assert retry == "retry: 1000"
    assert snapshot == SNAPSHOT
    assert end.startswith('event: end\ndata: {"message": {') and rest == ""
    assert json.loads(end.partition("data: ")[2])["message"] == message
    assert (message["content"], message["html"]) == ("Hé\n", "<p>Hé</p>\n")


@pytest.mark.parametrize(
    ("last", "frames"),
    [
        ("1", ['id: 2\nevent: text\ndata: {"text": "\\u00e9"}', LINE_BREAK]),
        ("2", [LINE_BREAK]),
        ("3", []),
        ("4", []),
        ("5", [SNAPSHOT]),
        ("x", [SNAPSHOT]),
        ("²", [SNAPSHOT]),
        ("9" * 5_000, [SNAPSHOT]),
        ("1e3", [SNAPSHOT]),
        ("-1", [SNAPSHOT]),
        ("", [SNAPSHOT]),
    ],
)
def test_a_browser_that_comes_back_gets_what_it_missed(
    spelling: TestClient, last: str, frames: list[str]
) -> None:
    run_id, _ = ended_run(spelling)
    reply = spelling.get(
        f"/api/runs/{run_id}/events", headers={"last-event-id": last.encode("latin-1")}
    )
    _, *between, end, _ = reply.text.split("\n\n")
    assert between == frames
    assert end.startswith("event: end\n")


def test_a_run_that_is_none_is_a_404_and_no_stream(spelling: TestClient) -> None:
    for path in ("events", "cancel"):
        method = "GET" if path == "events" else "POST"
        reply = spelling.request(method, f"/api/runs/{'0' * 32}/{path}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


def test_stopping_what_has_ended_changes_nothing(spelling: TestClient) -> None:
    run_id, message = ended_run(spelling)
    assert spelling.post(f"/api/runs/{run_id}/cancel").status_code == 204
    *_, end, _ = spelling.get(f"/api/runs/{run_id}/events").text.split("\n\n")
    assert json.loads(end.partition("data: ")[2])["message"] == message


def text_until(stream: Iterator[dict], word: str) -> str:
    text = ""
    while word not in text:
        text += next(stream)["data"]["text"]
    return text


def test_an_answer_stopped_in_mid_word_goes_on_from_there(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    gate: threading.Semaphore,
    tiny_tokenizer: Tokenizer,
) -> None:
    chat = begin()["id"]
    question, answer = say(chat, "Why?")
    gate.release(2)
    stream = events(client, answer["run_id"])
    begun = text_until(stream, "mo")
    assert begun == "The mo"
    client.post(f"/api/runs/{answer['run_id']}/cancel")
    *_, last = stream
    stopped = last["data"]["message"]
    assert (stopped["status"], stopped["finish_reason"]) == ("cancelled", "cancelled")
    assert (stopped["content"], stopped["completion_tokens"]) == ("The mo", 2)
    assert engine.cancelled.wait(10) and not engine.rows

    gate.release(1_000)
    body = {"parent_id": question["id"], "models": ["tiny"], "continues": answer["id"]}
    (message,) = client.post(f"/api/conversations/{chat}/answers", json=body).json()["messages"]
    assert message["run_id"] != answer["run_id"]
    assert written(message)["content"] == f"The mo{ANSWER}"
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert prompt == "<|user|>Why?<|end|><|assistant|>The mo"


def test_what_is_being_written_is_not_written_twice(
    client: httpx.Client, begin: Begin, say: Say, written: Written, gate: threading.Semaphore
) -> None:
    chat = begin()["id"]
    question, answer = say(chat, "Why?")
    body = {"parent_id": question["id"], "models": ["tiny"], "continues": answer["id"]}
    reply = client.post(f"/api/conversations/{chat}/answers", json=body)
    assert reply.status_code == 404 and "being written already" in reply.text
    gate.release(1_000)
    assert written(answer)["content"] == ANSWER


def test_one_of_two_answers_is_stopped_and_the_other_goes_on(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    gate: threading.Semaphore,
) -> None:
    _, first, second = say(begin()["id"], "Why?", None, "tiny", "tiny")
    client.post(f"/api/runs/{first['run_id']}/cancel")
    assert written(first)["status"] == "cancelled"
    gate.release(1_000)
    ended = written(second)
    assert (ended["status"], ended["content"]) == ("finished", ANSWER)


def test_a_chat_shows_what_is_being_written_to_who_opens_it(
    client: httpx.Client, begin: Begin, say: Say, written: Written, gate: threading.Semaphore
) -> None:
    chat = begin()["id"]
    _, answer = say(chat, "Why?")
    (_, shown) = client.get(f"/api/conversations/{chat}").json()["messages"]
    assert (shown["run_id"], shown["status"], shown["html"]) == (answer["run_id"], "running", None)
    gate.release(1_000)
    written(answer)
    (_, shown) = client.get(f"/api/conversations/{chat}").json()["messages"]
    assert (shown["run_id"], shown["status"]) == (None, "finished")
    assert shown["seconds"] >= 0 and shown["html"] == f"<p>{ANSWER}</p>\n"


def test_an_answer_of_the_pages_is_listed_among_the_pending(
    client: httpx.Client, begin: Begin, say: Say, written: Written, gate: threading.Semaphore
) -> None:
    _, answer = say(begin()["id"], "Why?")
    stream = events(client, answer["run_id"])
    gate.release(1)
    text_until(stream, "The")
    assert client.get("/health").json() == {"status": "ok", "pending": 1, "database": "ok"}
    gate.release(1_000)
    written(answer)
    assert client.get("/health").json() == {"status": "ok", "pending": 0, "database": "ok"}
