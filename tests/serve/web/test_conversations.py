"""Chats over HTTP: said, answered, branched, listed, found, changed, deleted and restored."""

import json
import threading
from collections.abc import Callable

import httpx
import pytest

from fledge.database import Database
from serve.web.conftest import ANSWER, OTHER, events
from serving import ScriptedEngine

Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]


def read(client: httpx.Client, chat: str) -> dict:
    return client.get(f"/api/conversations/{chat}").json()


def titles(client: httpx.Client, **query: str) -> list[str]:
    page = client.get("/api/conversations", params=query).json()
    return [chat["title"] for chat in page["conversations"]]


def test_a_question_is_kept_answered_and_names_the_chat(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    chat = begin()["id"]
    question, answer = say(chat, "Why are there tides, and why twice a day, everywhere on earth?")
    assert (question["role"], question["html"], answer["status"]) == ("user", None, "running")
    ended = written(answer)
    assert (ended["status"], ended["finish_reason"], ended["content"]) == (
        "finished",
        "stop",
        ANSWER,
    )
    assert ended["html"] == f"<p>{ANSWER}</p>\n"
    assert ended["prompt_tokens"] > 0 and ended["completion_tokens"] > 0
    kept = read(client, chat)
    assert kept["title"] == "Why are there tides, and why twice a day, every…"
    assert [message["content"] for message in kept["messages"]] == [question["content"], ANSWER]
    assert kept["current_message_id"] == answer["id"]


def test_the_model_reads_the_system_prompt_and_its_own_branch_only(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    tiny_tokenizer,
) -> None:
    chat = begin(system_prompt="Be short.")["id"]
    _, first = say(chat, "One")
    written(first)
    say(chat, "Two", first["id"])
    _, branch = say(chat, "Another", None)
    written(branch)
    prompts = [tiny_tokenizer.decode_marked(request.prompt) for request in engine.requests]
    start = "<|system|>Be short.<|end|><|user|>"
    assert prompts[0] == f"{start}One<|end|><|assistant|>"
    assert (
        prompts[1]
        == f"{start}One<|end|><|assistant|>{ANSWER}<|end|><|user|>Two<|end|><|assistant|>"
    )
    assert prompts[2] == f"{start}Another<|end|><|assistant|>"


def test_another_answer_is_a_sibling(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    chat = begin()["id"]
    question, first = say(chat, "Why?")
    written(first)
    body = {"parent_id": question["id"], "models": ["other"]}
    reply = client.post(f"/api/conversations/{chat}/answers", json=body).json()
    (second,) = reply["messages"]
    assert written(second)["content"] == OTHER
    assert second["parent_id"] == first["parent_id"] == question["id"]
    assert reply["conversation"]["current_message_id"] == second["id"]


def test_two_models_answer_side_by_side(begin: Begin, say: Say, written: Written) -> None:
    _, first, second = say(begin()["id"], "Why?", None, "tiny", "other")
    assert first["compare"] == second["compare"] is not None
    assert [written(first)["content"], written(second)["content"]] == [ANSWER, OTHER]
    assert written(first)["compare"] == first["compare"]


def test_an_unknown_model_is_refused_before_anything_is_kept(
    client: httpx.Client, begin: Begin
) -> None:
    chat = begin()["id"]
    body = {"parent_id": None, "content": "Why?", "models": ["nobody"]}
    reply = client.post(f"/api/conversations/{chat}/messages", json=body)
    assert reply.status_code == 404
    assert read(client, chat)["messages"] == []


def test_sampling_of_the_chat_reaches_the_engine(
    client: httpx.Client, begin: Begin, say: Say, written: Written, engine: ScriptedEngine
) -> None:
    chat = begin(sampling={"temperature": 0.25, "max_tokens": 3, "seed": 7})["id"]
    ended = written(say(chat, "Why?")[1])
    sampling = engine.requests[-1].sampling
    assert (sampling.temperature, sampling.max_new_tokens, sampling.seed) == (0.25, 3, 7)
    assert ended["finish_reason"] == "length"
    for sampling in ({"top_p": 0}, {"top_p": 0.5}):
        reply = client.patch(f"/api/conversations/{chat}", json={"sampling": sampling})
        assert reply.json()["sampling"] == sampling
    assert (
        client.patch(f"/api/conversations/{chat}", json={"sampling": {"top_p": 5}}).status_code
        == 400
    )


def test_an_answer_that_reached_its_limit_goes_on_where_it_ended(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    tiny_tokenizer,
) -> None:
    chat = begin(sampling={"max_tokens": 4})["id"]
    question, answer = say(chat, "Why?")
    begun = written(answer)["content"]
    client.patch(f"/api/conversations/{chat}", json={"sampling": {}})
    body = {"parent_id": question["id"], "models": ["tiny"], "continues": answer["id"]}
    reply = client.post(f"/api/conversations/{chat}/answers", json=body).json()
    (message,) = reply["messages"]
    assert (message["id"], message["content"], message["status"]) == (
        answer["id"],
        begun,
        "running",
    )
    ended = written(message)
    assert ended["content"] == begun + ANSWER  # the scripted model always says the same
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert prompt == f"<|user|>Why?<|end|><|assistant|>{begun}"


def test_stop_keeps_what_was_said(
    client: httpx.Client,
    begin: Begin,
    say: Say,
    engine: ScriptedEngine,
    gate: threading.Semaphore,
) -> None:
    _, answer = say(begin()["id"], "Why?")
    gate.release(5)
    stream = events(client, answer["run_id"])
    text = ""
    while "The" not in text:
        text += next(stream)["data"]["text"]
    assert client.post(f"/api/runs/{answer['run_id']}/cancel").status_code == 204
    *_, last = stream
    stopped = last["data"]["message"]
    assert stopped["status"] == "cancelled"
    assert ANSWER.startswith(stopped["content"]) and stopped["content"].startswith("The")
    assert engine.cancelled.wait(10)
    assert client.post(f"/api/runs/{answer['run_id']}/cancel").status_code == 204


def test_a_failed_answer_says_why(begin: Begin, say: Say, written: Written, engine) -> None:
    engine.failure = RuntimeError("no memory left")
    ended = written(say(begin()["id"], "Why?")[1])
    assert ended["status"] == "failed"
    assert "no memory left" in ended["error"]


def test_a_reader_who_comes_back_misses_nothing_and_gets_nothing_twice(
    client: httpx.Client, begin: Begin, say: Say, gate: threading.Semaphore
) -> None:
    _, answer = say(begin()["id"], "Why?")
    gate.release(4)
    stream = events(client, answer["run_id"])
    first = next(stream)
    text, last_id = first["data"]["text"], first["id"]
    while len(text) < 4:
        event = next(stream)
        text, last_id = text + event["data"]["text"], event["id"]
    stream.close()
    gate.release(1_000)
    *rest, end = events(client, answer["run_id"], last_id)
    assert all(event["event"] == "text" for event in rest)
    assert text + "".join(event["data"]["text"] for event in rest) == ANSWER
    assert end["data"]["message"]["content"] == ANSWER


def test_an_ended_answer_is_told_in_one_event(
    client: httpx.Client, begin: Begin, say: Say, written: Written, database
) -> None:
    _, answer = say(begin()["id"], "Why?")
    written(answer)
    *_, end = events(client, answer["run_id"])
    assert end["data"]["message"]["content"] == ANSWER


def test_the_list_has_pinned_chats_first_and_archived_ones_apart(
    client: httpx.Client, begin: Begin
) -> None:
    chats = {title: begin(title=title)["id"] for title in ("one", "two", "three")}
    begin(title="hidden", temporary=True)
    assert titles(client) == ["three", "two", "one"]
    client.patch(f"/api/conversations/{chats['one']}", json={"pinned": True})
    client.patch(f"/api/conversations/{chats['two']}", json={"archived": True})
    assert titles(client) == ["one", "three"]
    assert titles(client, archived="true") == ["two"]


def test_a_long_list_comes_in_pages(client: httpx.Client, database: Database) -> None:
    owner = database.accounts.owner()
    assert owner is not None
    for number in range(45):
        database.conversations.create(owner.id, title=str(number))
    first = client.get("/api/conversations").json()
    second = client.get("/api/conversations", params={"after": first["next"]}).json()
    listed = [chat["title"] for chat in first["conversations"] + second["conversations"]]
    assert listed == [str(number) for number in reversed(range(45))]
    assert second["next"] is None


def test_chats_are_found_by_title_and_by_what_was_said(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    written(say(begin(title="Harbour")["id"], "When does the ferry leave?")[1])
    begin(title="Something else")
    assert titles(client, query="ferry") == ["Harbour"]
    assert titles(client, query="harbour") == ["Harbour"]
    assert titles(client, query="moon pulls") == ["Harbour"]
    assert titles(client, query="nothing of this") == []


def test_a_deleted_chat_can_be_had_back(client: httpx.Client, begin: Begin) -> None:
    chat = begin(title="Gone")["id"]
    assert client.delete(f"/api/conversations/{chat}").status_code == 204
    assert titles(client) == []
    assert client.get(f"/api/conversations/{chat}").status_code == 404
    assert client.post(f"/api/conversations/{chat}/restore").json()["title"] == "Gone"
    assert titles(client) == ["Gone"]


@pytest.mark.parametrize(
    "body",
    [
        *({"title": ""}, {"title": "x" * 201}, {"colour": "red"}, {"sampling": {"top_k": "a"}}),
        *({"title": None}, {"sampling": None}, {"pinned": None}, {"archived": None}),
        *({"current_message_id": None}, {"model": "x" * 201}, {"title": "a\0b"}),
        {"sampling": {"stop": ["\ud800"]}},
    ],
)
def test_a_senseless_change_is_a_400(client: httpx.Client, begin: Begin, body: dict) -> None:
    path = f"/api/conversations/{begin()['id']}"
    reply = client.patch(path, content=json.dumps(body))
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"]["message"]


def test_a_branch_of_another_chat_is_not_one_of_this(
    client: httpx.Client, begin: Begin, say: Say, written: Written
) -> None:
    here, there = begin()["id"], begin()["id"]
    question, answer = say(there, "Why?")
    written(answer)
    path = f"/api/conversations/{here}"
    assert client.patch(path, json={"current_message_id": question["id"]}).status_code == 404
    body = {"parent_id": question["id"], "content": "Why?", "models": ["tiny"]}
    assert client.post(f"{path}/messages", json=body).status_code == 404
    body = {"parent_id": question["id"], "models": ["tiny"]}
    assert client.post(f"{path}/answers", json=body).status_code == 404


def test_a_chat_that_is_deleted_while_it_is_answered_harms_nothing(
    client: httpx.Client, begin: Begin, say: Say, written: Written, gate: threading.Semaphore
) -> None:
    chat = begin()["id"]
    say(chat, "Why?")
    client.delete(f"/api/conversations/{chat}")
    gate.release(1_000)
    assert written(say(begin()["id"], "And now?")[1])["content"] == ANSWER
