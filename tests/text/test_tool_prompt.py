"""Calls as chat templates take them: arguments as JSON, or as they were written."""

import json

import pytest

from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message, ToolCall
from fledge.text.tokenizer import Tokenizer
from fledge.text.tool_prompt import MOST_LEVELS, arguments_of

NATIVE = ChatTemplate(
    "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}"
    "{% if c.function.arguments is string %}as text{% else %}{{ c.function.arguments | tojson }}"
    "{% endif %}{% endfor %}{% endfor %}"
)


def nested(levels: int) -> str:
    return '{"a": ' * levels + "1" + "}" * levels


@pytest.mark.parametrize("text", ["{}", '{"city": "Köln", "x": [1, {"y": null}]}', nested(100)])
def test_arguments_are_read_as_json(text: str) -> None:
    assert arguments_of(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"city": "Kö',
        "",
        "[1]",
        "null",
        '{"x": NaN}',
        '{"x": 1e999}',
        nested(MOST_LEVELS + 1),
        nested(100_000),
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
def test_what_spells_no_object_stays_as_it_was_written(text: str, bpe: Tokenizer) -> None:
    assert arguments_of(text) == text
    called = Message("assistant", "", calls=(ToolCall("1", "clock", text),))
    chat = Conversation((Message("user", "Why?"), called))
    ids = NATIVE.ids(chat, bpe, generation_prompt=False)
    assert bpe.decode(ids) == "Why?as text"
