"""Models that take turns in `--memory`, as who asks for them sees it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model
from fledge.errors import CheckpointError
from fledge.generate.engine import Engine
from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, learnt_numbers
from fledge.serve import create_app
from fledge.serve.models.loading import rows_for, served_model
from fledge.text.tokenizer import Tokenizer
from fledge.weight_format import WeightFormat
from serving import ScriptedEngine, served
from tiny_model import write_language_model

CHAT = "/v1/chat/completions"


class Shelf:
    """Models by name and size; `loads` is the order in which they came into memory."""

    def __init__(self, tokenizer: Tokenizer, sizes: Mapping[str, int]) -> None:
        self.loads: list[str] = []
        self.broken: set[str] = set()
        self.engines = {name: ScriptedEngine(tokenizer, f"I am {name}.") for name in sizes}
        self.models = [
            served(self.loader(name), tokenizer, name, size=size) for name, size in sizes.items()
        ]

    def loader(self, name: str) -> object:
        def load() -> ScriptedEngine:
            self.loads.append(name)
            if name in self.broken:
                raise CheckpointError(f"{name} is damaged")
            return self.engines[name]

        return load


@contextmanager
def serving(shelf: Shelf, memory: int | None) -> Iterator[TestClient]:
    with TestClient(create_app(shelf.models, memory=memory), "http://localhost") as client:
        yield client


def ask(client: TestClient, model: str) -> httpx.Response:
    messages = [{"role": "user", "content": "Who?"}]
    return client.post(CHAT, json={"model": model, "messages": messages})


def in_memory(client: TestClient) -> set[str]:
    """The models that `/metrics` has a row for."""
    rows = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("fledge:num_requests_running{")
    ]
    return {row.partition('model_name="')[2].partition('"')[0] for row in rows}


def test_the_longest_unused_makes_room_and_as_few_as_possible_go(
    tiny_tokenizer: Tokenizer,
) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 4, "c": 2})
    with serving(shelf, 8) as client:
        assert in_memory(client) == {"a"}, "the default, before anybody asked"
        for model, there in (
            ("b", {"a", "b"}),
            ("a", {"a", "b"}),
            ("c", {"a", "c"}),  # 4 + 4 + 2 are too many, and b was used before a
            ("b", {"b", "c"}),
            ("c", {"b", "c"}),
            ("a", {"a", "c"}),
        ):
            reply = ask(client, model)
            assert reply.json()["choices"][0]["message"]["content"] == f"I am {model}."
            assert in_memory(client) == there, model
    assert shelf.loads == ["a", "b", "c", "b", "a"]


def test_without_a_bound_every_model_stays(tiny_tokenizer: Tokenizer) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 400, "c": 40_000})
    with serving(shelf, None) as client:
        for model in "abcabc":
            ask(client, model)
        assert in_memory(client) == {"a", "b", "c"}
    assert shelf.loads == ["a", "b", "c"]


def test_a_model_that_fills_the_memory_exactly_fits(tiny_tokenizer: Tokenizer) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 4})
    with serving(shelf, 8) as client:
        ask(client, "b")
        assert in_memory(client) == {"a", "b"}
    with serving(Shelf(tiny_tokenizer, {"a": 4, "b": 4}), 7) as client:
        ask(client, "b")
        assert in_memory(client) == {"b"}


def test_who_asks_for_a_model_that_has_no_room_is_told_when_to_come_back(
    tiny_tokenizer: Tokenizer,
) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 4})
    gate = shelf.engines["a"].gate = threading.Semaphore(0)
    with serving(shelf, 7) as client:
        first: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: first.append(ask(client, "a")))
        thread.start()
        while not shelf.engines["a"].rows:
            threading.Event().wait(0.005)
        refused = ask(client, "b")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        error = refused.json()["error"]
        assert (error["code"], error["type"]) == ("model_loading", "unavailable_error")
        assert "'b'" in error["message"] and "--memory" in error["message"]
        gate.release(100)
        thread.join(30)
        assert first[0].json()["choices"][0]["message"]["content"] == "I am a."
        assert ask(client, "b").status_code == 200
        assert in_memory(client) == {"b"}


def test_a_model_that_cannot_be_read_is_told_and_tried_again(tiny_tokenizer: Tokenizer) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 4})
    shelf.broken.add("b")
    with serving(shelf, 8) as client:
        for _ in range(2):
            failed = ask(client, "b")
            assert failed.status_code == 500
            assert failed.json()["error"]["message"] == "b is damaged"
        assert ask(client, "a").status_code == 200
        assert in_memory(client) == {"a"}
        shelf.broken.clear()
        assert ask(client, "b").json()["choices"][0]["message"]["content"] == "I am b."
    assert shelf.loads == ["a", "b", "b", "b"]


@pytest.mark.parametrize("endpoint", ["embeddings", "score"])
def test_reading_loads_a_model_too(tiny_tokenizer: Tokenizer, endpoint: str) -> None:
    shelf = Shelf(tiny_tokenizer, {"a": 4, "b": 4})
    with serving(shelf, 7) as client:
        if endpoint == "embeddings":
            reply = client.post("/v1/embeddings", json={"model": "b", "input": "W"})
        else:
            body = {"model": "b", "prompt": "W", "echo": True, "logprobs": 0, "max_tokens": 0}
            reply = client.post("/v1/completions", json=body)
        assert reply.status_code == 200
        assert in_memory(client) == {"b"}


def test_a_quarter_of_the_memory_is_for_the_answers_that_are_written_at_a_time() -> None:
    config = GPTConfig.sized(300, 64, width=32, num_layers=2)
    each = 2 * 2 * 64 * 32 * 4  # keys and values, layers, positions, width, bytes of fp32
    assert rows_for(config, 4 * 3 * each) == 3
    assert rows_for(config, 4 * 3 * each - 1) == 2
    assert (rows_for(config, 0), rows_for(config, 10**12)) == (1, 256)


@pytest.mark.parametrize(("weights", "each"), [("float32", 4), ("auto", 4), ("bfloat16", 2)])
def test_the_budget_counts_weights_in_their_format(
    tmp_path: Path, weights: WeightFormat, each: int
) -> None:
    checkpoint = find_checkpoint(write_language_model(tmp_path / "run"))
    model = served_model("m", checkpoint, 1, 2**30, weights)
    loaded = load_language_model(checkpoint).model
    cache = cache_bytes(loaded.config, 1, loaded.config.context_length)
    assert model.bytes == learnt_numbers(loaded) * each + cache
    engine = model.load()
    assert isinstance(engine, Engine)
    assert engine.model.token_embedding.weight.itemsize == each
