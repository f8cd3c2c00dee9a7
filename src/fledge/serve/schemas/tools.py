"""Tools and the form of answers as data: what may be called, what was called, JSON schemas."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from fledge.serve.schemas.common import Incoming

MOST_TOOLS = 128
"""Tools of one request, and calls of one turn."""

ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]


class CalledFunction(Incoming):
    """Function that the assistant called."""

    name: str = Field(min_length=1, max_length=200)
    arguments: str
    """Arguments as JSON."""


class MessageToolCall(Incoming):
    """Call in an assistant's message."""

    id: str = Field(min_length=1, max_length=200)
    """Id that the tool's message repeats."""
    type: Literal["function"]
    function: CalledFunction


class FunctionDefinition(Incoming):
    """Function that the assistant may call."""

    name: ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON Schema of the arguments; none if not given."""
    strict: bool | None = None
    """No effect: arguments are always valid for `parameters`."""


class ChatTool(Incoming):
    """Tool that the assistant may call; only functions are supported."""

    type: Literal["function"]
    function: FunctionDefinition


class FunctionName(Incoming):
    """Name of a function."""

    name: str


class ToolChoice(Incoming):
    """Tool that must be called; only the type `function` is supported, which has its name."""

    type: str
    function: FunctionName | None = None
    name: str | None = None
    """Name in `/v1/responses`."""


class JsonSchema(Incoming):
    """JSON Schema that the answer is valid for."""

    name: str | None = Field(None, max_length=200)
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None
    """No effect: answers are always valid for the schema."""


class ResponseFormat(Incoming):
    """Form of the answer: `text`, `json_object` or `json_schema`."""

    type: str
    json_schema: JsonSchema | None = None
    """Schema of the answer, for the type `json_schema`."""


class ToolKind(Incoming):
    """Type of a tool; only functions are supported."""

    type: Literal["function"]


class FlatTool(FunctionDefinition, ToolKind):
    """Tool as `/v1/responses` has it: a function and its type in one."""


class TextFormat(Incoming):
    """Form of the answer as `/v1/responses` has it: `text`, `json_object` or `json_schema`."""

    type: str
    name: str | None = Field(None, max_length=200)
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    """Schema of the answer, for the type `json_schema`."""
    strict: bool | None = None
    """No effect: answers are always valid for the schema."""


class AnswerFunction(BaseModel):
    """Function that is called, with its arguments as JSON."""

    name: str
    arguments: str


class AnswerToolCall(BaseModel):
    """Call in an answer."""

    id: str
    type: Literal["function"] = "function"
    function: AnswerFunction


class FunctionDelta(BaseModel):
    """Addition to a call's function: first the name, then pieces of the arguments."""

    name: str | None = None
    arguments: str = ""


class ToolCallDelta(BaseModel):
    """Addition to a call by one chunk; id and type come with the first."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionDelta
