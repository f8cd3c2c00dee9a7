"""Forms of answers as grammars: JSON by a schema, and text with calls of tools."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fledge.generate.json_schema import check_schema
from fledge.text.conversation import Tool
from fledge.text.tool_format import ToolFormat

Json = Mapping[str, Any]

MARKS = ("[TOOL_CALLS]", "[ARGS]", "<tool_call>", "</tool_call>")
"""Texts around calls that some tokenizers have as special tokens."""
MOST_CALLS = 16
"""Most calls in one answer: a small model would call without end."""
ANY_OBJECT: Json = {"type": "object"}
WHITESPACE = r" |\n {0,16}"
"""Space between two parts of JSON: one, or a new line with its indent. More would leave a small
model room to lose itself in."""
ESCAPES = 'nrbtf\\"'
"""Escapes in strings; `\\u` is left out, because half of a surrogate pair is no text."""
HEADER = '%llguidance {"no_forcing": true}\n'
"""Options of each grammar. Forced text would be tokenised on its own, which SentencePiece's
vocabularies cannot do."""


def json_form(schema: Json, leading_space: bool = False) -> str:
    """Return the grammar of JSON that is valid for a schema.

    `leading_space` allows one more space in front, which SentencePiece's decoding drops.

    Raises:
        SchemaRefused: the schema is too large.
    """
    space = "/ ?/ " if leading_space else ""
    return f"{HEADER}start: {space}{json_rule(schema)}\n"


def json_rule(schema: Json) -> str:
    """Return the rule of JSON that is valid for a schema; raises as `json_form`."""
    check_schema(schema)
    options = {"whitespace_pattern": WHITESPACE, "json_allowed_escapes": ESCAPES}
    return f"%json {json.dumps({**schema, 'x-guidance': options})}"


def tool_form(
    tool_format: ToolFormat,
    tools: Sequence[Tool],
    special_ids: Mapping[str, int],
    *,
    required: bool,
    several: bool,
    schema: Json | None = None,
    leading_space: bool = False,
) -> str:
    """Return the grammar of answers that may, or if `required` must, call tools.

    Text that calls nothing is free, or JSON by `schema`. `special_ids` are the tokenizer's special
    tokens; `several` calls are written where the format knows them. Raises as `json_form`.
    """
    written = tool_format.start + tool_format.opening
    special = tool_format.trigger in special_ids
    before = written.removeprefix(tool_format.trigger)
    names = [
        f"{_literal(tool.name + tool_format.middle, special_ids)} arguments_{index}"
        for index, tool in enumerate(tools)
    ]
    more = ""
    if several and tool_format.several:
        again = _literal(tool_format.between + tool_format.opening, special_ids)
        more = f" ({again} call){{0,{MOST_CALLS - 1}}}"
    calls = f"{_literal(before, special_ids)} call{more} {_literal(tool_format.end, special_ids)}"
    rules = [f"call: ({' | '.join(names)}) {_literal(tool_format.closing, special_ids)}"]
    rules += [
        f"arguments_{index}: {json_rule(_arguments(tool))}" for index, tool in enumerate(tools)
    ]
    trigger = _literal(tool_format.trigger, special_ids)
    space = "/ ?/ " if leading_space else ""
    if required:
        start = [f"start: {space}{trigger} {calls}"]
    elif schema is not None:
        start = [f"start: {space}({trigger} {calls} | answer)", f"answer: {json_rule(schema)}"]
    elif special:
        start = [f"start: TEXT ({trigger} {calls})?", "TEXT: /(?s:.*)/"]
    else:
        start = _text_then_calls(tool_format, calls, space)
    return HEADER + "\n".join([*start, *rules]) + "\n"


def _text_then_calls(tool_format: ToolFormat, calls: str, space: str) -> list[str]:
    """Return the rules of text in which a trigger, spelled in ordinary tokens, begins the calls."""
    trigger = re.sub(r"([\[\]{}|/])", r"\\\1", tool_format.trigger)
    before = r"(?s:(.*\n)?)" if tool_format.on_own_line else "(?s:.*)"
    if space and tool_format.on_own_line:
        # Decoding drops a space at the very beginning only; after a line break it stays, and what
        # follows it is text.
        before = r"( ?|(?s:.*\n))"
    return [
        f"start: TEXT | head {calls}",
        f"TEXT: /(?s:.*)/ & ~/{before}{trigger}(?s:.*)/",
        f"head[lazy]: /{before}{trigger}/",
    ]


def _arguments(tool: Tool) -> Json:
    """Return the schema of a tool's arguments, which are an object; none by default."""
    schema: Json = json.loads(tool.parameters)
    return {"type": "object", **schema} if schema else {**ANY_OBJECT, "additionalProperties": False}


def _literal(text: str, special_ids: Mapping[str, int]) -> str:
    """Return fixed text as a grammar writes it; special tokens in it stand for their ids."""
    known = [each for each in MARKS if each in special_ids]
    pieces = re.split(f"({'|'.join(map(re.escape, known))})", text) if known else [text]
    return " ".join(
        f"<[{special_ids[piece]}]>" if piece in known else json.dumps(piece, ensure_ascii=False)
        for piece in pieces
        if piece
    )
