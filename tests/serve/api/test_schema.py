"""Replies and stream chunks against OpenAI's published schema."""

import json

import httpx
import pytest

from serve.api.oracle import check

pytestmark = pytest.mark.shared_data
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


def chunks(url: str, path: str, body: dict[str, object]) -> list[dict[str, object]]:
    text = httpx.post(url + path, json={**body, "stream": True}).text
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize("change", [{}, {"logprobs": True, "top_logprobs": 2}, {"n": 2}])
def test_chat(url: str, change: dict[str, object]) -> None:
    reply = httpx.post(f"{url}/v1/chat/completions", json={**CHAT, **change}).json()
    check("CreateChatCompletionResponse", reply)
    usage = {"stream_options": {"include_usage": True}}
    for chunk in chunks(url, "/v1/chat/completions", {**CHAT, **change, **usage}):
        check("CreateChatCompletionStreamResponse", chunk)


@pytest.mark.parametrize("change", [{}, {"logprobs": 2, "echo": True}])
def test_completions(url: str, change: dict[str, object]) -> None:
    body = {"model": "tiny", "prompt": ["The tide", "The moon"], **change}
    reply = httpx.post(f"{url}/v1/completions", json=body).json()
    for each in (reply, *chunks(url, "/v1/completions", body)):
        for choice in each["choices"]:
            # The schema leaves out two nulls that its own server sends: a chunk before the last
            # has no reason to end, and the first token of a text has no probability.
            choice["finish_reason"] = choice["finish_reason"] or "stop"
            for name in ("token_logprobs", "top_logprobs") if choice["logprobs"] else ():
                found = choice["logprobs"][name]
                choice["logprobs"][name] = [value for value in found if value is not None]
        check("CreateCompletionResponse", each)


def test_embeddings(url: str) -> None:
    body = {"model": "tiny", "input": ["a", "b"], "encoding_format": "float"}
    check("CreateEmbeddingResponse", httpx.post(f"{url}/v1/embeddings", json=body).json())


def test_moderations(url: str) -> None:
    reply = httpx.post(f"{url}/v1/moderations", json={"input": "x"}).json()
    check("CreateModerationResponse", reply)


@pytest.mark.parametrize("change", [{}, {"max_output_tokens": 2}])
def test_responses(url: str, change: dict[str, object]) -> None:
    body = {"model": "tiny", "input": "Why?", "instructions": "Be kind.", **change}
    check("Response", httpx.post(f"{url}/v1/responses", json=body).json())
    for event in chunks(url, "/v1/responses", body):
        check("ResponseStreamEvent", event)


def test_models(url: str) -> None:
    listing = httpx.get(f"{url}/v1/models").json()
    check("ListModelsResponse", listing)
    check("Model", httpx.get(f"{url}/v1/models/tiny").json())


def test_errors(url: str) -> None:
    replies = [
        httpx.post(f"{url}/v1/chat/completions", json={**CHAT, "model": "gone"}),
        httpx.post(f"{url}/v1/completions", json={}),
        httpx.get(f"{url}/v1/nowhere"),
    ]
    for reply in replies:
        check("ErrorResponse", reply.json())
