"""The life of an answer that does not go as it should: begun wrongly, left, failed, forgotten."""

import threading
from collections.abc import Callable

import httpx
import pytest

from fledge.database.temporary import TemporaryDatabase
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serve.web.conftest import ANSWER, events
from serving import ScriptedEngine, running, served

Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]


def answer_again(client: httpx.Client, chat: str, **body: object) -> httpx.Response:
    return client.post(f"/api/conversations/{chat}/answers", json={"models": ["tiny"], **body})


def test_only_a_model_s_answer_of_this_chat_goes_on(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    here, there = begin()["id"], begin()["id"]
    question, answer = say(here, "Why?")
    written(answer)
    path = f"/api/messages/{answer['id']}/demonstration"
    own = client.post(path, json={"content": "Because."}).json()["message"]
    wrong = {"parent_id": question["id"]}
    for continues in (question["id"], own["id"]):
        assert answer_again(client, here, continues=continues, **wrong).status_code == 404
    assert answer_again(client, there, continues=answer["id"], **wrong).status_code == 404
    contents = [
        turn["content"] for turn in client.get(f"/api/conversations/{here}").json()["messages"]
    ]
    assert contents == ["Why?", ANSWER, "Because."]


def test_only_a_question_is_answered(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    chat = begin()["id"]
    _, answer = say(chat, "Why?")
    written(answer)
    assert answer_again(client, chat, parent_id=answer["id"]).status_code == 404
    assert len(client.get(f"/api/conversations/{chat}").json()["messages"]) == 2


def test_no_model_answers_again_where_a_person_does(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    chat = begin()["id"]
    question, answer = say(chat, "Why?")
    written(answer)
    client.post(f"/api/conversations/{chat}/hand-over")
    reply = answer_again(client, chat, parent_id=question["id"])
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "handed_over")


def test_what_one_side_says_twice_is_one_turn_to_the_model(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    tiny_tokenizer: Tokenizer,
) -> None:
    chat = begin()["id"]
    engine.failure = RuntimeError("no memory left")
    _, failed = say(chat, "Why?")
    written(failed)
    engine.failure = None
    written(say(chat, "Please.", failed["id"])[1])
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert prompt == "<|user|>Why?\n\nPlease.<|end|><|assistant|>"


def test_a_chat_that_is_deleted_is_written_no_further_and_its_readers_are_told(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    engine: ScriptedEngine,
    gate: threading.Semaphore,
) -> None:
    chat = begin()["id"]
    _, answer = say(chat, "Why?")
    gate.release(5)
    stream = events(client, answer["run_id"])
    text = ""
    while "The" not in text:
        text += next(stream)["data"]["text"]
    assert client.delete(f"/api/conversations/{chat}").status_code == 204
    *rest, last = stream
    assert last["event"] == "gone"
    text += "".join(event["data"]["text"] for event in rest)  # written before the chat was deleted
    assert engine.cancelled.wait(10)
    assert client.get(f"/api/runs/{answer['run_id']}/events").status_code == 404
    client.post(f"/api/conversations/{chat}/restore")
    kept = client.get(f"/api/conversations/{chat}").json()["messages"][1]
    assert (kept["status"], kept["content"]) == ("cancelled", text)


def test_a_run_that_nobody_writes_can_be_stopped(
    client: httpx.Client, database: TemporaryDatabase, begin: Begin
) -> None:
    owner = database.accounts.owner()
    assert owner is not None
    chat = begin()["id"]
    run = database.runs.start(owner.id, chat, parent_id=None, model="tiny")
    assert list(events(client, run.id)) == [], "no end: the browser comes back and asks again"
    assert client.post(f"/api/runs/{run.id}/cancel").status_code == 204
    (end,) = events(client, run.id)
    assert end["data"]["message"]["status"] == "interrupted"


def test_an_answer_that_said_nothing_is_not_compared(
    client: httpx.Client, begin: Begin, say: Say, written: Written, engine: ScriptedEngine
) -> None:
    engine.failure = RuntimeError("no memory left")
    _, first, second = say(begin()["id"], "Why?", None, "tiny", "other")
    assert (written(first)["compare"], written(second)["compare"]) == (None, second["compare"])


def test_stop_does_not_wait_until_the_model_is_loaded(tiny_tokenizer: Tokenizer) -> None:
    loading, loaded, gate = threading.Event(), threading.Event(), threading.Semaphore(0)
    slow = ScriptedEngine(tiny_tokenizer, ANSWER, gate)

    def load() -> ScriptedEngine:
        loading.set()
        assert loaded.wait(60)
        return slow

    models = [
        served(ScriptedEngine(tiny_tokenizer, ANSWER), tiny_tokenizer),
        served(load, tiny_tokenizer, "slow"),
    ]
    with running(create_app(models)) as url, httpx.Client(base_url=url, timeout=20) as client:
        chat = client.post("/api/conversations", json={}).json()["id"]
        path = f"/api/conversations/{chat}/messages"
        body = {"parent_id": None, "content": "Why?", "models": ["slow"]}
        run_id = client.post(path, json=body).json()["messages"][1]["run_id"]
        assert loading.wait(60)
        client.post(f"/api/runs/{run_id}/cancel")
        (*_, end) = events(client, run_id)
        assert end["data"]["message"]["status"] == "cancelled"
        loaded.set()
        assert slow.cancelled.wait(20), "nobody writes the answer that was stopped"
        gate.release(10_000)
        again = client.post(path, json=body).json()["messages"][1]["run_id"]
        (*_, end) = events(client, again)
        assert end["data"]["message"]["content"] == ANSWER


def test_a_failure_that_nobody_foresaw_ends_the_answer_too(
    tiny_tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> ScriptedEngine:
        raise OSError("the file is gone")

    engine = ScriptedEngine(tiny_tokenizer, ANSWER)
    models = [served(engine, tiny_tokenizer), served(load, tiny_tokenizer, "broken")]
    with running(create_app(models)) as url, httpx.Client(base_url=url, timeout=20) as client:
        chat = client.post("/api/conversations", json={}).json()["id"]
        body = {"parent_id": None, "content": "Why?", "models": ["broken"]}
        reply = client.post(f"/api/conversations/{chat}/messages", json=body).json()
        (*_, end) = events(client, reply["messages"][1]["run_id"])
    told = end["data"]["message"]
    assert (told["status"], told["error"]) == ("failed", "The server failed. Its log has details.")
    assert "the file is gone" in caplog.text
