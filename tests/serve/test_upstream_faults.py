"""Another server that hangs up, fails, is slow or talks nonsense; and what it is asked, exactly."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi.testclient import TestClient

from fledge.database.temporary import TemporaryDatabase
from fledge.generate.request import SamplingParams
from fledge.generate.upstream import UpstreamServer
from fledge.serve import create_app
from fledge.serve.models.remote import upstream_models
from serve.spelled import BODY, QUESTION

CHAT = "/v1/chat/completions"


class Lines(httpx.AsyncByteStream):
    """Lines of a stream, with an error in their midst where one of them is one."""

    def __init__(self, *lines: bytes | Exception) -> None:
        self.lines = lines

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for line in self.lines:
            if isinstance(line, Exception):
                raise line
            yield line


@dataclass
class Other:
    """The other server: what it answers, and what it was asked."""

    reply: Callable[[], httpx.Response] = lambda: httpx.Response(500)
    error: Exception | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None
    asked: list[tuple[str, dict]] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        self.entered.set()
        if self.gate is not None:
            await asyncio.to_thread(self.gate.wait, 30)
        if self.error is not None:
            raise self.error
        return self.reply()

    def says(self, *chunks: object) -> None:
        """Answer with these chunks from now on; an exception is where it breaks off."""
        lines = [
            chunk if isinstance(chunk, Exception) else f"data: {json.dumps(chunk)}\n\n".encode()
            for chunk in chunks
        ]
        self.reply = lambda: httpx.Response(200, stream=Lines(*lines))


LISTED = {"data": [{"id": "tiny", "name": "Tiny", "max_model_len": 64, "created": 5}]}


@contextmanager
def behind(other: Other, **options: object) -> Iterator[TestClient]:
    """A client of our server, which has the other's model only."""
    transport = httpx.MockTransport(other)
    listing = httpx.Response(200, json=LISTED, request=httpx.Request("GET", "http://other"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "get", lambda *_, **__: listing)
        models = upstream_models(UpstreamServer("http://other/v1", "secret", transport))
    with TestClient(create_app(models, **options), "http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Other, TestClient]]:
    other = Other()
    with behind(other) as client:
        yield other, client


@pytest.fixture
def other(running: tuple[Other, TestClient]) -> Other:
    running[0].error, running[0].asked = None, []
    return running[0]


@pytest.fixture
def client(running: tuple[Other, TestClient]) -> TestClient:
    return running[1]


def chunk(text: str = "", reason: str | None = None, **fields: object) -> dict:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason, **fields}
    return {"choices": [choice]}


def usage(read: int, wrote: int) -> dict:
    tokens = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    return {"choices": [], "usage": tokens}


AWAY = (503, "unavailable_error", "upstream_unavailable", "5")
SLOW = (504, "server_error", "upstream_timeout", None)
"""Status, type, code and when to come back."""
HUNG_UP = httpx.ReadError("connection reset by 10.0.0.7")


def test_a_hang_up_in_mid_stream_is_the_last_event(client: TestClient, other: Other) -> None:
    other.says(chunk("Hi"), HUNG_UP)
    for path, body in ((CHAT, BODY), ("/v1/completions", {"model": "tiny", "prompt": "W"})):
        reply = client.post(path, json={**body, "stream": True})
        *_, text, error, rest = reply.text.split("\n\n")
        assert "Hi" in text and rest == ""
        assert json.loads(error.removeprefix("data: "))["error"] == {
            "message": "the upstream cannot be reached or broke off",
            "type": "unavailable_error",
            "param": None,
            "code": "upstream_unavailable",
        }
        assert "10.0.0.7" not in reply.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (httpx.ConnectError("refused"), AWAY),
        (httpx.RemoteProtocolError("garbage"), AWAY),
        (httpx.ReadTimeout("silence"), SLOW),
        (httpx.ConnectTimeout("silence"), SLOW),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": QUESTION}),
        ("chat/completions", {"messages": QUESTION, "stream": True}),
        ("completions", {"prompt": "W"}),
        ("completions", {"prompt": "W", "stream": True}),
        ("embeddings", {"input": "W"}),
        ("responses", {"input": "W"}),
    ],
)
def test_a_server_that_gives_no_answer_is_told_in_json_before_any_byte(
    client: TestClient, other: Other, error: Exception, told: tuple, path: str, body: dict
) -> None:
    other.error = error
    reply = client.post(f"/v1/{path}", json={"model": "tiny", **body})
    assert reply.headers["content-type"] == "application/json"
    found = reply.json()["error"]
    retry = reply.headers.get("retry-after")
    assert (reply.status_code, found["type"], found["code"], retry) == told
    assert client.get("/health").json() == {"status": "ok", "pending": 0}


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"<html>", 200, "the upstream's answer is not JSON"),
        (b"[1]", 200, "the upstream's answer is not an object"),
        (b"<html>", 500, "the upstream answers 500: Internal Server Error"),
        (b'{"error": {"message": "no memory"}}', 500, "the upstream answers 500: no memory"),
        (b'{"error": "no memory"}', 502, "the upstream answers 502: no memory"),
    ],
)
def test_nonsense_in_place_of_an_answer_is_a_502(
    client: TestClient, other: Other, content: bytes, status: int, message: str
) -> None:
    other.reply = lambda: httpx.Response(status, content=content)
    for path, body in (("embeddings", {"input": "W"}), ("completions", {"prompt": "W"})):
        reply = client.post(f"/v1/{path}", json={"model": "tiny", **body})
        assert reply.status_code == 502
        error = reply.json()["error"]
        assert (error["message"], error["code"]) == (message, "upstream_error")


@pytest.mark.parametrize(
    ("chunks", "text", "reason", "tokens"),
    [
        ([chunk("Hi"), chunk("!", "stop"), usage(9, 7)], "Hi!", "stop", (9, 7)),
        ([chunk("Hi"), chunk("!", "stop")], "Hi!", "stop", (0, 2)),  # a chunk counts as a token
        ([chunk("Hi"), chunk("!")], "Hi!", "length", (0, 2)),
        ([], "", "length", (0, 0)),
        ([chunk("Hi", "tool_calls")], "Hi", "stop", (0, 1)),
        ([chunk("Hi", "content_filter")], "Hi", "content_filter", (0, 1)),
        ([chunk("Hi", "length"), chunk("more")], "Hi", "length", (0, 1)),
        ([chunk("Hi", index=5), chunk("!", "stop")], "!", "stop", (0, 1)),
        ([{"choices": None}, {"object": "x"}, chunk("Hi", "stop")], "Hi", "stop", (0, 1)),
        ([{"choices": [{"delta": None}]}, chunk("Hi", "stop")], "Hi", "stop", (0, 1)),
        ([chunk("Hi", "stop"), {"usage": {"prompt_tokens": "9"}}], "Hi", "stop", (0, 1)),
        ([chunk("Hi", "stop"), usage(9, 0)], "Hi", "stop", (9, 1)),
    ],
)
def test_what_another_server_streams_is_read_with_patience(
    client: TestClient, other: Other, chunks: list, text: str, reason: str, tokens: tuple[int, int]
) -> None:
    other.says(*chunks)
    reply = client.post(CHAT, json=BODY).json()
    (choice,) = reply["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)
    counted = reply["usage"]
    assert (counted["prompt_tokens"], counted["completion_tokens"]) == tokens


def test_log_probabilities_that_are_none_are_left_out(client: TestClient, other: Other) -> None:
    good = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
    other.says(
        chunk("Hi", logprobs={"content": [good, {"token": "x"}, 3]}),
        chunk("!", "stop", logprobs={"content": None}),
    )
    reply = client.post(CHAT, json={**BODY, "logprobs": True}).json()
    assert reply["choices"][0]["logprobs"]["content"] == [good]


def asked(other: Other, client: TestClient, path: str, **body: object) -> dict:
    """What the other server is asked for a request to ours."""
    client.post(f"/v1/{path}", json={"model": "tiny", **body})
    there, sent = other.asked[-1]
    assert there == f"/v1/{path}" and sent.pop("model") == "tiny"
    return sent


STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def test_a_chat_is_asked_for_in_openai_s_words_and_with_nothing_unasked(
    client: TestClient, other: Other
) -> None:
    other.says(chunk("Hi", "stop"))
    plain = asked(other, client, "chat/completions", messages=QUESTION)
    user = plain.pop("user")
    assert plain == {"messages": QUESTION, "temperature": 1.0, "top_p": 1.0, **STREAMED}
    full = asked(
        other,
        client,
        "chat/completions",
        messages=[{"role": "developer", "content": [{"type": "text", "text": "A"}]}, *QUESTION],
        max_completion_tokens=5,
        n=2,
        stop="x",
        seed=3,
        top_k=4,
        logit_bias={"7": 1},
        logprobs=True,
        top_logprobs=2,
        user="ada",
        temperature=0,
    )
    assert full == {
        "messages": [{"role": "system", "content": "A"}, *QUESTION],
        "max_tokens": 5,
        "n": 2,
        "stop": ["x"],
        "seed": 3,
        "top_k": 4,
        "logit_bias": {"7": 1.0},
        "logprobs": True,
        "top_logprobs": 2,
        "user": f"{user}/ada",
        "temperature": 0.0,
        "top_p": 1.0,
        **STREAMED,
    }


def test_this_server_s_default_goes_along_within_what_openai_allows() -> None:
    other = Other()
    other.says(chunk("Hi", "stop"))
    with behind(other, sampling=SamplingParams(temperature=3, top_p=0.9, top_k=5)) as client:
        sent = asked(other, client, "chat/completions", messages=QUESTION)
        assert (sent["temperature"], sent["top_p"], "top_k" in sent) == (2.0, 0.9, False)
        sent = asked(other, client, "chat/completions", messages=QUESTION, top_p=0.5)
        assert (sent["temperature"], sent["top_p"]) == (2.0, 0.5)


def test_other_endpoints_are_passed_on_as_they_came(client: TestClient, other: Other) -> None:
    for path, body in (
        ("completions", {"prompt": [1, 2], "max_tokens": 3, "suffix": "x", "echo": False}),
        ("embeddings", {"input": ["a"], "dimensions": 2}),
    ):
        answer = {"object": "whatever", "extra": [1], "usage": {"total_tokens": 3}}
        other.reply = lambda answer=answer: httpx.Response(200, json=answer)
        assert asked(other, client, path, **body) == body
        assert client.post(f"/v1/{path}", json={"model": "tiny", **body}).json() == answer


def test_an_answer_of_the_pages_goes_on_as_vllm_reads_it(client: TestClient, other: Other) -> None:
    chat = client.post("/api/conversations", json={}).json()["id"]
    path = f"/api/conversations/{chat}"

    def end_of(message: dict) -> dict:
        client.get(f"/api/runs/{message['run_id']}/events")
        return client.get(path).json()["messages"][-1]

    other.says(chunk("Half", "length"))
    body = {"content": "Why?", "models": ["tiny"]}
    question, answer = client.post(f"{path}/messages", json=body).json()["messages"]
    assert end_of(answer)["finish_reason"] == "length"
    other.says(chunk(" done", "stop"))
    body = {"parent_id": question["id"], "models": ["tiny"], "continues": answer["id"]}
    (again,) = client.post(f"{path}/answers", json=body).json()["messages"]
    assert end_of(again)["content"] == "Half done"
    sent = other.asked[-1][1]
    assert sent["messages"] == [*QUESTION, {"role": "assistant", "content": "Half"}]
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)


def test_its_model_is_offered_and_its_tokenizer_is_not(client: TestClient) -> None:
    card = client.get("/v1/models/tiny").json()
    assert (card["owned_by"], card["name"], card["max_model_len"]) == ("upstream", "Tiny", 64)
    assert card["created"] == 5
    for path, body in (("/tokenize", {"prompt": "a"}), ("/detokenize", {"tokens": [1]})):
        error = client.post(path, json=body).json()["error"]
        assert (error["code"], error["param"]) == ("unsupported_parameter", "model")


def test_more_than_may_wait_are_sent_away_while_a_slow_server_thinks() -> None:
    other = Other(gate=threading.Event())
    other.says(chunk("Hi", "stop"))
    with behind(other, max_pending=1) as client:
        first: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: first.append(client.post(CHAT, json=BODY)))
        thread.start()
        assert other.entered.wait(30)
        refused = client.post(CHAT, json=BODY)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "2"
        assert client.get("/health").json()["pending"] == 1
        other.gate.set()
        thread.join(30)
        assert first[0].json()["choices"][0]["message"]["content"] == "Hi"
        assert client.post(CHAT, json=BODY).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "chunks", "counted"),
    [
        ("chat/completions", {"messages": QUESTION}, [chunk("Hi", "stop"), usage(9, 7)], (1, 1, 7)),
        ("completions", {"prompt": "W", "stream": True}, [chunk("a"), usage(9, 7)], (1, 0, 16)),
        ("completions", {"prompt": "W", "stream": True}, [chunk("a"), chunk("b")], (1, 0, 2)),
    ],
)
def test_what_it_wrote_is_counted_for_who_asked(
    path: str, body: dict[str, object], chunks: Sequence[dict], counted: tuple[int, int, int]
) -> None:
    other = Other()
    other.says(*chunks)
    database = TemporaryDatabase()
    ada = database.accounts.create("ada", name="Ada", role="owner", password_hash="-")
    key = database.api_keys.create(ada.id, name="a")[1]
    with behind(other, database=database, login=True) as client:
        headers = {"authorization": f"Bearer {key}"}
        reply = client.post(f"/v1/{path}", json={"model": "tiny", **body}, headers=headers)
        assert reply.status_code == 200
        assert reply.headers["x-ratelimit-remaining-requests"] == "59"
    (row,) = database.usage.of(ada.id, since="")
    assert (row.requests, row.prompt_tokens, row.completion_tokens) == counted
    database.close()
