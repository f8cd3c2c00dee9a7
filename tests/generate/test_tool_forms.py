"""Calls of tools in every format: the grammar writes what the reader takes apart, in any pieces."""

import itertools
import json
import random

import numpy as np
import pytest

from fledge.errors import TokenizerError
from fledge.generate.forms import tool_form
from fledge.generate.grammar import compile_grammar
from fledge.text.conversation import Tool, ToolCall
from fledge.text.template import DEFAULT_TEMPLATE
from fledge.text.tokenizer import Tokenizer
from fledge.text.tool_format import (
    HERMES,
    JSON_LINES,
    LLAMA,
    MISTRAL_ARGS,
    MISTRAL_LIST,
    MISTRAL_TIGHT,
    ToolFormat,
    tool_format,
)
from fledge.text.tool_reader import Taken, ToolReader

FORMATS = [JSON_LINES, HERMES, LLAMA, MISTRAL_LIST, MISTRAL_TIGHT, MISTRAL_ARGS]
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 5}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS = [Tool("weather", "", json.dumps(CITY)), Tool("now", "", "{}")]
NAMES = [tool.name for tool in TOOLS]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["The tide comes in twice a day. " * 4], 300)


def joined(taken: list[Taken]) -> tuple[str, list[ToolCall]]:
    calls: dict[int, list[str]] = {}
    for part in itertools.chain.from_iterable(each.calls for each in taken):
        made = calls.setdefault(part.index, ["", "", ""])
        made[:] = [made[0] + part.id, made[1] + part.name, made[2] + part.arguments]
    return "".join(each.text for each in taken), [ToolCall(*made) for made in calls.values()]


def read(written: ToolFormat, pieces: list[str]) -> tuple[str, list[ToolCall]]:
    numbers = itertools.count()
    reader = ToolReader(written, NAMES, lambda: f"call_{next(numbers)}")
    return joined([*(reader.push(piece) for piece in pieces), reader.finish()])


def sampled(written: ToolFormat, tokenizer: Tokenizer, seed: int, begun: str) -> tuple[str, bool]:
    """A random text of the grammar after `begun`, and whether it is complete."""
    required = not begun
    form = tool_form(written, TOOLS, {}, required=required, several=True)
    constraint = compile_grammar(form, tokenizer).start()
    draw, ids = random.Random(seed), tokenizer.encode(begun)
    for token_id in ids:
        assert constraint.allowed(300)[token_id]
        constraint.accept(token_id)
    while not constraint.finished and len(ids) < 400:
        allowed = {*np.flatnonzero(constraint.allowed(300)).tolist()}
        assert allowed, tokenizer.decode(ids)
        ends = allowed & tokenizer.stop_ids
        if ends and (draw.random() < 0.3 or allowed == ends):
            return tokenizer.decode(ids), True
        ids.append(draw.choice(sorted(allowed - ends)))
        constraint.accept(ids[-1])
    return tokenizer.decode(ids), constraint.finished


@pytest.mark.parametrize("written", FORMATS, ids=range(len(FORMATS)))
@pytest.mark.parametrize("asked", [True, False])
def test_what_the_grammar_writes_is_read(
    tokenizer: Tokenizer, written: ToolFormat, asked: bool
) -> None:
    begun = "" if asked else f"Hi.\n{written.trigger}"
    for seed in range(3):
        text, complete = sampled(written, tokenizer, seed, begun)
        said, calls = read(written, [text])
        assert read(written, list(text)) == (said, calls)
        assert said == ("" if asked else "Hi.")
        for call in calls if complete else calls[:-1]:
            assert call.name in NAMES
            assert json.loads(call.arguments).keys() == (
                {"city"} if call.name == "weather" else set()
            )
        assert calls or not complete


@pytest.mark.parametrize("written", FORMATS, ids=range(len(FORMATS)))
def test_free_text_stays_text(written: ToolFormat) -> None:
    for text in (
        "",
        "Hello.\n",
        'A {"name": "now"} in text',
        '{"name": "Bob", "age": 3}',
        "<tool_",
    ):
        if written is MISTRAL_ARGS or text != "":
            assert read(written, list(text)) == (text, [])


def test_text_stands_before_the_calls() -> None:
    text = 'One moment.\n{"name": "now", "arguments": {}}\n{"name": "now", "arguments": {}}'
    said, calls = read(JSON_LINES, list(text))
    assert said == "One moment."
    assert calls == [ToolCall("call_0", "now", "{}"), ToolCall("call_1", "now", "{}")]


def test_braces_and_quotes_in_strings_end_nothing() -> None:
    arguments = r'{"city": "}\"]{", "more": [{"a": "\\"}]}'
    text = f'<tool_call>\n{{"name": "weather", "arguments": {arguments}}}\n</tool_call>'
    assert read(HERMES, list(text)) == ("", [ToolCall("call_0", "weather", arguments)])


def test_a_cut_call_keeps_what_there_is_of_its_arguments() -> None:
    text = '{"name": "weather", "arguments": {"city": "Bo'
    assert read(JSON_LINES, [text]) == ("", [ToolCall("call_0", "weather", '{"city": "Bo')])


@pytest.mark.parametrize(
    ("text", "is_free"),
    [
        ('{"name": "Bob', False),
        (' {"name": "Bob', False),
        ('Hi\n{"name": "Bob', False),
        ('Hi\n {"name": "Bob', True),
        ('{"name": "now", "arguments": {}}', True),
        (' {"name": "now", "arguments": {}}', True),
    ],
)
def test_a_space_that_decoding_drops_is_no_text_before_a_call(
    tokenizer: Tokenizer, text: str, is_free: bool
) -> None:
    """A line with a space in front is read as text, so it must not be held to a call."""
    form = tool_form(JSON_LINES, TOOLS, {}, required=False, several=True, leading_space=True)
    constraint = compile_grammar(form, tokenizer).start()
    followed = True
    for token_id in tokenizer.encode(text):
        followed = followed and bool(constraint.allowed(300)[token_id])
        if followed:
            constraint.accept(token_id)
    assert followed == is_free


def test_a_special_token_may_begin_the_calls(tokenizer: Tokenizer) -> None:
    special = {"[TOOL_CALLS]": tokenizer.special.user}
    form = tool_form(MISTRAL_LIST, TOOLS, special, required=False, several=True)
    constraint = compile_grammar(form, tokenizer).start()
    for token_id in tokenizer.encode("Hi [TOOL_CALLS] x"):  # in ordinary tokens it is text
        assert constraint.allowed(300)[token_id]
        constraint.accept(token_id)
    assert constraint.allowed(300)[tokenizer.special.user]
    constraint.accept(tokenizer.special.user)
    allowed = np.flatnonzero(constraint.allowed(300)).tolist()
    assert all(" [{".startswith(tokenizer.token_bytes(id_).decode()) for id_ in allowed)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (DEFAULT_TEMPLATE, JSON_LINES),
        ("{% if tools %}<tool_call>{{ tools }}{% endif %}", HERMES),
        ("{{ tools }} [TOOL_CALLS] [", MISTRAL_LIST),
        ("{{ tools }} [TOOL_CALLS][", MISTRAL_TIGHT),
        ("{{ tools }} [TOOL_CALLS] [ARGS]", MISTRAL_ARGS),
        ('{{ tools }} {"name": "parameters": ', LLAMA),
    ],
)
def test_the_template_tells_the_format(source: str, written: ToolFormat) -> None:
    assert tool_format(source) == written


@pytest.mark.parametrize(
    "source",
    [
        "{% for message in messages %}{{ message.content }} tools{% endfor %}",
        "{{ tools }}",
        "{{ tools }}<tool_call><function=",
        "{{ tools }}[TOOL_CALLS] [CALL_ID] [ARGS]",
    ],
)
def test_other_templates_are_refused(source: str) -> None:
    with pytest.raises(TokenizerError, match="tools"):
        tool_format(source)
