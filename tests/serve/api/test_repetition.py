"""An answer that repeats itself is ended: `length` at the wire, with an extension that says why."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from openai import OpenAI

from fledge.generate.repetition import LEAST_TOKENS, LEAST_TURNS
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serve.spelled import streamed
from serving import ScriptedEngine, served

LINE = "The tide comes in.\n"
QUESTION = [{"role": "user", "content": "Why?"}]
BODY = {"model": "tiny", "messages": QUESTION}
CHAT, RESPONSES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/completions"


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    engine = ScriptedEngine(tiny_tokenizer, LINE * 400)
    app = create_app([served(engine, tiny_tokenizer, context_length=8192)])
    with TestClient(app, base_url="http://localhost") as made:
        yield made


@pytest.fixture(scope="module")
def longest(tiny_tokenizer: Tokenizer) -> int:
    """Tokens after which the answer is ended."""
    period = len(tiny_tokenizer.encode(LINE))
    # The first line may be split otherwise than those that follow a line break.
    return max(LEAST_TOKENS, LEAST_TURNS * period)


def test_a_chat_ends_with_the_usage_that_it_cost(client: TestClient, longest: int) -> None:
    reply = client.post(CHAT, json=BODY).json()
    (choice,) = reply["choices"]
    assert (choice["finish_reason"], choice["stop_reason"]) == ("length", "repetition")
    assert longest <= reply["usage"]["completion_tokens"] <= longest + 16
    assert choice["message"]["content"].startswith(LINE * 3)


def test_a_stream_says_so_in_its_last_chunk(client: TestClient, longest: int) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last, usage = streamed(client.post(CHAT, json=BODY | options))
    (choice,) = last["choices"]
    assert (choice["finish_reason"], choice["stop_reason"]) == ("length", "repetition")
    assert all("stop_reason" not in each["choices"][0] for each in chunks)
    assert longest <= usage["usage"]["completion_tokens"] <= longest + 16


def test_a_response_is_incomplete(client: TestClient) -> None:
    reply = client.post(RESPONSES, json={"model": "tiny", "input": "Why?"}).json()
    expected = {"reason": "max_output_tokens", "stop_reason": "repetition"}
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", expected)
    stream = {"model": "tiny", "input": "Why?", "stream": True}
    text = client.post(RESPONSES, json=stream).text
    assert "event: response.incomplete" in text and '"stop_reason":"repetition"' in text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, BODY),
        (COMPLETIONS, {"model": "tiny", "prompt": "Why?"}),
        (RESPONSES, {"model": "tiny", "input": "Why?"}),
    ],
)
def test_a_request_may_want_it_all(client: TestClient, path: str, body: dict[str, object]) -> None:
    limit = "max_output_tokens" if path == RESPONSES else "max_tokens"
    reply = client.post(path, json={**body, limit: 600, "stop_repetition": False})
    assert "stop_reason" not in reply.text
    usage = reply.json()["usage"]
    assert 600 in (usage.get("completion_tokens"), usage.get("output_tokens"))


def test_texts_are_continued_as_they_are_unless_the_request_wants_it(client: TestClient) -> None:
    body = {"model": "tiny", "prompt": "Why?", "max_tokens": 600}
    whole = client.post(COMPLETIONS, json=body).json()
    assert whole["usage"]["completion_tokens"] == 600
    assert "stop_reason" not in whole["choices"][0]
    (choice,) = client.post(COMPLETIONS, json={**body, "stop_repetition": True}).json()["choices"]
    assert (choice["finish_reason"], choice["stop_reason"]) == ("length", "repetition")
    stream = {**body, "stop_repetition": True, "stream": True}
    last = streamed(client.post(COMPLETIONS, json=stream))[-1]["choices"][0]
    assert (last["finish_reason"], last["stop_reason"]) == ("length", "repetition")


def test_the_official_client_reads_it(client: TestClient) -> None:
    openai = OpenAI(api_key="none", base_url="http://localhost/v1", http_client=client)
    reply = openai.chat.completions.create(model="tiny", messages=QUESTION)
    assert reply.choices[0].finish_reason == "length"
    assert reply.choices[0].stop_reason == "repetition"


def test_an_answer_has_a_longest_length_unless_the_request_lifts_it(client: TestClient) -> None:
    free = {"stop_repetition": False}
    usual = client.post(CHAT, json=BODY | free).json()
    assert usual["usage"]["completion_tokens"] == 1024
    assert usual["choices"][0]["finish_reason"] == "length"
    lifted = client.post(CHAT, json=BODY | free | {"max_tokens": -1}).json()
    assert lifted["choices"][0]["finish_reason"] == "stop"
    assert lifted["usage"]["completion_tokens"] > 1024
