"""Forms that answers are held to: as a request asks for them, and compiled for a model."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from fledge.errors import GenerationError
from fledge.generate.forms import MARKS, json_form, tool_form
from fledge.generate.grammar import Grammar, compile_grammar, schema_fault
from fledge.generate.json_schema import SchemaRefused
from fledge.serve.errors import ApiError
from fledge.serve.models.registry import ServedModel
from fledge.text.conversation import Tool
from fledge.text.tool_format import tool_format
from fledge.text.tool_reader import ToolReader


@dataclass(frozen=True, slots=True)
class Structure:
    """Form of an answer, as a request asks for it.

    Text that calls nothing is JSON by `schema`, or free. The model is `told` of all tools; `tools`
    are those that it may call, one of which it must if `required`. `sent` are the fields of
    OpenAI's chat API that say the same to another server; `schema_path` is where this request has
    the schema.
    """

    schema: str | None = None
    told: tuple[Tool, ...] = ()
    tools: tuple[Tool, ...] = ()
    required: bool = False
    several: bool = True
    schema_path: str = "response_format"
    sent: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Held:
    """Compiled form; `reader` takes an answer with calls apart, one for each choice.

    `marks` are the special tokens that the form writes.
    """

    grammar: Grammar
    reader: Callable[[], ToolReader] | None = None
    marks: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))


async def held_to(structure: Structure, model: ServedModel) -> Held | None:
    """Compile the form of an answer beside the event loop; None where it is free.

    Raises:
        ApiError: a schema uses what is not supported, or is too large; it names which.
        TokenizerError: the model's template takes no tools.
    """
    if structure.schema is None and not structure.tools:
        return None
    return await asyncio.to_thread(_held, structure, model)


def _held(structure: Structure, model: ServedModel) -> Held:
    schema = None if structure.schema is None else json.loads(structure.schema)
    tokenizer = model.tokenizer
    try:
        if not structure.tools:
            assert schema is not None
            form = json_form(schema, tokenizer.drops_first_space)
            return Held(compile_grammar(form, tokenizer))
        written = tool_format(model.template.source)
        form = tool_form(
            written,
            structure.tools,
            tokenizer.special_texts,
            required=structure.required,
            several=structure.several,
            schema=schema,
            leading_space=tokenizer.drops_first_space,
        )
        grammar = compile_grammar(form, tokenizer)
    except SchemaRefused as error:
        raise _named(error, structure) from error
    except GenerationError as error:
        path = "tools" if structure.tools else structure.schema_path
        raise ApiError(400, f"Cannot hold the answer to this form: {error}.", param=path) from error
    names = [tool.name for tool in structure.tools]
    known = {
        tokenizer.special_texts[mark]: mark for mark in MARKS if mark in tokenizer.special_texts
    }
    return Held(grammar, partial(ToolReader, written, names, new_call_id), known)


def _named(error: SchemaRefused, structure: Structure) -> ApiError:
    """Return the refusal with the schema that caused it."""
    schemas = {f"tools.{i}": tool.parameters for i, tool in enumerate(structure.tools)}
    if structure.schema is not None:
        schemas[structure.schema_path] = structure.schema
    for path, schema in schemas.items():
        try:
            fault = schema_fault(json_form(json.loads(schema)))
        except SchemaRefused as refused:
            fault = str(refused)
        if fault:
            return ApiError(400, f"This JSON Schema is not supported: {fault}.", param=path)
    return ApiError(400, f"These schemas are not supported together: {error}.", param="tools")


def new_call_id() -> str:
    """Return the id of a call that has none yet."""
    return f"call_{uuid.uuid4().hex[:24]}"
