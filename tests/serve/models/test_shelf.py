"""Models in memory: loaded when asked for, put away when others need the room."""

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from fledge.errors import CheckpointError
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.serve import create_app
from fledge.serve.errors import ApiError
from fledge.serve.models.async_engine import TokenEngine
from fledge.serve.models.loading import named, served_models
from fledge.serve.models.registry import ServedModel
from fledge.serve.models.shelf import ModelShelf
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served
from tiny_model import write_language_model

ANSWER = "I am the model."


class Library:
    """Three models of 40 bytes; notes what is loaded."""

    def __init__(self, tokenizer: Tokenizer, budget: int | None) -> None:
        self.loaded: list[str] = []
        self.busy: set[int] = set()
        self.models = {name: self.model(name, tokenizer) for name in "abc"}
        self.shelf = ModelShelf(budget, lambda engine: id(engine) not in self.busy)

    def model(self, name: str, tokenizer: Tokenizer) -> ServedModel:
        def load() -> TokenEngine:
            self.loaded.append(name)
            return ScriptedEngine(tokenizer, ANSWER)

        return served(load, tokenizer, name, size=40)

    async def ask(self, names: str) -> list[TokenEngine]:
        return [await self.shelf.engine(self.models[name]) for name in names]


def run(work: Coroutine[object, object, object]) -> object:
    return asyncio.run(asyncio.wait_for(work, 60))


def test_a_model_is_loaded_once_however_many_ask_at_once(tiny_tokenizer: Tokenizer) -> None:
    library = Library(tiny_tokenizer, None)

    async def ask() -> None:
        engines = await asyncio.gather(*(library.ask("a") for _ in range(5)))
        assert len({id(engine) for (engine,) in engines}) == 1

    run(ask())
    assert library.loaded == ["a"]


def test_the_longest_unused_model_makes_room(tiny_tokenizer: Tokenizer) -> None:
    library = Library(tiny_tokenizer, 100)
    run(library.ask("abacb"))
    # a was used after b, so b went for c; then a for b.
    assert library.loaded == ["a", "b", "c", "b"]
    assert set(library.shelf.loads()) == {"b", "c"}


def test_a_real_model_that_is_put_away_leaves_the_memory(tmp_path: Path) -> None:
    (model,) = served_models(named([str(write_language_model(tmp_path / "sft"))]), max_batch=2)
    shelf = ModelShelf(model.bytes, lambda _: True)

    async def ask() -> weakref.ref[object]:
        engine = await shelf.engine(model)
        assert isinstance(engine, Engine)
        engine.generate([Request("a", (1, 2), SamplingParams(max_new_tokens=3))])
        return weakref.ref(engine.model)

    weights = run(ask())
    assert weights() is not None
    run(shelf.engine(replace(model, id="other")))
    assert weights() is None


def test_a_model_that_answers_is_never_put_away(tiny_tokenizer: Tokenizer) -> None:
    library = Library(tiny_tokenizer, 100)

    async def ask() -> None:
        library.busy = {id(engine) for engine in await library.ask("ab")}
        with pytest.raises(ApiError) as caught:
            await library.ask("c")
        assert (caught.value.status, caught.value.code) == (503, "model_loading")
        assert caught.value.retry_after > 0
        library.busy = set()
        await library.ask("c")

    run(ask())


def test_models_of_one_lineage_take_turns_in_little_memory(tiny_tokenizer: Tokenizer) -> None:
    library = Library(tiny_tokenizer, 45)
    app = create_app(list(library.models.values()), memory=45)
    with (
        running(app) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        assert library.loaded == ["a"]  # the default, at the start
        for name in "abca":
            question = [{"role": "user", "content": "Who are you?"}]
            reply = client.chat.completions.create(model=name, messages=question)
            assert reply.choices[0].message.content == ANSWER
        assert library.loaded == ["a", "b", "c", "a"]


def test_a_damaged_model_is_told_and_the_others_answer(tiny_tokenizer: Tokenizer) -> None:
    def damaged() -> TokenEngine:
        raise CheckpointError("model.safetensors: damaged")

    sound = served(ScriptedEngine(tiny_tokenizer, ANSWER), tiny_tokenizer)
    with running(create_app([sound, served(damaged, tiny_tokenizer, "bad")])) as url:
        body = {"messages": [{"role": "user", "content": "?"}]}
        bad = httpx.post(f"{url}/v1/chat/completions", json={**body, "model": "bad"})
        assert (bad.status_code, bad.json()["error"]["type"]) == (500, "server_error")
        good = httpx.post(f"{url}/v1/chat/completions", json={**body, "model": "tiny"})
        assert good.status_code == 200


def test_others_are_answered_while_a_model_is_loaded(tiny_tokenizer: Tokenizer) -> None:
    gate = threading.Event()

    def slow() -> TokenEngine:
        assert gate.wait(60)
        return ScriptedEngine(tiny_tokenizer, ANSWER)

    sound = served(ScriptedEngine(tiny_tokenizer, ANSWER), tiny_tokenizer)
    with running(create_app([sound, served(slow, tiny_tokenizer, "slow")])) as url:
        body = {"messages": [{"role": "user", "content": "?"}]}
        replies: list[int] = []

        def ask(model: str) -> Callable[[], None]:
            def asking() -> None:
                answer = httpx.post(f"{url}/v1/chat/completions", json={**body, "model": model})
                replies.append(answer.status_code)

            return asking

        waiting = threading.Thread(target=ask("slow"))
        waiting.start()
        ask("tiny")()
        assert replies == [200] and waiting.is_alive()
        gate.set()
        waiting.join(60)
        assert replies == [200, 200]
