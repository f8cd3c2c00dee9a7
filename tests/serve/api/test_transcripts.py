"""Streams compared event by event with what is written here."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge import __version__
from fledge.generate import TokenEvent
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY, NOW, QUESTION, saying, spelled, streamed
from serving import ScriptedEngine, served

FINGERPRINT = f"fledge-{__version__}"
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def hello(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    """Its model says "Hé!", which is four tokens and the end: é is two."""
    with saying(tiny_tokenizer, "Hé!") as (client, _):
        yield client


def choices_of(chunks: list[dict]) -> list[dict]:
    """The only choice of each chunk; the rest of all chunks is the same."""
    heads = [
        {name: chunk[name] for name in ("object", "created", "model", "system_fingerprint")}
        for chunk in chunks
    ]
    assert heads == [heads[0]] * len(chunks)
    assert heads[0]["created"] == NOW
    assert (heads[0]["model"], heads[0]["system_fingerprint"]) == ("tiny", FINGERPRINT)
    assert len({chunk["id"] for chunk in chunks}) == 1
    return [choice for chunk in chunks for choice in chunk["choices"]]


def delta(index: int = 0, finish_reason: str | None = None, **fields: str) -> dict:
    return {"index": index, "delta": fields, "finish_reason": finish_reason, "logprobs": None}


def token(raw: bytes, *others: dict) -> dict:
    return {
        "token": raw.decode(errors="replace"),
        "logprob": -0.5,
        "bytes": list(raw),
        "top_logprobs": list(others),
    }


def test_a_chat_streams_its_role_its_whole_characters_and_its_end(hello: TestClient) -> None:
    chunks = streamed(hello.post(CHAT, json={**BODY, "stream": True}))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert choices_of(chunks) == [
        delta(role="assistant", content=""),
        delta(content="H"),
        delta(content="é"),
        delta(content="!"),
        delta(finish_reason="stop"),
    ]


def test_the_usage_of_a_stream_is_null_until_its_last_chunk(hello: TestClient) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = streamed(hello.post(CHAT, json={**BODY, **options}))
    assert [chunk["usage"] for chunk in chunks] == [None] * 5
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


def test_a_streamed_character_comes_with_all_of_its_tokens(hello: TestClient) -> None:
    body = {**BODY, "stream": True, "logprobs": True, "top_logprobs": 1}
    chunks = streamed(hello.post(CHAT, json=body))
    first = {"token": "!", "logprob": -1.0, "bytes": [33]}  # token 0: the engine names no other
    assert [choice["logprobs"] for choice in choices_of(chunks)] == [
        None if raws is None else {"content": [token(raw, first) for raw in raws], "refusal": None}
        for raws in (None, [b"H"], [b"\xc3", b"\xa9"], [b"!"], None)
    ]


def test_a_whole_chat_tells_its_tokens_without_the_end(hello: TestClient) -> None:
    reply = hello.post(CHAT, json={**BODY, "logprobs": True}).json()
    assert reply["id"].startswith("chatcmpl-")
    assert {name: value for name, value in reply.items() if name != "id"} == {
        "object": "chat.completion",
        "created": NOW,
        "model": "tiny",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hé!", "refusal": None},
                "finish_reason": "stop",
                "logprobs": {
                    "content": [token(raw) for raw in (b"H", b"\xc3", b"\xa9", b"!")],
                    "refusal": None,
                },
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        "system_fingerprint": FINGERPRINT,
    }


def test_a_prompt_shared_by_three_choices_counts_once(hello: TestClient) -> None:
    reply = hello.post(CHAT, json={**BODY, "n": 3}).json()
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2]
    assert [choice["message"]["content"] for choice in reply["choices"]] == ["Hé!"] * 3
    assert reply["usage"] == {"prompt_tokens": 7, "completion_tokens": 15, "total_tokens": 22}


def test_every_choice_of_a_stream_has_its_own_role_and_end(hello: TestClient) -> None:
    chunks = streamed(hello.post(CHAT, json={**BODY, "stream": True, "n": 2}))
    choices = choices_of(chunks)
    assert choices[:2] == [delta(index, role="assistant", content="") for index in (0, 1)]
    for index in (0, 1):
        assert [each for each in choices if each["index"] == index][1:] == [
            delta(index, content="H"),
            delta(index, content="é"),
            delta(index, content="!"),
            delta(index, "stop"),
        ]


def test_a_length_that_ends_inside_a_character_shows_that_it_does(hello: TestClient) -> None:
    reply = hello.post(CHAT, json={**BODY, "max_tokens": 2}).json()
    choice = reply["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("H\ufffd", "length")
    assert reply["usage"]["completion_tokens"] == 2


def part(text: str, finish_reason: str | None = None, logprobs: dict | None = None) -> dict:
    return {"index": 0, "text": text, "finish_reason": finish_reason, "logprobs": logprobs}


def lists(*tokens: tuple[str, float | None, int]) -> dict:
    """Token, log-probability and offset of each; nothing else could have stood there."""
    return {
        "tokens": [text for text, _, _ in tokens],
        "token_logprobs": [log_prob for _, log_prob, _ in tokens],
        "top_logprobs": [None if log_prob is None else {} for _, log_prob, _ in tokens],
        "text_offset": [offset for _, _, offset in tokens],
    }


def test_a_completion_streams_its_echo_first(hello: TestClient) -> None:
    body = {"model": "tiny", "prompt": "Oé", "echo": True, "logprobs": 0, "stream": True}
    chunks = streamed(hello.post("/v1/completions", json=body))
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert all("usage" not in chunk or chunk["usage"] is None for chunk in chunks)
    assert choices_of(chunks) == [
        part(
            "Oé",
            None,
            lists(("O", None, 0), ("bytes:\\xc3", -0.25, 1), ("bytes:\\xa9", -0.25, 1)),
        ),
        part("H", None, lists(("H", -0.5, 2))),
        part("é", None, lists(("bytes:\\xc3", -0.5, 3), ("bytes:\\xa9", -0.5, 3))),
        part("!", None, lists(("!", -0.5, 4))),
        part("", "stop"),
    ]


def test_a_completion_without_a_wish_for_tokens_has_none(hello: TestClient) -> None:
    reply = hello.post("/v1/completions", json={"model": "tiny", "prompt": "O"}).json()
    assert reply["choices"] == [part("Hé!", "stop")]
    assert reply["usage"] == {"prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6}
    assert (reply["created"], reply["system_fingerprint"]) == (NOW, FINGERPRINT)


def test_completions_of_several_prompts_are_numbered_prompt_by_prompt(
    hello: TestClient,
) -> None:
    body = {"model": "tiny", "prompt": ["O", "Ah"], "n": 2, "echo": True, "max_tokens": 1}
    reply = hello.post("/v1/completions", json=body).json()
    assert [(each["index"], each["text"]) for each in reply["choices"]] == [
        (0, "OH"),
        (1, "OH"),
        (2, "AhH"),
        (3, "AhH"),
    ]
    assert reply["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_a_scored_text_is_written_no_further(hello: TestClient) -> None:
    body = {"model": "tiny", "prompt": "Oh", "echo": True, "logprobs": 1, "max_tokens": 0}
    reply = hello.post("/v1/completions", json=body).json()
    (choice,) = reply["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("Oh", "length")
    assert choice["logprobs"]["token_logprobs"] == [None, -0.25]
    assert choice["logprobs"]["top_logprobs"] == [None, {"!": -1.0}]
    assert reply["usage"] == {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2}


class Breaking(ScriptedEngine):
    """Fails after three tokens."""

    def step(self) -> list[TokenEvent]:
        if any(len(said) == 3 for _, said in self.rows.values()):
            self.failure = RuntimeError("no memory left")
        return super().step()


@pytest.fixture(scope="module")
def breaking(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    engine = Breaking(tiny_tokenizer, spelled(tiny_tokenizer, "Hello"))
    with TestClient(create_app([served(engine, tiny_tokenizer)]), "http://localhost") as client:
        yield client
        engine.failure = None


@pytest.mark.parametrize("path", [CHAT, "/v1/completions"])
def test_an_error_after_the_start_of_a_stream_is_its_last_event(
    breaking: TestClient, path: str
) -> None:
    body = {"model": "tiny", "messages": QUESTION, "prompt": "O", "stream": True}
    reply = breaking.post(path, json=body)
    assert reply.status_code == 200
    *chunks, error, rest = reply.text.split("\n\n")
    assert json.loads(error.removeprefix("data: ")) == {
        "error": {
            "message": "the model failed: no memory left",
            "type": "server_error",
            "param": None,
            "code": None,
        }
    }
    assert rest == "" and "[DONE]" not in reply.text
    assert (
        "".join(
            choice.get("text", choice.get("delta", {}).get("content", ""))
            for chunk in chunks
            for choice in json.loads(chunk.removeprefix("data: "))["choices"]
        )
        == "Hel"[: 3 if chunks[1:] else 0]
    )


def test_an_error_of_a_streamed_response_has_the_next_number(breaking: TestClient) -> None:
    body = {"model": "tiny", "input": "Why?", "stream": True}
    frames = breaking.post("/v1/responses", json=body).text.removesuffix("\n\n").split("\n\n")
    name, data = frames[-1].split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "error",
        "sequence_number": len(frames) - 1,
        "code": None,
        "message": "the model failed: no memory left",
        "param": None,
    }


def test_an_error_before_the_end_of_a_whole_answer_is_a_500(breaking: TestClient) -> None:
    for path, body in (
        (CHAT, BODY),
        ("/v1/completions", {"model": "tiny", "prompt": "O"}),
        ("/v1/responses", {"model": "tiny", "input": "Why?"}),
    ):
        reply = breaking.post(path, json=body)
        assert reply.status_code == 500
        assert reply.json()["error"]["type"] == "server_error"
