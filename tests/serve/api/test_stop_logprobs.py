"""Log-probabilities line up with the text: nothing of a stop text is in either."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.generate.request import TokenEvent
from fledge.serve import create_app
from fledge.serve.models.shown_tokens import ShownTokens
from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY, saying, streamed
from serving import ScriptedEngine, served

ANSWER = "The tide comes in. Été 潮!"
STOPS = sorted({ANSWER[i : i + n] for n in (1, 3) for i in range(len(ANSWER) - n + 1)})
CHAT, TEXTS = "/v1/chat/completions", "/v1/completions"


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    """Its model says `ANSWER` in tokens of several letters, and of parts of a letter."""
    engine = ScriptedEngine(tiny_tokenizer, ANSWER)
    lengths = {len(tiny_tokenizer.token_bytes(id_)) for id_ in engine.script[:-1]}
    assert 1 in lengths and max(lengths) >= 4
    app = create_app([served(engine, tiny_tokenizer)])
    with TestClient(app, base_url="http://localhost") as made:
        yield made


def joined(tokens: list[dict]) -> str:
    return b"".join(bytes(token["bytes"]) for token in tokens).decode()


@pytest.mark.parametrize("stop", [None, *STOPS])
def test_the_tokens_of_a_chat_join_to_its_text(client: TestClient, stop: str | None) -> None:
    body = {**BODY, "logprobs": True, "top_logprobs": 1, "stop": stop}
    (choice,) = client.post(CHAT, json=body).json()["choices"]
    text = choice["message"]["content"]
    assert text == (ANSWER if stop is None else ANSWER[: ANSWER.index(stop)])
    tokens = choice["logprobs"]["content"]
    assert joined(tokens) == text
    chunks = streamed(client.post(CHAT, json={**body, "stream": True}))
    parts = [chunk["choices"][0] for chunk in chunks]
    assert "".join(part["delta"].get("content") or "" for part in parts) == text
    told = [token for part in parts if part["logprobs"] for token in part["logprobs"]["content"]]
    assert told == tokens


@pytest.mark.parametrize("stop", [None, *STOPS])
def test_the_tokens_of_a_completion_join_to_its_text_behind_the_echo(
    client: TestClient, stop: str | None
) -> None:
    body = {"model": "tiny", "prompt": "The sea.", "echo": True, "logprobs": 1, "stop": stop}
    (choice,) = client.post(TEXTS, json={**body, "max_tokens": -1}).json()["choices"]
    lists = choice["logprobs"]
    assert "bytes:" in "".join(lists["tokens"]) or "".join(lists["tokens"]) == choice["text"]
    offsets = [*lists["text_offset"], len(choice["text"])]
    for token, start, end in zip(lists["tokens"], offsets, offsets[1:], strict=False):
        assert choice["text"][start:end] == token or token.startswith("bytes:")


def test_a_cut_token_keeps_its_log_probability_and_the_rest_is_not_told(
    tiny_tokenizer: Tokenizer,
) -> None:
    with saying(tiny_tokenizer, "one STOP two") as (client, _):
        body = {**BODY, "logprobs": True, "stop": ["STOP"]}
        reply = client.post(CHAT, json=body).json()
        tokens = reply["choices"][0]["logprobs"]["content"]
        assert [token["token"] for token in tokens] == ["o", "n", "e", " "]
        assert reply["usage"]["completion_tokens"] == 8, "what was written is counted"
    id_ = next(
        id_
        for id_ in range(tiny_tokenizer.vocabulary_size)
        if tiny_tokenizer.token_bytes(id_) == b" tide"
    )
    tokens = ShownTokens(tiny_tokenizer, {})
    tokens.add(TokenEvent("0", id_, -0.5, (), None))
    assert tokens.taken(" ti") == ()
    (cut,) = tokens.rest(is_cut=True)
    assert (cut.token, cut.logprob, bytes(cut.bytes)) == (" ti", -0.5, b" ti")


def test_a_stop_text_at_once_leaves_an_empty_list(tiny_tokenizer: Tokenizer) -> None:
    with saying(tiny_tokenizer, "STOP") as (client, _):
        (choice,) = client.post(CHAT, json={**BODY, "logprobs": True, "stop": "STOP"}).json()[
            "choices"
        ]
        assert (choice["message"]["content"], choice["logprobs"]["content"]) == ("", [])
