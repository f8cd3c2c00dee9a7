"""Forms that requests ask for, of both chat APIs: JSON schemas, tools, and the choice of one."""

import json
from collections.abc import Sequence
from typing import Any

from fledge.generate.forms import ANY_OBJECT
from fledge.generate.json_schema import SchemaRefused, check_schema
from fledge.serve.errors import ApiError, unsupported
from fledge.serve.models.structure import Structure
from fledge.serve.schemas.chat import ChatCompletionRequest
from fledge.serve.schemas.responses import ResponseRequest
from fledge.serve.schemas.tools import (
    FlatTool,
    FunctionDefinition,
    ResponseFormat,
    TextFormat,
    ToolChoice,
)
from fledge.text.conversation import Tool

Json = dict[str, Any]
Choice = str | ToolChoice | None


def chat_structure(request: ChatCompletionRequest) -> Structure:
    """Return the form that a chat completion asks for.

    Raises:
        ApiError: the form is not supported, or the choice names no tool.
    """
    schema, form = schema_of(request.response_format)
    if request.functions and request.tools:
        raise ApiError(400, "Send either tools or functions, its older form.", param="functions")
    functions = request.functions or [tool.function for tool in request.tools or ()]
    choice: Choice = request.tool_choice
    choice_path, several = "tool_choice", request.parallel_tool_calls is not False
    if request.tools and request.function_call not in (None, "none", "auto"):
        raise ApiError(400, "Tools are chosen by tool_choice.", param="function_call")
    if not request.tools and (request.functions or request.function_call is not None):
        choice_path, several = "function_call", False
        older = request.function_call
        choice = older if older is None or isinstance(older, str) else _named(older.name)
    return _structure(functions, choice, choice_path, several, schema, form, "response_format")


def response_structure(request: ResponseRequest) -> Structure:
    """Return the form that a response asks for; raises as `chat_structure`."""
    asked = None if request.text is None else request.text.format
    schema, form = schema_of(None if asked is None else _chat_form(asked), "text.format")
    choice: Choice = request.tool_choice
    if isinstance(choice, ToolChoice) and choice.type == "function" and choice.name is not None:
        choice = _named(choice.name)
    several = request.parallel_tool_calls is not False
    functions: list[FlatTool] = request.tools or []
    return _structure(functions, choice, "tool_choice", several, schema, form, "text.format")


def schema_of(
    form: ResponseFormat | None, path: str = "response_format"
) -> tuple[str | None, Json | None]:
    """Return the schema of the answer and the form as another server is asked for it.

    Raises:
        ApiError: the form is not supported.
    """
    match form:
        case None | ResponseFormat(type="text"):
            return None, None
        case ResponseFormat(type="json_object"):
            return json.dumps(ANY_OBJECT), {"type": "json_object"}
        case ResponseFormat(type="json_schema", json_schema=asked):
            if asked is None:
                raise ApiError(400, "The type json_schema needs a schema.", param=path)
            _require_bounded(asked.schema_, path)
            sent = form.model_dump(by_alias=True, exclude_unset=True)
            return json.dumps(asked.schema_), sent
        case _:
            raise unsupported(path, "Supported types are text, json_object and json_schema.")


def _chat_form(form: TextFormat) -> ResponseFormat:
    """Return the form as chat completions have it."""
    _require_bounded(form.schema_ or {}, "text.format")
    inner = form.model_dump(by_alias=True, exclude_unset=True, exclude={"type"})
    has_schema = inner.get("schema") is not None
    return ResponseFormat.model_validate(
        {"type": form.type} | ({"json_schema": inner} if has_schema else {})
    )


def _named(name: str) -> ToolChoice:
    return ToolChoice.model_validate({"type": "function", "function": {"name": name}})


def _structure(
    functions: Sequence[FunctionDefinition],
    choice: Choice,
    choice_path: str,
    several: bool,
    schema: str | None,
    form: Json | None,
    schema_path: str,
) -> Structure:
    tools = [_tool(function, f"tools.{index}") for index, function in enumerate(functions)]
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise ApiError(400, "Each tool needs a name of its own.", param="tools")
    only = _only(choice, names, choice_path)
    required = only is not None or choice == "required"
    if required and not tools:
        raise ApiError(400, "There are no tools to call; send `tools`.", param=choice_path)
    is_used = bool(tools) and choice != "none"
    sent: Json = {} if form is None else {"response_format": form}
    if tools:
        sent["tools"] = [json.loads(tool.definition) for tool in tools]
        sent["tool_choice"] = _sent_choice(choice, only)
        if not several:
            sent["parallel_tool_calls"] = False
    return Structure(
        schema=schema,
        told=tuple(tools) if is_used else (),
        tools=tuple(tool for tool in tools if is_used and only in (None, tool.name)),
        required=required,
        several=several and only is None,  # as OpenAI: a named function is called once
        schema_path=schema_path,
        sent=sent,
    )


def _tool(function: FunctionDefinition, path: str) -> Tool:
    _require_bounded(function.parameters or {}, path)
    told = function.model_dump(
        include={"name", "description", "parameters"}, exclude_unset=True, exclude_none=True
    )
    definition = json.dumps({"type": "function", "function": told})
    return Tool(function.name, definition, json.dumps(function.parameters or {}))


def _require_bounded(schema: Json, path: str) -> None:
    """Raise `ApiError` for a schema that is too large to be read further."""
    try:
        check_schema(schema)
    except SchemaRefused as error:
        raise ApiError(400, f"This JSON Schema is not supported: {error}.", param=path) from error


def _only(choice: Choice, names: Sequence[str], path: str) -> str | None:
    """Return the tool that must be called. Raises `ApiError` for a choice that is not supported."""
    if choice is None or choice in ("none", "auto", "required"):
        return None
    if isinstance(choice, str):
        raise ApiError(400, "Choose none, auto, required, or a function by its name.", param=path)
    if choice.type != "function":
        raise unsupported(path, f"The type {choice.type!r} is not supported; name a function.")
    if choice.function is None:
        raise ApiError(400, "A chosen function needs its name.", param=path)
    if choice.function.name not in names:
        raise ApiError(400, f"There is no tool named {choice.function.name!r}.", param=path)
    return choice.function.name


def _sent_choice(choice: Choice, only: str | None) -> object:
    if only is not None:
        return {"type": "function", "function": {"name": only}}
    return choice or "auto"
