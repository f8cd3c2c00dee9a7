"""The bytes themselves: event framing, error bodies, headers."""

import json
import threading

import httpx
import pytest

from fledge.serve import create_app
from fledge.serve.show import streaming
from fledge.text.tokenizer import Tokenizer
from serve.conftest import ANSWER
from serving import ScriptedEngine, running, served

BODY = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


def events(response: httpx.Response) -> list[str]:
    assert response.text.endswith("\n\n")
    return response.text.removesuffix("\n\n").split("\n\n")


def test_a_stream_is_framed_as_data_lines_and_ends_with_done(url: str) -> None:
    response = httpx.post(f"{url}/v1/chat/completions", json={**BODY, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    *chunks, done = events(response)
    assert done == "data: [DONE]"
    assert all(chunk.startswith("data: {") and "\n" not in chunk for chunk in chunks)
    parsed = [json.loads(chunk.removeprefix("data: ")) for chunk in chunks]
    assert parsed[0]["choices"] == [
        {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "finish_reason": None,
            "logprobs": None,
        }
    ]
    assert parsed[-1]["choices"] == [
        {"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": None}
    ]
    assert all(set(chunk["choices"][0]["delta"]) == {"content"} for chunk in parsed[1:-1])
    assert all("usage" not in chunk for chunk in parsed)


def test_pieces_are_cut_at_whole_characters(url: str) -> None:
    response = httpx.post(f"{url}/v1/chat/completions", json={**BODY, "stream": True})
    pieces = [
        json.loads(event.removeprefix("data: "))["choices"][0]["delta"].get("content", "")
        for event in events(response)[:-1]
    ]
    assert "".join(pieces) == ANSWER
    assert not any("�" in piece for piece in pieces)


@pytest.mark.parametrize(
    "body", [b"{", b"", b'"text"', b"\xff\xfe{}", b'{"model": "tiny", "messages": 3}']
)
def test_a_body_that_is_not_a_request_is_a_400(url: str, body: bytes) -> None:
    response = httpx.post(
        f"{url}/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_a_413(url: str, declared: bool) -> None:
    body = json.dumps({**BODY, "user": "x" * (5 * 1024 * 1024)}).encode()
    parts = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    response = httpx.post(
        f"{url}/v1/chat/completions",
        content=body if declared else iter(parts),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/x", 404), ("GET", "/v1/chat/completions", 405)]
)
def test_unknown_paths_and_methods_answer_in_the_same_form(
    url: str, method: str, path: str, status: int
) -> None:
    response = httpx.request(method, url + path)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_unknown_fields_and_nulls_are_ignored(url: str) -> None:
    nulls = dict.fromkeys(
        ("temperature", "stop", "seed", "max_tokens", "logit_bias", "stream", "n")
    )
    body = {**BODY, **nulls, "user": "me", "metadata": {"a": "b"}, "safety_identifier": "x"}
    response = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert response.status_code == 200
    assert response.json()["choices"][0]["message"]["content"] == ANSWER


@pytest.mark.parametrize("host", ["attacker.example", "localhost.evil:80", "", "[::2]:1"])
def test_a_strange_host_is_turned_away_in_json(url: str, host: str) -> None:
    response = httpx.get(f"{url}/v1/models", headers={"host": host})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "unknown_host"
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "LOCALHOST:1", "[::1]:8000"])
def test_the_loopback_has_several_names(url: str, host: str) -> None:
    assert httpx.get(f"{url}/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"seed": 2**64}, "seed"),
        ({"seed": -(2**63) - 1}, "seed"),
        ({"top_k": 2**70}, "top_k"),
        ({"stop": ["x" * 501]}, "stop.0"),
        ({"stop": 3}, "stop"),
        ({"messages": [{"role": "user", "content": {"text": "?"}}]}, "messages.0.content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.0.content.0.type",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content"),
        ({"logit_bias": {"5": 300}}, "logit_bias.5"),
        ({"logit_bias": {"\ud800": 300}}, "logit_bias"),
    ],
)
def test_the_param_of_an_error_is_a_path_of_the_body(
    url: str, change: dict[str, object], param: str
) -> None:
    response = httpx.post(
        f"{url}/v1/chat/completions",
        content=json.dumps({**BODY, **change}),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 400
    assert response.json()["error"]["param"].startswith(param)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(url: str, number: str) -> None:
    body = json.dumps(BODY)[:-1] + f', "temperature": {number}}}'
    response = httpx.post(
        f"{url}/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert (response.status_code, response.json()["error"]["param"]) == (400, "temperature")


def test_every_answer_carries_the_security_headers(url: str) -> None:
    for path in ("/", "/static/main.js", "/health", "/nowhere"):
        headers = httpx.get(url + path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"].startswith("req_")


def test_the_page_offers_every_model(url: str) -> None:
    page = httpx.get(url).text
    assert '<option value="tiny">tiny model</option>' in page
    assert '<option value="team/other">' in page


def test_health_says_that_the_engine_runs(url: str) -> None:
    assert httpx.get(f"{url}/health").json() == {"status": "ok", "pending": 0, "database": "ok"}


def test_a_silent_stream_is_kept_alive_by_comments(
    tiny_tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SILENCE_SECONDS", 0.05)
    engine = ScriptedEngine(tiny_tokenizer, ANSWER, gate=threading.Semaphore(0))
    with (
        running(create_app([served(engine, tiny_tokenizer)])) as url,
        httpx.stream("POST", f"{url}/v1/chat/completions", json={**BODY, "stream": True}) as answer,
    ):
        lines = answer.iter_lines()
        seen = [next(lines) for _ in range(6)]
        assert seen[0].startswith("data: {") and seen[2] == seen[4] == ": ping"
        engine.gate.release(1_000)
        rest = [line for line in lines if line]
        assert rest[-1] == "data: [DONE]"
