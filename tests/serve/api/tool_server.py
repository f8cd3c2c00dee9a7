"""A server with a real model, too small to say anything sensible, that is held to forms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fledge.generate.engine import Engine
from fledge.serve import create_app
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from serving import running, served
from tiny_model import tiny_model

CONTEXT = 2048
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "maxLength": 8},
                "days": {"type": "integer", "minimum": 0, "maximum": 9},
            },
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "colours": {
            "type": "array",
            "items": {"enum": ["red", "green"]},
            "maxItems": 3,
        },
    },
    "required": ["name", "age", "colours"],
    "additionalProperties": False,
}


@contextmanager
def random_model(tokenizer: Tokenizer, template: str | None = None) -> Iterator[str]:
    """The base URL of a server whose model has random weights."""

    def load() -> Engine:
        return Engine(tiny_model(tokenizer.vocabulary_size, CONTEXT), max_batch=8)

    model = served(load, tokenizer, context_length=CONTEXT)
    if template is not None:
        model = replace(model, template=ChatTemplate(template))
    with running(create_app([model])) as url:
        yield url
