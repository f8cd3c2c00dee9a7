"""`/v1/responses` word for word: the object, the events, and how one response follows another."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fledge.text.tokenizer import Tokenizer
from serve.spelled import NOW, saying
from serving import ScriptedEngine

PATH = "/v1/responses"
BODY = {"model": "tiny", "input": "Why?"}
Server = tuple[TestClient, ScriptedEngine]


@pytest.fixture(scope="module")
def server(tiny_tokenizer: Tokenizer) -> Iterator[Server]:
    """It says "Hé!", which is four tokens and the end."""
    with saying(tiny_tokenizer, "Hé!") as made:
        yield made


@pytest.fixture
def client(server: Server) -> TestClient:
    return server[0]


def item(id_: str, text: str | None, status: str) -> dict:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "id": id_.replace("resp_", "msg_"),
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [] if text is None else [part],
    }


def response(id_: str, status: str, output: list[dict], wrote: int, **fields: object) -> dict:
    return {
        "id": id_,
        "object": "response",
        "created_at": NOW,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": "tiny",
        "output": output,
        "parallel_tool_calls": False,
        "previous_response_id": None,
        "store": True,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "none",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": wrote,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7 + wrote,
        },
        **fields,
    }


def frames(reply: Response) -> list[tuple[str, dict]]:
    """Name and data of each event."""
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    *events, rest = reply.text.split("\n\n")
    assert rest == ""
    pairs = [event.split("\n") for event in events]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in pairs
    ]


def test_a_response_says_what_was_asked_and_what_came_of_it(client: TestClient) -> None:
    reply = client.post(PATH, json=BODY).json()
    id_ = reply["id"]
    assert id_.startswith("resp_")
    assert reply == response(id_, "completed", [item(id_, "Hé!", "completed")], 5)
    assert client.get(f"{PATH}/{id_}").json() == reply


def test_a_response_repeats_the_settings_of_its_request(client: TestClient) -> None:
    asked = {
        "instructions": "B",
        "max_output_tokens": 2,
        "metadata": {"a": "b"},
        "store": False,
        "temperature": 0.5,
        "top_p": 0.25,
        "truncation": "auto",
    }
    reply = client.post(PATH, json={**BODY, **asked}).json()
    id_ = reply["id"]
    usage = reply.pop("usage")
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (10, 2, 12)
    expected = response(
        id_,
        "incomplete",
        [item(id_, "H\ufffd", "incomplete")],
        2,
        **asked,
        incomplete_details={"reason": "max_output_tokens"},
    )
    del expected["usage"]
    assert reply == expected


def test_a_response_streams_every_step_under_its_name_and_number(client: TestClient) -> None:
    events = frames(client.post(PATH, json={**BODY, "stream": True}))
    id_ = events[0][1]["response"]["id"]
    message = id_.replace("resp_", "msg_")
    place = {"item_id": message, "output_index": 0, "content_index": 0}
    started = response(id_, "in_progress", [], 0)

    def part(text: str) -> dict:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    done = item(id_, "Hé!", "completed")
    expected = [
        ("response.created", {"response": started}),
        ("response.in_progress", {"response": started}),
        (
            "response.output_item.added",
            {"output_index": 0, "item": item(id_, None, "in_progress")},
        ),
        ("response.content_part.added", {**place, "part": part("")}),
        *(
            ("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
            for piece in ("H", "é", "!")
        ),
        ("response.output_text.done", {**place, "text": "Hé!", "logprobs": []}),
        ("response.content_part.done", {**place, "part": part("Hé!")}),
        ("response.output_item.done", {"output_index": 0, "item": done}),
        ("response.completed", {"response": response(id_, "completed", [done], 5)}),
    ]
    assert events == [
        (name, {"type": name, "sequence_number": number, **data})
        for number, (name, data) in enumerate(expected)
    ]
    assert client.get(f"{PATH}/{id_}").json() == events[-1][1]["response"]


def test_a_stream_that_reaches_its_limit_ends_as_incomplete(client: TestClient) -> None:
    events = frames(client.post(PATH, json={**BODY, "stream": True, "max_output_tokens": 1}))
    name, data = events[-1]
    assert name == "response.incomplete"
    assert data["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert data["response"]["output"][0]["status"] == "incomplete"
    assert [data["delta"] for name, data in events if name.endswith("delta")] == ["H"]


def prompt_of(server: Server, tokenizer: Tokenizer, **body: object) -> str:
    """What the model reads for a request."""
    client, engine = server
    reply = client.post(PATH, json={**BODY, **body})
    assert reply.status_code == 200, reply.text
    return tokenizer.decode_marked(engine.requests[-1].prompt)


def test_items_are_turns_and_parts_are_one_text(server: Server, tiny_tokenizer: Tokenizer) -> None:
    items = [
        {"role": "developer", "content": "A"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "B"}]},
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "C"}, {"type": "text", "text": "D"}],
        },
        {"role": "user", "content": "E"},
    ]
    assert prompt_of(server, tiny_tokenizer, input=items) == (
        "<|system|>A<|end|><|user|>B<|end|><|assistant|>CD<|end|><|user|>E<|end|><|assistant|>"
    )


def test_the_next_response_reads_the_turns_but_not_the_old_instructions(
    server: Server, tiny_tokenizer: Tokenizer
) -> None:
    client, _ = server
    first = client.post(PATH, json={**BODY, "instructions": "A"}).json()["id"]
    second = client.post(PATH, json={**BODY, "previous_response_id": first}).json()
    assert second["previous_response_id"] == first
    assert prompt_of(
        server, tiny_tokenizer, input="C", instructions="B", previous_response_id=second["id"]
    ) == (
        "<|system|>B<|end|><|user|>Why?<|end|><|assistant|>Hé!<|end|>"
        "<|user|>Why?<|end|><|assistant|>Hé!<|end|><|user|>C<|end|><|assistant|>"
    )


def test_two_responses_go_on_from_one_as_branches(
    server: Server, tiny_tokenizer: Tokenizer
) -> None:
    client, _ = server
    first = client.post(PATH, json=BODY).json()["id"]
    for word in ("A", "B"):
        assert prompt_of(server, tiny_tokenizer, input=word, previous_response_id=first) == (
            f"<|user|>Why?<|end|><|assistant|>Hé!<|end|><|user|>{word}<|end|><|assistant|>"
        )


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_to_be_stored_is_not(client: TestClient, stream: bool) -> None:
    reply = client.post(PATH, json={**BODY, "store": False, "stream": stream})
    made = frames(reply)[-1][1]["response"] if stream else reply.json()
    assert made["store"] is False
    gone = client.get(f"{PATH}/{made['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "response_not_found")
    refused = client.post(PATH, json={**BODY, "previous_response_id": made["id"]})
    assert refused.status_code == 404
    assert refused.json()["error"]["param"] == "previous_response_id"


def test_a_response_is_forgotten_once(client: TestClient) -> None:
    id_ = client.post(PATH, json=BODY).json()["id"]
    deleted = client.delete(f"{PATH}/{id_}")
    assert deleted.json() == {"id": id_, "object": "response", "deleted": True}
    for method in ("DELETE", "GET"):
        assert client.request(method, f"{PATH}/{id_}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"input": []}, 400, "input"),
        ({"input": None}, 400, "input"),
        ({"input": [{"type": "function_call_output", "output": "1"}]}, 400, "input.0.call_id"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, 400, "input.0"),
        ({"input": [{"role": "tool", "content": "1"}]}, 400, "input.0.role"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            400,
            "input.0.content",
        ),
        ({"tools": [{"type": "web_search"}]}, 400, "tools.0.type"),
        ({"background": True}, 400, "background"),
        ({"text": {"format": {"type": "json_schema"}}}, 400, "text.format"),
        ({"max_output_tokens": -2}, 400, "max_output_tokens"),
        ({"temperature": 2.1}, 400, "temperature"),
        ({"top_p": -0.1}, 400, "top_p"),
        ({"metadata": {"a": 1}}, 400, "metadata.a"),
        ({"previous_response_id": "x" * 201}, 400, "previous_response_id"),
        ({"previous_response_id": "resp_0"}, 404, "previous_response_id"),
        ({"model": "gone"}, 404, "model"),
        ({"input": "tide " * 200}, 400, "messages"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(
    server: Server, change: dict[str, object], status: int, param: str
) -> None:
    client, engine = server
    before = len(engine.requests)
    reply = client.post(PATH, json={**BODY, **change})
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["param"].startswith(param)
    assert len(engine.requests) == before


@pytest.mark.parametrize(
    "harmless",
    [
        {"tools": []},
        {"background": False},
        {"text": {"format": {"type": "text"}}},
        {"text": None},
        {"include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low"}},
    ],
)
def test_what_changes_nothing_is_taken(client: TestClient, harmless: dict[str, object]) -> None:
    reply = client.post(PATH, json={**BODY, **harmless})
    assert reply.json()["output"][0]["content"][0]["text"] == "Hé!"


def test_on_request_the_oldest_turns_of_a_chain_go(
    server: Server, tiny_tokenizer: Tokenizer
) -> None:
    client, _ = server
    first = client.post(PATH, json={**BODY, "input": "W" * 60}).json()["id"]
    body = {"input": "X" * 60, "previous_response_id": first}
    refused = client.post(PATH, json={**BODY, **body})
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    prompt = prompt_of(server, tiny_tokenizer, **body, truncation="auto")
    assert prompt == f"<|user|>{'X' * 60}<|end|><|assistant|>"
