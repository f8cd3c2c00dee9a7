"""Limits of the JSON Schemas that an answer may be held to: bounded size, depth and arithmetic."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from fledge.errors import GenerationError

MOST_CHARACTERS = 100_000
"""Longest schema as JSON; one of that length compiles within half a second."""
MOST_LEVELS = 400
"""Deepest nesting of lists and objects, through references too; thousands exhaust the stack."""
LARGEST_MULTIPLE = 10_000
"""Largest product of all `multipleOf`, decimals removed: their automata have as many states."""

Json = Mapping[str, Any]


class SchemaRefused(GenerationError):
    """A JSON Schema uses what is not supported, or is too large."""


def check_schema(schema: Json) -> None:
    """Raise unless a schema can be compiled in bounded time and memory.

    Raises:
        SchemaRefused: it is too long, too deep or too costly.
    """
    # The depth comes first: writing JSON that is too deep would exhaust Python's stack.
    levels = _depth(schema) + sum(_depth(target) for target in _targets(schema))
    if levels > MOST_LEVELS:
        raise SchemaRefused(
            f"the schema is {levels:,} levels deep, counting each reference once; at most "
            f"{MOST_LEVELS:,} are supported"
        )
    length = len(json.dumps(schema))
    if length > MOST_CHARACTERS:
        raise SchemaRefused(
            f"the schema has {length:,} characters; at most {MOST_CHARACTERS:,} are supported"
        )
    product = 1
    for value in _values(schema, "multipleOf"):
        if isinstance(value, int | float) and value > 0:
            product *= Fraction(str(value)).numerator
    if product > LARGEST_MULTIPLE:
        raise SchemaRefused(
            f"multipleOf: the product of all, decimal points removed, is {product:,}; at most "
            f"{LARGEST_MULTIPLE:,} is supported"
        )


def _depth(value: object) -> int:
    """Return the levels of lists and objects, up to one more than are supported."""
    level, depth = [value], 0
    while level and depth <= MOST_LEVELS:
        level = [child for each in level for child in _children(each)]
        depth += 1
    return depth


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _values(schema: object, name: str) -> Iterator[object]:
    """Yield the value of every field `name`, wherever it is."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and name in value:
            yield value[name]
        waiting += _children(value)


def _targets(schema: Json) -> Iterator[object]:
    """Yield the target of each reference once; one that is not found counts as the whole schema."""
    for reference in {ref for ref in _values(schema, "$ref") if isinstance(ref, str)}:
        target: object = schema
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            target = target.get(name, schema) if isinstance(target, dict) else schema
        yield target
