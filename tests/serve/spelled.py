"""A server whose model spells its answer byte by byte, so that every border can be written down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient
from httpx import Response

from fledge.generate.request import SamplingParams
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

NOW = 1_750_000_000
QUESTION = [{"role": "user", "content": "Why?"}]
"""Seven tokens: the role, four characters, the end, and the role of the answer."""
BODY = {"model": "tiny", "messages": QUESTION}


def spelled(tokenizer: Tokenizer, text: str) -> list[int]:
    """One token for each byte."""
    ids = {tokenizer.token_bytes(id_): id_ for id_ in range(tokenizer.vocabulary_size)}
    return [ids[bytes([byte])] for byte in text.encode()]


@contextmanager
def saying(
    tokenizer: Tokenizer, text: str, **options: SamplingParams | int
) -> Iterator[tuple[TestClient, ScriptedEngine]]:
    """A client without login, and the engine that spells `text`."""
    engine = ScriptedEngine(tokenizer, spelled(tokenizer, text))
    app = create_app([served(engine, tokenizer)], clock=lambda: NOW + 0.9, **options)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client, engine


def streamed(reply: Response) -> list[dict]:
    """The chunks of a stream that ends as it should."""
    *chunks, done, rest = reply.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(chunk.removeprefix("data: ")) for chunk in chunks]
