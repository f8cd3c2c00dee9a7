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
LARGEST_VALUE = 2**53
"""Largest number in `enum` or `const`: the compiler keeps it as a float, and would write one beside
it (RFC 8259, section 6)."""

Json = Mapping[str, Any]


class SchemaRefused(GenerationError):
    """A JSON Schema uses what is not supported, or is too large."""


def check_schema(schema: Json) -> None:
    """Raise unless a schema can be compiled in bounded time and memory.

    Raises:
        SchemaRefused: it is too long, too deep or too costly.
    """
    # The depth comes first: writing JSON that is too deep would exhaust Python's stack. References
    # come last: following those of a schema of any length would take time with its square.
    _require_levels(_depth(schema))
    length = len(_json(schema))
    if length > MOST_CHARACTERS:
        raise SchemaRefused(
            f"the schema has {length:,} characters; at most {MOST_CHARACTERS:,} are supported"
        )
    _require_levels(_levels(schema))
    _require_exact_values(schema)
    product = 1
    for value in _values(schema, "multipleOf"):
        if isinstance(value, int | float) and value > 0:
            product *= Fraction(str(value)).numerator
        if product > LARGEST_MULTIPLE:
            raise SchemaRefused(
                "multipleOf: the product of all, decimal points removed, is above "
                f"{LARGEST_MULTIPLE:,}, the largest that is supported"
            )


def _json(schema: Json) -> str:
    """Return a schema as JSON.

    Raises:
        SchemaRefused: JSON, or UTF-8, has no spelling for a part of it.
    """
    try:
        text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError as error:
        raise SchemaRefused("a text in it holds half of a surrogate pair") from error
    except ValueError as error:
        raise SchemaRefused("a number in it is infinite, or none (NaN)") from error
    return text


def _require_exact_values(schema: Json) -> None:
    # A field may itself have the name `enum`; its schema is no list.
    waiting: list[object] = [each for each in _values(schema, "enum") if isinstance(each, list)]
    waiting += _values(schema, "const")
    while waiting:
        value = waiting.pop()
        if isinstance(value, int | float) and abs(value) > LARGEST_VALUE:
            raise SchemaRefused(
                f"enum or const: {str(value)[:40]} is beyond ±{LARGEST_VALUE:,}, where numbers are "
                "rounded; make it a string"
            )
        waiting += _children(value)


def _require_levels(levels: int) -> None:
    if levels > MOST_LEVELS:
        raise SchemaRefused(
            "the schema, counting each reference once, is deeper than the "
            f"{MOST_LEVELS:,} levels that are supported"
        )


def _levels(schema: Json) -> int:
    """Return the levels of a schema and of each reference's target, until they are too many."""
    depths = {id(schema): _depth(schema)}
    levels = depths[id(schema)]
    for target in _targets(schema):
        if levels > MOST_LEVELS:
            break
        if id(target) not in depths:
            depths[id(target)] = _depth(target)
        levels += depths[id(target)]
    return levels


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
