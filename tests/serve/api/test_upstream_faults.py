"""Another server that hangs up, fails, is slow or talks nonsense."""

import json
import threading
from collections.abc import Sequence

import httpx
import pytest
from fastapi.testclient import TestClient

from fledge.database.temporary import TemporaryDatabase
from serve.api.other_server import Other, behind, chunk, usage
from serve.spelled import BODY, QUESTION

CHAT = "/v1/chat/completions"


AWAY = (503, "unavailable_error", "upstream_unavailable", "5")
SLOW = (504, "server_error", "upstream_timeout", None)
"""Status, type, code and when to come back."""
HUNG_UP = httpx.ReadError("connection reset by 10.0.0.7")


def test_a_hang_up_in_mid_stream_is_the_last_event(relay: TestClient, other: Other) -> None:
    other.says(chunk("Hi"), HUNG_UP)
    for path, body in ((CHAT, BODY), ("/v1/completions", {"model": "tiny", "prompt": "W"})):
        reply = relay.post(path, json={**body, "stream": True})
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
    relay: TestClient, other: Other, error: Exception, told: tuple, path: str, body: dict
) -> None:
    other.error = error
    reply = relay.post(f"/v1/{path}", json={"model": "tiny", **body})
    assert reply.headers["content-type"] == "application/json"
    found = reply.json()["error"]
    retry = reply.headers.get("retry-after")
    assert (reply.status_code, found["type"], found["code"], retry) == told
    assert relay.get("/health").json() == {"status": "ok", "pending": 0, "database": "ok"}


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
    relay: TestClient, other: Other, content: bytes, status: int, message: str
) -> None:
    other.reply = lambda: httpx.Response(status, content=content)
    for path, body in (("embeddings", {"input": "W"}), ("completions", {"prompt": "W"})):
        reply = relay.post(f"/v1/{path}", json={"model": "tiny", **body})
        assert reply.status_code == 502
        error = reply.json()["error"]
        assert (error["message"], error["code"]) == (message, "upstream_error")


@pytest.mark.parametrize(
    ("chunks", "text", "reason", "tokens"),
    [
        ([chunk("Hi"), chunk("!", "stop"), usage(9, 7)], "Hi!", "stop", (9, 7)),
        (
            [chunk("Hi"), chunk("!", "stop")],
            "Hi!",
            "stop",
            (1, 2),
        ),  # guessed; a chunk counts as a token
        ([chunk("Hi", "tool_calls")], "Hi", "stop", (1, 1)),
        ([chunk("Hi", "content_filter")], "Hi", "content_filter", (1, 1)),
        ([chunk("Hi", "length"), chunk("more")], "Hi", "length", (1, 1)),
        ([chunk("Hi", index=5), chunk("!", "stop")], "!", "stop", (1, 1)),
        ([{"choices": None}, {"object": "x"}, chunk("Hi", "stop")], "Hi", "stop", (1, 1)),
        ([{"choices": [{"delta": None}]}, chunk("Hi", "stop")], "Hi", "stop", (1, 1)),
        ([chunk("Hi", "stop"), {"usage": {"prompt_tokens": "9"}}], "Hi", "stop", (1, 1)),
        ([chunk("Hi", "stop"), usage(9, 0)], "Hi", "stop", (9, 1)),
    ],
)
def test_what_another_server_streams_is_read_with_patience(
    relay: TestClient, other: Other, chunks: list, text: str, reason: str, tokens: tuple[int, int]
) -> None:
    other.says(*chunks)
    reply = relay.post(CHAT, json=BODY).json()
    (choice,) = reply["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)
    counted = reply["usage"]
    assert (counted["prompt_tokens"], counted["completion_tokens"]) == tokens


def test_log_probabilities_that_are_none_are_left_out(relay: TestClient, other: Other) -> None:
    good = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}
    other.says(
        chunk("Hi", logprobs={"content": [good, {"token": "x"}, 3]}),
        chunk("!", "stop", logprobs={"content": None}),
    )
    reply = relay.post(CHAT, json={**BODY, "logprobs": True}).json()
    assert reply["choices"][0]["logprobs"]["content"] == [good]


def test_its_model_is_offered_and_its_tokenizer_is_not(relay: TestClient) -> None:
    card = relay.get("/v1/models/tiny").json()
    assert (card["owned_by"], card["name"], card["max_model_len"]) == ("upstream", "Tiny", 64)
    assert card["created"] == 5
    for path, body in (("/tokenize", {"prompt": "a"}), ("/detokenize", {"tokens": [1]})):
        error = relay.post(path, json=body).json()["error"]
        assert (error["code"], error["param"]) == ("unsupported_parameter", "model")


def test_more_than_may_wait_are_sent_away_while_a_slow_server_thinks() -> None:
    other = Other(gate=threading.Event())
    other.says(chunk("Hi", "stop"))
    with behind(other, max_pending=1) as relay:
        first: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: first.append(relay.post(CHAT, json=BODY)))
        thread.start()
        assert other.entered.wait(30)
        refused = relay.post(CHAT, json=BODY)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "2"
        assert relay.get("/health").json()["pending"] == 1
        other.gate.set()
        thread.join(30)
        assert first[0].json()["choices"][0]["message"]["content"] == "Hi"
        assert relay.post(CHAT, json=BODY).status_code == 200


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
    with behind(other, database=database, login=True) as relay:
        headers = {"authorization": f"Bearer {key}"}
        reply = relay.post(f"/v1/{path}", json={"model": "tiny", **body}, headers=headers)
        assert reply.status_code == 200
        assert reply.headers["x-ratelimit-remaining-requests"] == "59"
    (row,) = database.usage.of(ada.id, since="")
    assert (row.requests, row.prompt_tokens, row.completion_tokens) == counted
    database.close()
