"""Another server on a real socket that breaks off, and what is kept and told of its answer."""

import json
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fledge.generate import upstream
from fledge.generate.upstream import UpstreamServer
from fledge.serve import create_app
from fledge.serve.models.remote import upstream_models
from serve.api.other_server import chunk, usage
from serve.api.raw_server import CHUNKED, ENDLESS, RESET, SILENCE, RawServer, raw_server
from serve.spelled import BODY

CHAT, TEXTS = "/v1/chat/completions", "/v1/completions"
TEXT = {"model": "tiny", "prompt": "The tide comes in."}
DONE = b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[RawServer, TestClient]]:
    with raw_server() as other:
        models = upstream_models(UpstreamServer(other.url))
        with TestClient(create_app(models), "http://localhost") as client:
            yield other, client


@pytest.fixture
def other(both: tuple[RawServer, TestClient]) -> RawServer:
    both[0].asked.clear()
    return both[0]


@pytest.fixture
def relay(both: tuple[RawServer, TestClient]) -> TestClient:
    return both[1]


def said(*chunks: dict) -> bytes:
    return b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in chunks)


def written(text: str, reason: str | None = None) -> dict:
    """A chunk of a completion."""
    return {"choices": [{"index": 0, "text": text, "finish_reason": reason}]}


def text_and_end(reply: Response) -> tuple[str, str]:
    """The text of a stream, and its last event."""
    events = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    parsed = [json.loads(event) for event in events if event != "[DONE]"]
    choices = [choice for each in parsed for choice in each.get("choices", [])]
    text = "".join(
        each.get("text") or each.get("delta", {}).get("content") or "" for each in choices
    )
    return text, events[-1]


BREAKS = {
    "no end": [ENDLESS, said(chunk("Hi"))],
    "a reset": [ENDLESS, said(chunk("Hi")), 0.1, RESET],
    "half a chunk": [
        CHUNKED,
        b"%x\r\n" % len(said(chunk("Hi"))),
        said(chunk("Hi")),
        b"\r\n5\r\nda",
    ],
    "an error": [ENDLESS, said(chunk("Hi"), {"error": {"message": "no memory"}})],
    "an error of vLLM": [ENDLESS, said(chunk("Hi"), {"object": "error", "message": "no memory"})],
    "an error of llama.cpp": [ENDLESS, said(chunk("Hi")), b'error: {"message": "no memory"}\n\n'],
    "an error as a reason": [ENDLESS, said(chunk("Hi"), chunk("", "error")), DONE],
    "no JSON": [ENDLESS, said(chunk("Hi")), b"data: {half\n\n"],
    "silence": [ENDLESS, said(chunk("Hi")), SILENCE],
}
STATUS = {"a reset": 503, "half a chunk": 503, "silence": 504}


@pytest.mark.parametrize("how", BREAKS)
def test_what_came_is_kept_and_the_break_is_told(
    relay: TestClient, other: RawServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "SILENCE_SECONDS", 0.5)
    other.script = BREAKS[how]
    text, last = text_and_end(relay.post(CHAT, json={**BODY, "stream": True}))
    assert text == "Hi" and json.loads(last)["error"]["code"].startswith("upstream_")
    whole = relay.post(CHAT, json=BODY)
    assert whole.status_code == STATUS.get(how, 502), whole.text
    assert whole.json()["error"]["code"].startswith("upstream_")
    streamed = relay.post("/v1/responses", json={"model": "tiny", "input": "W", "stream": True})
    assert '"delta":"Hi"' in streamed.text and "event: error" in streamed.text
    assert "response.completed" not in streamed.text
    assert relay.get("/health").json()["pending"] == 0


@pytest.mark.parametrize("how", BREAKS)
def test_the_page_keeps_what_came_and_marks_it(
    relay: TestClient, other: RawServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "SILENCE_SECONDS", 0.5)
    other.script = BREAKS[how]
    chat = relay.post("/api/conversations", json={}).json()["id"]
    body = {"content": "Why?", "models": ["tiny"]}
    _, answer = relay.post(f"/api/conversations/{chat}/messages", json=body).json()["messages"]
    relay.get(f"/api/runs/{answer['run_id']}/events")
    kept = relay.get(f"/api/conversations/{chat}").json()["messages"][-1]
    assert (kept["content"], kept["status"]) == ("Hi", "interrupted")
    assert "upstream" in kept["error"]


def test_an_upstream_that_says_nothing_after_its_200_has_not_answered(
    relay: TestClient, other: RawServer
) -> None:
    other.script = [ENDLESS]
    reply = relay.post(CHAT, json=BODY)
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_broke_off")
    reply = relay.post(TEXTS, json={**TEXT, "stream": True})
    assert json.loads(text_and_end(reply)[1])["error"]["code"] == "upstream_broke_off"
    other.script = [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"]
    reply = relay.post(TEXTS, json=TEXT)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "upstream_unavailable")


@pytest.mark.parametrize(
    "script",
    [
        [ENDLESS, said(chunk("Hi"), chunk("!")), DONE],  # the end is told, its reason is not
        [ENDLESS, said(chunk("Hi"), chunk("!", "stop"))],  # the reason is told, the end is not
        [
            ENDLESS,
            b": ping\n\n",
            said(chunk("Hi"), chunk("!", "stop")).replace(b"\n", b"\r\n"),
            DONE,
        ],
        [ENDLESS, b"event: x\nid: 3\nretry: 5\n", said(chunk("Hi!", "stop")), b"data:\n\n", DONE],
        [
            CHUNKED,
            b"%x\r\n%b\r\n0\r\n\r\n"
            % (len(said(chunk("Hi!", "stop"))), said(chunk("Hi!", "stop"))),
        ],
    ],
)
def test_a_stream_that_ends_as_streams_may_is_whole(
    relay: TestClient, other: RawServer, script: list[object]
) -> None:
    other.script = script
    (choice,) = relay.post(CHAT, json=BODY).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hi!", "stop")
    text, last = text_and_end(relay.post(CHAT, json={**BODY, "stream": True}))
    assert (text, last) == ("Hi!", "[DONE]")


def test_bytes_that_come_one_by_one_are_read_as_they_were_written(
    relay: TestClient, other: RawServer
) -> None:
    stream = (
        'data: {"choices":[{"index":0,"delta":{"content":"Été 潮"},"finish_reason":"stop"}]}\n\n'
    )
    parts = [stream.encode()[i : i + 1] for i in range(len(stream.encode()))]
    other.script = [ENDLESS, *(each for part in parts for each in (part, 0.0005))]
    (choice,) = relay.post(CHAT, json=BODY).json()["choices"]
    assert choice["message"]["content"] == "Été 潮"


def test_tokens_that_are_not_told_are_guessed_and_said_to_be(
    relay: TestClient, other: RawServer
) -> None:
    question = [{"role": "user", "content": "x" * 40}]
    other.script = [ENDLESS, said(chunk("Hi"), chunk("!", "stop")), DONE]
    before = counted(relay)
    told = relay.post(CHAT, json={**BODY, "messages": question}).json()["usage"]
    guess = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12, "estimated": True}
    assert told == guess
    body = {**BODY, "messages": question, "stream": True, "stream_options": {"include_usage": True}}
    assert '"estimated":true' in relay.post(CHAT, json=body).text
    assert other.asked[-1]["stream_options"] == {"include_usage": True}
    assert counted(relay) == (before[0] + 20, before[1] + 4)
    other.script = [ENDLESS, said(chunk("Hi there!", "stop"), usage(9, 7)), DONE]
    told = relay.post(CHAT, json={**BODY, "messages": question}).json()["usage"]
    assert told == {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}
    assert counted(relay) == (before[0] + 29, before[1] + 11)


def counted(relay: TestClient) -> tuple[float, float]:
    """Tokens read and written in the metrics."""
    lines = relay.get("/metrics").text.splitlines()
    found = [
        next((line for line in lines if line.startswith(f"fledge:{name}_total{{")), " 0")
        for name in ("prompt_tokens", "generation_tokens")
    ]
    read, wrote = (float(line.rpartition(" ")[2]) for line in found)
    return read, wrote


@pytest.mark.parametrize("wants", [True, False])
def test_a_completion_s_usage_is_always_asked_for_and_told_to_who_asked(
    relay: TestClient, other: RawServer, wants: bool
) -> None:
    other.script = [ENDLESS, said({**written("Hi", "stop"), "usage": None}, usage(9, 7)), DONE]
    options = {"stream_options": {"include_usage": True}} if wants else {}
    reply = relay.post(TEXTS, json={**TEXT, "stream": True, **options})
    assert other.asked[-1]["stream_options"] == {"include_usage": True}
    assert text_and_end(reply) == ("Hi", "[DONE]")
    assert ('"usage"' in reply.text) == wants


def test_log_probabilities_that_are_not_told_are_null(relay: TestClient, other: RawServer) -> None:
    other.script = [ENDLESS, said(chunk("Hi"), chunk("!", "stop")), DONE]
    asked = {**BODY, "logprobs": True, "top_logprobs": 2}
    assert relay.post(CHAT, json=asked).json()["choices"][0]["logprobs"] is None
    streamed = relay.post(CHAT, json={**asked, "stream": True})
    assert '"logprobs":{' not in streamed.text
    older = {"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{}], "text_offset": [0]}
    other.script = [ENDLESS, said(chunk("Hi", "stop", logprobs=older)), DONE]
    assert relay.post(CHAT, json=asked).json()["choices"][0]["logprobs"] is None
    bare = {"content": [{"token": "Hi", "logprob": -0.5, "bytes": None}]}
    other.script = [ENDLESS, said(chunk("Hi", "stop", logprobs=bare)), DONE]
    (token,) = relay.post(CHAT, json=asked).json()["choices"][0]["logprobs"]["content"]
    assert token == {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", (7, 7)),
        ("in 600 seconds", (300, 600)),
        ("in -600 seconds", (0, 0)),
        ("soon", (5, 5)),
    ],
    ids=["seconds", "a date", "a date that is past", "no number"],
)
def test_when_to_try_again_is_passed_on(
    relay: TestClient, other: RawServer, value: str, seconds: tuple[int, int]
) -> None:
    if value.startswith("in "):
        value = formatdate(time.time() + int(value.split()[1]), usegmt=True)
    body = b'{"error": {"message": "too many", "code": "rate_limit_exceeded"}}'
    head = f"HTTP/1.1 429 Too Many Requests\r\nretry-after: {value}\r\ncontent-length: {len(body)}"
    other.script = [head.encode() + b"\r\n\r\n" + body]
    for path, asked in ((CHAT, BODY), (TEXTS, TEXT), (TEXTS, {**TEXT, "stream": True})):
        reply = relay.post(path, json=asked)
        assert (reply.status_code, reply.json()["error"]["message"]) == (429, "too many")
        assert seconds[0] <= int(reply.headers["retry-after"]) <= seconds[1]
