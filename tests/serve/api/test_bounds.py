"""Requests that are made to cost much: refused early, or answered in bounded time and memory."""

import json
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.serve import create_app
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}
OUTPUT = {"type": "function_call_output", "call_id": "call_0"}


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    app = create_app([served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)])
    with TestClient(app, "http://localhost") as made:
        yield made


def chat(messages: object, **fields: object) -> dict[str, object]:
    return {"model": "tiny", "messages": messages, "max_tokens": 2, **fields}


def calls(count: int) -> list[dict[str, str]]:
    call = {"type": "function_call", "name": "clock", "arguments": "{}"}
    return [{**call, "call_id": f"call_{index}"} for index in range(count)]


def turns(count: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": "tide"}] * count


def test_a_long_past_is_cut_in_time_and_memory_of_what_fits(tiny_tokenizer: Tokenizer) -> None:
    past = Conversation(tuple(Message("user", f"tide {index}") for index in range(60_000)))
    template = ChatTemplate()
    template.fit(Conversation(past.messages[:3]), tiny_tokenizer, 100)
    tracemalloc.start()
    began = time.thread_time()
    kept = template.fit(past, tiny_tokenizer, 100)
    seconds, (_, peak) = time.thread_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tiny_tokenizer.decode(kept.ids).count("tide 5999") >= 3
    assert len(kept.ids) <= 100
    assert seconds < 2 and peak < 40e6


def test_what_fits_is_the_longest_end_that_fits(tiny_tokenizer: Tokenizer) -> None:
    template = ChatTemplate()
    for count in range(1, 12):
        whole = Conversation(tuple(Message("user", f"tide {index}") for index in range(count)))
        lengths = [
            len(template.render(part, tiny_tokenizer, generation_prompt=True).ids)
            for part in whole.shorter()
        ]
        for limit in range(lengths[-1], lengths[0] + 2):
            found = len(template.fit(whole, tiny_tokenizer, limit).ids)
            assert found == max(length for length in lengths if length <= limit)


def test_a_conversation_has_so_many_messages_and_no_more(client: TestClient) -> None:
    allowed = client.post(CHAT, json=chat(turns(10_000), truncation="auto"))
    assert allowed.status_code == 200
    for path, body in (
        (CHAT, chat(turns(60_000), truncation="auto")),
        ("/v1/responses", {"model": "tiny", "input": turns(10_001)}),
        ("/tokenize", {"messages": turns(10_001)}),
    ):
        began = time.perf_counter()
        refused = client.post(path, json=body)
        assert refused.status_code == 400 and "10000" in refused.text
        assert time.perf_counter() - began < 20


def test_a_conversation_grows_by_its_stored_responses_up_to_the_same_bound(
    client: TestClient,
) -> None:
    body = {"model": "tiny", "input": turns(9_999), "truncation": "auto", "max_output_tokens": 2}
    first = client.post("/v1/responses", json=body)
    assert first.status_code == 200
    body = {**body, "input": "tide", "previous_response_id": first.json()["id"]}
    refused = client.post("/v1/responses", json=body)
    assert refused.status_code == 400 and "at most 10,000 messages" in refused.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat([0] * 500_000)),
        (CHAT, chat([{"role": "user", "content": [0] * 500_000}])),
        (CHAT, chat(turns(1), logit_bias={str(index): "a" for index in range(200_000)})),
        (CHAT, chat(turns(1), stop=["a"] * 500_000)),
        ("/v1/completions", {"model": "tiny", "prompt": [{}] * 500_000}),
        ("/v1/completions", {"model": "tiny", "prompt": ["a"] * 129}),
        ("/v1/embeddings", {"model": "tiny", "input": [[]] * 500_000}),
        ("/v1/embeddings", {"model": "tiny", "input": ["a"] * 2_049}),
        ("/v1/moderations", {"input": [""] * 500_000}),
        ("/v1/responses", {"model": "tiny", "input": [0] * 500_000}),
        (CHAT, chat(turns(1), tools=[0] * 500_000)),
        (CHAT, chat(turns(1), functions=[0] * 500_000)),
        (CHAT, chat([{"role": "assistant", "tool_calls": [0] * 500_000}])),
        ("/v1/responses", {"model": "tiny", "input": "a", "tools": [0] * 500_000}),
        ("/v1/responses", {"model": "tiny", "input": [{**OUTPUT, "output": [0] * 500_000}]}),
        ("/v1/responses", {"model": "tiny", "input": calls(10_000)}),
        ("/detokenize", {"tokens": ["a"] * 500_000}),
        ("/api/conversations", {f"a{index}": 0 for index in range(100_000)}),
    ],
)
def test_a_list_of_half_a_million_wrong_things_is_refused_in_few_words(
    client: TestClient, path: str, body: dict
) -> None:
    began = time.thread_time()
    refused = client.post(path, json=body)
    assert refused.status_code == 400
    assert len(refused.text) < 3_000
    assert time.thread_time() - began < 5


@pytest.mark.parametrize("depth", [50, 101, 300, 500, 900, 2_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, '{"model":"tiny","max_tokens":1,"messages":[{"role":"user","content":"a"}],"x":%s}'),
        (CHAT, '{"model":"tiny","messages":%s}'),
        ("/v1/embeddings", '{"model":"tiny","input":%s}'),
        ("/v1/responses", '{"model":"tiny","input":"a","metadata":%s}'),
        ("/api/conversations", "%s"),
        ("/api/conversations", '{"title":%s}'),
        ("/api/assistants", '{"name":%s}'),
        ("/login", "%s"),
    ],
)
def test_json_nested_deep_is_refused_and_no_failure(
    client: TestClient, depth: int, opening: str, closing: str, path: str, body: str
) -> None:
    text = body % (opening * depth + "0" + closing * depth)
    reply = client.post(path, content=text, headers=JSON)
    assert reply.status_code < 500
    if depth > 100:
        assert reply.status_code == 400 and "deeper than 100 levels" in reply.text


def test_brackets_in_a_text_are_no_levels(client: TestClient) -> None:
    for content in ("[" * 5_000, '\\"[{' * 2_000, "\\" * 99 + "[" * 200):
        reply = client.post(CHAT, json=chat([{"role": "user", "content": content}]))
        assert reply.status_code in (200, 400) and "levels" not in reply.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"title":"\xff"}',
        b"\xff\xfe{",
        b'{"title":"\\ud800"}',
        b"",
        b"null",
        b"[NaN]",
        b'{"temporary":NaN}',
        b'{"temporary":2}',
        b'{"sampling":{"temperature":NaN}}',
        b'{"sampling":{"temperature":-Infinity}}',
        b'{"sampling":{"temperature":1e999}}',
        b'{"sampling":{"seed":1e400}}',
        b'{"sampling":{"seed":' + b"9" * 5_000 + b"}}",
        b'{"sampling":{"max_tokens":1e30}}',
        b'{"sampling":{"max_tokens":1.5}}',
        b"\x1f\x8b\x08\x00not gzip either",
    ],
)
def test_json_that_is_none_or_has_impossible_numbers_is_a_400(
    client: TestClient, body: bytes
) -> None:
    for path in ("/api/conversations", CHAT):
        reply = client.post(path, content=body, headers=JSON)
        assert reply.status_code == 400, reply.text
        assert json.loads(reply.text)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("seconds", ["Infinity", "NaN", "1e999", "-1", "true", '"5"', "86401"])
def test_the_seconds_of_a_choice_are_a_number_of_a_day(client: TestClient, seconds: str) -> None:
    body = f'{{"prompt_id": "a", "ranking": [["a"], ["b"]], "seconds": {seconds}}}'
    reply = client.post("/api/preferences", content=body, headers=JSON)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "seconds")


@pytest.mark.parametrize("length", ["²", "9" * 5_000, "00", "1_0", "+5"])
def test_a_strange_content_length_is_no_failure(client: TestClient, length: str) -> None:
    headers = {**JSON, "content-length": length.encode("latin-1")}
    reply = client.post("/api/conversations", content=b"{}", headers=headers)
    assert reply.status_code in (201, 413)
