from collections.abc import Iterator

import pytest
from openai import OpenAI

from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served, tokenizer

ANSWER = "The moon pulls on the sea. Été!"


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Tokenizer:
    return tokenizer()


@pytest.fixture(scope="module")
def engine(tiny_tokenizer: Tokenizer) -> ScriptedEngine:
    return ScriptedEngine(tiny_tokenizer, ANSWER)


@pytest.fixture(scope="module")
def url(engine: ScriptedEngine, tiny_tokenizer: Tokenizer) -> Iterator[str]:
    """A server with two models that say `ANSWER`, the second under an id with a slash."""
    other = ScriptedEngine(tiny_tokenizer, ANSWER)
    models = [
        served(engine, tiny_tokenizer),
        served(other, tiny_tokenizer, "team/other"),
    ]
    with running(create_app(models, clock=lambda: 1_750_000_000.9)) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as made:
        yield made
