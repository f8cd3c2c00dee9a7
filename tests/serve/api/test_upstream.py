"""Another OpenAI-compatible server behind ours: our own live server is the other one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import openai
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from openai import OpenAI

from fledge.errors import ConfigError
from fledge.generate.upstream import UpstreamServer
from fledge.serve import create_app
from fledge.serve.models.remote import upstream_models
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served

ANSWER = "The moon pulls on the sea. Été!"
QUESTION = [{"role": "user", "content": "Why?"}]


@contextmanager
def before(other: str) -> Iterator[OpenAI]:
    """A client of a server that passes everything on to the server at `other`."""
    models = upstream_models(UpstreamServer(f"{other}/v1/", "secret"))
    with (
        running(create_app(models)) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def engine(tiny_tokenizer: Tokenizer) -> ScriptedEngine:
    return ScriptedEngine(tiny_tokenizer, ANSWER)


@pytest.fixture(scope="module")
def relayed(engine: ScriptedEngine, tiny_tokenizer: Tokenizer) -> Iterator[OpenAI]:
    with running(create_app([served(engine, tiny_tokenizer)])) as other, before(other) as client:
        yield client


def test_its_models_are_listed_with_their_context(relayed: OpenAI) -> None:
    (model,) = relayed.models.list()
    assert (model.id, model.owned_by, model.name) == ("tiny", "upstream", "tiny model")
    assert model.max_model_len == 128


def test_a_chat_is_answered_whole(relayed: OpenAI, engine: ScriptedEngine) -> None:
    reply = relayed.chat.completions.create(
        model="tiny",
        messages=[{"role": "system", "content": "Be kind."}, *QUESTION],
        temperature=0.3,
        top_p=0.8,
        seed=5,
        n=2,
        max_tokens=100,
        stop=["zzz"],
        presence_penalty=0.5,
        logit_bias={"3": -5},
        extra_body={"top_k": 7},
    )
    assert [choice.message.content for choice in reply.choices] == [ANSWER, ANSWER]
    assert [choice.finish_reason for choice in reply.choices] == ["stop", "stop"]
    assert reply.usage.prompt_tokens == len(engine.requests[-1].prompt)
    assert reply.usage.completion_tokens == 2 * len(engine.script)
    sampling = engine.requests[-2].sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.3, 0.8, 7)
    assert (sampling.seed, sampling.stop, sampling.logit_bias) == (5, ("zzz",), {3: -5.0})


def test_a_chat_streams_with_logprobs_and_usage(relayed: OpenAI) -> None:
    *chunks, usage = relayed.chat.completions.create(
        model="tiny",
        messages=QUESTION,
        stream=True,
        logprobs=True,
        top_logprobs=2,
        stream_options={"include_usage": True},
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    tokens = [
        token
        for chunk in chunks
        if chunk.choices[0].logprobs
        for token in chunk.choices[0].logprobs.content
    ]
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert usage.usage.completion_tokens > 10


def test_the_other_endpoints_are_passed_on(relayed: OpenAI) -> None:
    text = relayed.completions.create(model="tiny", prompt="The", max_tokens=100)
    assert text.choices[0].text == ANSWER
    chunks = list(
        relayed.completions.create(model="tiny", prompt="The", max_tokens=100, stream=True)
    )
    assert "".join(chunk.choices[0].text for chunk in chunks) == ANSWER
    assert len(relayed.embeddings.create(model="tiny", input="a").data[0].embedding) == 3
    assert relayed.responses.create(model="tiny", input="Why?").output_text == ANSWER


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_other_refuses_is_refused_before_the_first_byte(
    relayed: OpenAI, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError, match="tokens long") as caught:
        relayed.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": "tide " * 200}], stream=stream
        )
    assert caught.value.code == "context_length_exceeded"


def test_a_client_that_leaves_frees_the_row_of_the_other_server(
    tiny_tokenizer: Tokenizer,
) -> None:
    engine = ScriptedEngine(tiny_tokenizer, ANSWER * 3, gate=threading.Semaphore(4))
    app = create_app([served(engine, tiny_tokenizer, context_length=400)])
    with running(app) as other, before(other) as client:
        stream = client.chat.completions.create(model="tiny", messages=QUESTION, stream=True)
        next(stream)
        stream.close()
        assert engine.cancelled.wait(10.0)  # two servers on one busy core


def strange(reply: Response) -> FastAPI:
    """A server with one model that answers every chat with `reply`."""
    app = FastAPI()

    @app.get("/v1/models")
    def models() -> dict[str, object]:
        return {"data": [{"id": "tiny"}]}

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer secret"
        await request.body()
        return reply

    return app


def stream_of(*lines: str) -> StreamingResponse:
    return StreamingResponse(iter([line.encode() for line in lines]))


ERROR = {"error": {"message": "no", "type": "t", "code": "c", "param": "p"}}
CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (JSONResponse(ERROR, 400), 400, "c"),
        (JSONResponse({"detail": "no"}, 422), 400, None),
        (JSONResponse(ERROR, 401), 502, "upstream_unauthorized"),
        (JSONResponse(ERROR, 404), 404, "c"),
        (JSONResponse({}, 429, {"retry-after": "7"}), 429, "rate_limit_exceeded"),
        (Response("<html>", 500), 502, "upstream_error"),
        (JSONResponse({}, 503, {"retry-after": "9"}), 503, "upstream_unavailable"),
        (stream_of("data: {half"), 502, "upstream_error"),
        (stream_of("data: [1]\n\n"), 502, "upstream_error"),
        (stream_of(CHUNK, 'data: {"error": {"message": "gone"}}\n\n'), 502, "upstream_error"),
    ],
)
def test_its_errors_keep_their_meaning(reply: Response, status: int, code: str | None) -> None:
    with running(strange(reply)) as other, before(other) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat.completions.create(model="tiny", messages=QUESTION)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        retry_after = {429: "7", 503: "9"}.get(status)
        assert caught.value.response.headers.get("retry-after") == retry_after


def test_a_stream_that_breaks_off_is_told_so() -> None:
    reply = stream_of(": hello\n\n", CHUNK.replace("\n", "\r\n"))
    with running(strange(reply)) as other, before(other) as client:
        with pytest.raises(openai.InternalServerError, match="broke off") as caught:
            client.chat.completions.create(model="tiny", messages=QUESTION)
        assert (caught.value.status_code, caught.value.code) == (502, "upstream_broke_off")


def test_text_that_looks_like_the_end_of_a_line_is_text() -> None:
    text = "a\u2028b\x85c\x0bd"
    said = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    reply = stream_of(f"data: {json.dumps(said, ensure_ascii=False)}\n\ndata: [DONE]")
    with running(strange(reply)) as other, before(other) as client:
        answer = client.chat.completions.create(model="tiny", messages=QUESTION)
        assert answer.choices[0].message.content == text


def test_a_name_that_both_have_is_told(url: str, tiny_tokenizer: Tokenizer) -> None:
    ours = served(ScriptedEngine(tiny_tokenizer, ANSWER), tiny_tokenizer)
    theirs = upstream_models(UpstreamServer(f"{url}/v1"))
    with pytest.raises(ConfigError, match="two models are called 'tiny'"):
        create_app([ours, *theirs])


def test_a_server_that_has_gone_is_a_503(caplog: pytest.LogCaptureFixture) -> None:
    with running(strange(JSONResponse({}))) as other:
        models = upstream_models(UpstreamServer(f"{other}/v1", "secret"))
    with running(create_app(models)) as url:
        body = {"model": "tiny", "messages": QUESTION}
        reply = httpx.post(f"{url}/v1/chat/completions", json=body)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
        assert reply.json()["error"]["code"] == "upstream_unavailable"
        assert "127.0.0.1" not in reply.text and "127.0.0.1" in caplog.text
        assert httpx.get(f"{url}/health").json() == {"status": "ok", "pending": 0, "database": "ok"}


def test_a_server_that_cannot_be_asked_is_told_at_the_start(
    url: str,
) -> None:
    with pytest.raises(ConfigError, match="cannot be reached") as told:
        upstream_models(UpstreamServer("http://ada:a-password@127.0.0.1:9/v1"))
    assert "http://127.0.0.1:9/v1" in str(told.value) and "a-password" not in str(told.value)
    with pytest.raises(ConfigError, match="answers 404; give the address that ends in /v1"):
        upstream_models(UpstreamServer(f"{url}/nowhere"))


@pytest.mark.parametrize("listing", [{"data": [{"name": "x"}]}, {"models": []}, [1], "x"])
def test_a_list_of_models_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, listing: object
) -> None:
    reply = httpx.Response(200, json=listing, request=httpx.Request("GET", "http://x"))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: reply)
    with pytest.raises(ConfigError, match="is not a list of models"):
        UpstreamServer("http://x/v1").model_list()


def test_a_key_that_is_not_accepted_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = httpx.Response(401, request=httpx.Request("GET", "http://x"))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: reply)
    with pytest.raises(ConfigError, match="--upstream-key-env"):
        UpstreamServer("http://x/v1").model_list()
