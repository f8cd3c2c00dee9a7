"""Embeddings in batches, ids there and back, moderation, and the list of models."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served


class Measuring(ScriptedEngine):
    """Points each text into the direction of its length, and remembers what it read together."""

    batches: list[list[int]]

    def embed(self, prompts: list[tuple[int, ...]]) -> list[list[float]]:
        if self.failure is not None:
            raise self.failure
        self.batches.append([len(prompt) for prompt in prompts])
        return [[float(len(prompt)), 4.0, 3.0] for prompt in prompts]


Server = tuple[TestClient, Measuring]


@pytest.fixture(scope="module")
def running(tiny_tokenizer: Tokenizer) -> Iterator[Server]:
    engine = Measuring(tiny_tokenizer, "The moon.")
    models = [
        served(engine, tiny_tokenizer, context_length=4096),
        served(ScriptedEngine(tiny_tokenizer, "x"), tiny_tokenizer, "team/other"),
    ]
    with TestClient(create_app(models), "http://localhost") as client:
        yield client, engine


@pytest.fixture
def server(running: Server) -> Server:
    running[1].batches, running[1].failure = [], None
    return running


def test_texts_of_like_lengths_are_read_together_up_to_2048_tokens(server: Server) -> None:
    client, engine = server
    lengths = [1500, 10, 3000, 1000, 24]
    body = {"model": "tiny", "input": [[1] * length for length in lengths]}
    reply = client.post("/v1/embeddings", json=body).json()
    # Padded to the longest: 2 · 24, then 3 · 1000 would be too many; 2 · 1500 as well.
    assert engine.batches == [[10, 24], [1000], [1500], [3000]]
    assert [each["embedding"][0] for each in reply["data"]] == lengths
    assert [each["index"] for each in reply["data"]] == [0, 1, 2, 3, 4]
    assert reply["usage"] == {"prompt_tokens": 5534, "total_tokens": 5534}


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([1024, 1024], [[1024, 1024]]),
        ([1024, 1025], [[1024], [1025]]),
        ([1] * 2048, [[1] * 2048]),
        ([4096], [[4096]]),
    ],
)
def test_a_batch_is_full_at_exactly_2048_tokens(
    server: Server, lengths: list[int], batches: list[list[int]]
) -> None:
    client, engine = server
    body = {"model": "tiny", "input": [[1] * length for length in lengths]}
    assert client.post("/v1/embeddings", json=body).status_code == 200
    assert engine.batches == batches


@pytest.mark.parametrize(
    "texts", [[[1]] * 2049, [[1] * 4097], ["a", ""], [[300]], [[-1]], [[1.5]], [["a"]], None, 3]
)
def test_what_cannot_be_embedded_is_not_read(server: Server, texts: object) -> None:
    client, engine = server
    reply = client.post("/v1/embeddings", json={"model": "tiny", "input": texts})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"].startswith("input")
    assert engine.batches == []


def test_fewer_dimensions_are_the_first_ones_at_length_1(server: Server) -> None:
    body = {"model": "tiny", "input": [[1] * 3], "dimensions": 2}
    reply = server[0].post("/v1/embeddings", json=body).json()
    assert reply["data"][0]["embedding"] == pytest.approx([3 / 5, 4 / 5])
    body["dimensions"] = 3
    reply = server[0].post("/v1/embeddings", json=body).json()
    length = math.sqrt(9 + 16 + 9)
    assert reply["data"][0]["embedding"] == pytest.approx([3 / length, 4 / length, 3 / length])
    body["dimensions"] = 4
    reply = server[0].post("/v1/embeddings", json=body)
    assert "This model's vectors have 3 dimensions" in reply.text


def test_more_dimensions_than_a_model_has_are_refused_before_it_reads(
    tiny_tokenizer: Tokenizer,
) -> None:
    engine = Measuring(tiny_tokenizer, "Hi")
    engine.batches = []
    model = replace(served(engine, tiny_tokenizer), dimensions=3)
    with TestClient(create_app([model]), "http://localhost") as client:
        reply = client.post("/v1/embeddings", json={"model": "tiny", "input": "a", "dimensions": 4})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "dimensions")
    assert engine.batches == []


def test_a_model_that_fails_to_embed_is_told_and_goes_on(server: Server) -> None:
    client, engine = server
    engine.failure = RuntimeError("no memory left")
    body = {"model": "tiny", "input": "a"}
    reply = client.post("/v1/embeddings", json=body)
    assert (reply.status_code, reply.json()["error"]["type"]) == (500, "server_error")
    assert "no memory left" in reply.text
    engine.failure = None
    assert client.post("/v1/embeddings", json=body).status_code == 200
    assert client.get("/health").json() == {"status": "ok", "pending": 0, "database": "ok"}


TURNS = [{"role": "developer", "content": "A"}, {"role": "user", "content": "B"}]
SAID = "<|system|>A<|end|><|user|>B<|end|>"


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ({"messages": TURNS}, f"{SAID}<|assistant|>"),
        ({"messages": TURNS, "add_generation_prompt": None}, f"{SAID}<|assistant|>"),
        ({"messages": TURNS, "add_generation_prompt": True}, f"{SAID}<|assistant|>"),
        ({"messages": TURNS, "add_generation_prompt": False}, SAID),
        ({"prompt": "<|user|>B"}, "<|user|>B"),
        ({"prompt": ""}, ""),
    ],
)
def test_a_conversation_has_special_tokens_and_a_text_has_none(
    server: Server, tiny_tokenizer: Tokenizer, body: dict[str, object], written: str
) -> None:
    client, _ = server
    reply = client.post("/tokenize", json=body).json()
    assert reply["count"] == len(reply["tokens"]) and reply["token_strs"] is None
    back = client.post("/detokenize", json={"tokens": reply["tokens"]}).json()
    assert back == {"prompt": written}
    special = {tiny_tokenizer.special.user, tiny_tokenizer.special.system}
    assert bool(special & set(reply["tokens"])) == ("messages" in body)


def test_the_default_model_counts_where_none_is_named(server: Server) -> None:
    client, _ = server
    assert client.post("/tokenize", json={"prompt": "a"}).json()["max_model_len"] == 4096
    named = client.post("/tokenize", json={"prompt": "a", "model": "team/other"}).json()
    assert named["max_model_len"] == 128


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/tokenize", {}, 400),
        ("/tokenize", {"prompt": "a", "messages": TURNS}, 400),
        ("/tokenize", {"prompt": None, "messages": None}, 400),
        ("/tokenize", {"prompt": ["a"]}, 400),
        ("/tokenize", {"messages": [{"role": "wizard", "content": "a"}]}, 400),
        ("/tokenize", {"prompt": "a", "model": "gone"}, 404),
        ("/detokenize", {"tokens": [300]}, 400),
        ("/detokenize", {"tokens": [-1]}, 400),
        ("/detokenize", {"tokens": "a"}, 400),
        ("/detokenize", {}, 400),
        ("/detokenize", {"tokens": [1], "model": "gone"}, 404),
    ],
)
def test_what_has_no_tokens_is_refused(
    server: Server, path: str, body: dict[str, object], status: int
) -> None:
    reply = server[0].post(path, json=body)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["message"]


def test_each_token_is_named_as_the_vocabulary_writes_it(
    server: Server, tiny_tokenizer: Tokenizer
) -> None:
    body = {"prompt": "The moon", "return_token_strs": True}
    reply = server[0].post("/tokenize", json=body).json()
    assert [tiny_tokenizer.token_bytes(id_) for id_ in reply["tokens"]] == [b"The", b" mo", b"on"]
    assert reply["token_strs"] == [tiny_tokenizer.token(id_) for id_ in reply["tokens"]]


@pytest.mark.parametrize(
    ("texts", "results"),
    [
        ("a", 1),
        (["a", "b", "c"], 3),
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}], 1),
    ],
)
def test_moderation_examines_nothing_and_says_so_once_a_text(
    server: Server, texts: object, results: int
) -> None:
    reply = server[0].post("/v1/moderations", json={"input": texts, "model": "any"}).json()
    assert (reply["model"], len(reply["results"])) == ("none", results)
    assert reply["id"].startswith("modr-") and "nothing was examined" in reply["notice"]
    for result in reply["results"]:
        assert result["flagged"] is False
        assert set(result["categories"].values()) == {False}
        assert set(result["category_scores"].values()) == {0.0}
        assert set(result["categories"]) == set(result["category_scores"])
        assert "self-harm/instructions" in result["categories"] and len(result["categories"]) == 13


@pytest.mark.parametrize("body", [{}, {"input": 3}, {"input": [3]}, {"input": [{"type": "video"}]}])
def test_what_is_no_text_is_not_moderated(server: Server, body: dict[str, object]) -> None:
    assert server[0].post("/v1/moderations", json=body).status_code == 400


def test_models_are_listed_in_their_order_and_found_by_ids_with_slashes(server: Server) -> None:
    client, _ = server
    cards = [
        {
            "id": id_,
            "object": "model",
            "created": 1_700_000_000,
            "owned_by": "fledge",
            "name": f"{id_} model",
            "max_model_len": length,
        }
        for id_, length in (("tiny", 4096), ("team/other", 128))
    ]
    assert client.get("/v1/models").json() == {"object": "list", "data": cards}
    assert [client.get(f"/v1/models/{card['id']}").json() for card in cards] == cards
    gone = client.get("/v1/models/team/gone")
    assert gone.status_code == 404
    assert gone.json()["error"] == {
        "message": "The model 'team/gone' does not exist. Available models: tiny, team/other.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
