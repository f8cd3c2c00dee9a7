"""Grammars: what may come next, what is refused, and what a hostile schema costs."""

import time

import numpy as np
import pytest

from fledge.errors import GenerationError
from fledge.generate.forms import json_form
from fledge.generate.grammar import Grammar, compile_grammar
from fledge.generate.json_schema import SchemaRefused
from fledge.text.tokenizer import Tokenizer

POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(["The tide comes in twice a day. " * 4], 300)


def compiled(schema: dict, tokenizer: Tokenizer) -> Grammar:
    return compile_grammar(json_form(schema, tokenizer.drops_first_space), tokenizer)


def takes(grammar: Grammar, tokenizer: Tokenizer, text: str) -> bool | None:
    """None if a token of the text is not allowed, else whether the text is complete."""
    constraint = grammar.start()
    for token_id in tokenizer.encode(text):
        if not constraint.allowed(tokenizer.vocabulary_size)[token_id]:
            return None
        constraint.accept(token_id)
    return constraint.finished


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ('{"x": 1}', True),
        ('{"x":1}', True),
        ('{\n  "x": -12\n}', True),
        ('{"x": 1', False),
        ('{"x":  1}', None),  # one space, or a new line with its indent
        ('{\n\n"x":1}', None),
        ('{"x": 1.5}', None),
        ('{"x": 1, "y": 2}', None),
        ("x", None),
        ('{"x": 1} ', None),
    ],
)
def test_only_valid_json_is_allowed(tokenizer: Tokenizer, text: str, complete: bool | None) -> None:
    assert takes(compiled(POINT, tokenizer), tokenizer, text) is complete


def test_the_end_is_allowed_only_where_the_json_is_complete(tokenizer: Tokenizer) -> None:
    constraint = compiled({"type": "integer"}, tokenizer).start()
    ends = sorted(tokenizer.stop_ids)
    assert not constraint.allowed(tokenizer.vocabulary_size)[ends].any()
    constraint.accept(tokenizer.encode("7")[0])
    assert constraint.allowed(tokenizer.vocabulary_size)[ends].all()
    assert not constraint.finished  # more digits may follow


def test_rows_beyond_the_tokenizer_are_never_allowed(tokenizer: Tokenizer) -> None:
    size = tokenizer.vocabulary_size
    allowed = compiled(POINT, tokenizer).start().allowed(size + 50)
    assert len(allowed) == size + 50 and not allowed[size:].any()


def test_answers_of_one_grammar_do_not_touch_each_other(tokenizer: Tokenizer) -> None:
    grammar = compiled(POINT, tokenizer)
    first, second = grammar.start(), grammar.start()
    before = second.allowed(300)
    for token_id in tokenizer.encode('{"x": 1}'):
        first.accept(token_id)
    assert first.finished and not second.finished
    assert np.array_equal(second.allowed(300), before)


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"not": {"type": "string"}}, "not"),
        ({"type": "array", "items": {}, "uniqueItems": True}, "uniqueItems"),
        ({"if": {}, "then": {}}, "if"),
        ({"type": "array", "contains": {}}, "contains"),
        ({"type": "string", "format": "colour"}, "colour"),
        ({"type": "string", "pattern": "(?=a)"}, "look-ahead"),
        ({"type": "string", "pattern": r"(a)\1"}, "backreferences"),
        ({"type": "wizard"}, "wizard"),
        ({"$ref": "https://example.org/x"}, "https://example.org/x"),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "unsatisfiable"),
        ({"type": "integer", "multipleOf": 999_983}, "multipleOf"),
        ({"type": "integer", "allOf": [{"multipleOf": 997}, {"multipleOf": 991}]}, "multipleOf"),
        ({"enum": ["x" * 100_000]}, "characters"),
        ({"type": "number", "multipleOf": float("inf")}, "infinite"),
        ({"const": float("nan")}, "NaN"),
        ({"const": "\ud800"}, "surrogate"),
        ({"enum": [1, 2**53 + 1]}, "9007199254740993"),
        ({"anyOf": [{"const": {"id": [-(2**63)]}}]}, "-9223372036854775808"),
        ({"const": 1e300}, "1e+300"),
        ({"multipleOf": 10**4_299, "allOf": [{"multipleOf": 10**4_299}]}, "multipleOf"),
        ({"anyOf": [{"$ref": f"#{number}"} for number in range(500)]}, "levels"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    tokenizer: Tokenizer, schema: dict, named: str
) -> None:
    with pytest.raises(SchemaRefused) as refused:
        compiled(schema, tokenizer)
    assert named in str(refused.value) and "\n" not in str(refused.value)


def test_bounds_of_64_bits_and_fields_called_enum_are_taken(tokenizer: Tokenizer) -> None:
    field = {"type": "integer", "maximum": 2**63 - 1}
    schema = {"type": "object", "properties": {"enum": field}, "required": ["enum"]}
    constraint = compiled(schema, tokenizer).start()
    for token_id in tokenizer.encode('{"enum": 9223372036854775807}'):
        constraint.accept(token_id)
    assert not constraint.failure


def test_a_schema_of_no_text_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(GenerationError, match="allows no text"):
        compiled({"$ref": "#"}, tokenizer)


def test_a_vocabulary_without_braces_is_refused() -> None:
    letters = Tokenizer.characters(["abc"])
    with pytest.raises(GenerationError, match="lacks characters"):
        compiled(POINT, letters)


def test_references_are_followed_in_linear_time(tokenizer: Tokenizer) -> None:
    few = {"anyOf": [{"$ref": f"#a{number}"} for number in range(4_000)]}
    many = {"anyOf": [{"$ref": f"#a{number}"} for number in range(200_000)]}
    for schema in (few, many):
        began = time.thread_time()
        with pytest.raises(SchemaRefused):
            compiled(schema, tokenizer)
        assert time.thread_time() - began < 3


def nested(levels: int) -> dict:
    schema: dict = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def chain(length: int) -> dict:
    links = {
        f"d{i}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/d{i + 1}"}}}
        for i in range(length)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": {"type": "string"}}}


HOSTILE = {
    "deep": nested(300),
    "deepest": nested(5000),
    "chain": chain(300),
    "longest-chain": chain(3000),
    "parentheses": {"type": "string", "pattern": "(" * 20000 + ")" * 20000},
    "stars": {"type": "string", "pattern": "(a|b)*" * 5000},
    "repeats": {"type": "string", "pattern": "((a{1,100}){1,100}){1,100}"},
    "dots": {"type": "string", "pattern": "(.*a){30}.*"},
    "enum": {"enum": [f"{i:x}" * 4 for i in range(4000)]},
    "optional": {
        "type": "object",
        "properties": {f"p{i}": {"type": "string"} for i in range(1500)},
    },
    "product": {"allOf": [{"anyOf": [{"minLength": i * j} for i in range(8)]} for j in range(12)]},
    "long": {"type": "array", "items": {"type": "string", "minLength": 10**6}, "minItems": 10**6},
    "loop": {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 50}}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_refused_or_compiled_in_bounded_time(
    tokenizer: Tokenizer, name: str
) -> None:
    start = time.process_time()
    try:
        constraint = compiled(HOSTILE[name], tokenizer).start()
        for _ in range(20):
            allowed = np.flatnonzero(constraint.allowed(300))
            if not len(allowed) or allowed[0] in tokenizer.stop_ids:
                break
            constraint.accept(int(allowed[0]))
    except GenerationError:
        pass
    assert time.process_time() - start < 5
