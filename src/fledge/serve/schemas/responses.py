"""`POST /v1/responses` as data: the request, the response and the events of a stream."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, SerializeAsAny, Tag

from fledge.serve.schemas.chat import MOST_MESSAGES
from fledge.serve.schemas.common import Body, Incoming, Incomplete
from fledge.serve.schemas.tools import MOST_TOOLS, FlatTool, TextFormat, ToolChoice
from fledge.serve.schemas.wishes import TokenLimit


class InputPart(Incoming):
    """Part of an item's content; only text is understood."""

    type: Literal["input_text", "output_text", "text"]
    text: str


class InputMessage(Incoming):
    """Turn of the conversation."""

    type: Literal["message"] | None = None
    role: Literal["user", "assistant", "system", "developer"]
    content: str | Annotated[list[InputPart], Field(fail_fast=True)]


class InputCall(Incoming):
    """Call of a tool by the assistant."""

    type: Literal["function_call"]
    call_id: str = Field(min_length=1, max_length=200)
    """Id that the output repeats."""
    name: str = Field(min_length=1, max_length=200)
    arguments: str
    """Arguments as JSON."""


class CallOutput(Incoming):
    """Output of a tool."""

    type: Literal["function_call_output"]
    call_id: str = Field(min_length=1, max_length=200)
    """Call that it answers."""
    output: str | Annotated[list[InputPart], Field(fail_fast=True)]


def input_text(content: str | list[InputPart]) -> str:
    """Return a content as one string."""
    return content if isinstance(content, str) else "".join(part.text for part in content)


def _kind(item: object) -> object:
    """Return the type of an item, which a message may leave out."""
    if isinstance(item, dict):
        return item.get("type") or "message"
    return getattr(item, "type", None) or "message"


InputItem = Annotated[
    Annotated[InputMessage, Tag("message")]
    | Annotated[InputCall, Tag("function_call")]
    | Annotated[CallOutput, Tag("function_call_output")],
    Discriminator(_kind),
]


class TextSettings(Incoming):
    """Form of the answer."""

    format: TextFormat | None = None


class ResponseRequest(Body):
    """`POST /v1/responses`."""

    model: str = Field(max_length=500)
    """Id of a model, as listed by `/v1/models`."""
    input: (
        str
        | Annotated[list[InputItem], Field(min_length=1, max_length=MOST_MESSAGES, fail_fast=True)]
    )
    """Message of the user, or several turns of a conversation."""
    instructions: str | None = None
    """System prompt; it does not carry over to the next response."""
    previous_response_id: str | None = Field(None, max_length=200)
    """Id of a stored response to continue from."""
    store: bool | None = None
    """Store the response for `previous_response_id`; true if not given."""
    stream: bool | None = None
    """Stream the answer as it is written."""
    temperature: float | None = Field(None, ge=0, le=2)
    """0 always takes the most likely token; the server's default if not given."""
    top_p: float | None = Field(None, ge=0, le=1)
    """Sample from the smallest set of tokens with at least this total probability; 0 always takes
    the most likely token."""
    max_output_tokens: TokenLimit = Field(None, ge=-1)
    """Maximum length of the answer in tokens; cut to the room left in the context, which is the
    limit where it is 0 or -1."""
    stop_repetition: bool | None = None
    """Extension to OpenAI's API: end an answer that repeats itself; true if not given."""
    metadata: dict[str, str] | None = None
    """Returned with the response, unchanged."""
    user: str | None = Field(None, max_length=500)
    """User behind the request; when requests have to wait, users take turns."""
    truncation: Literal["auto", "disabled"] | None = None
    """ "auto" drops the oldest messages of a conversation that is too long."""
    text: TextSettings | None = None
    """Form of the answer: text, any JSON object, or JSON that is valid for a schema."""
    tools: list[FlatTool] | None = Field(None, max_length=MOST_TOOLS, fail_fast=True)
    """Functions that the model may call."""
    tool_choice: str | ToolChoice | None = None
    """`none`, `auto`, `required`, or the function that must be called; `auto` if not given."""
    parallel_tool_calls: bool | None = None
    """Allow several calls in one answer; true if not given."""
    background: bool | None = None
    """Not supported; refused."""
    prompt: dict[str, object] | None = None
    """Not supported; refused."""


class OutputText(BaseModel):
    """Text of an answer."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[str] = []
    logprobs: list[str] = []


class OutputMessage(BaseModel):
    """Turn of the assistant."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OutputText]


class OutputCall(BaseModel):
    """Call of a tool by the assistant."""

    id: str
    type: Literal["function_call"] = "function_call"
    status: Literal["in_progress", "completed", "incomplete"]
    call_id: str
    name: str
    arguments: str


OutputItem = OutputMessage | OutputCall


class TellingTool(BaseModel):
    """Function that the model may call, as the response repeats it."""

    type: Literal["function"] = "function"
    name: str
    description: str | None
    parameters: dict[str, Any] | None
    strict: bool | None


class NamedChoice(BaseModel):
    """Function that must be called."""

    type: Literal["function"] = "function"
    name: str


class InputDetails(BaseModel):
    """Details of the input tokens; nothing is cached between requests."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputDetails(BaseModel):
    """Details of the output tokens; there is no hidden reasoning."""

    reasoning_tokens: int = 0


class ResponseUsage(BaseModel):
    """Tokens read and written."""

    input_tokens: int
    input_tokens_details: InputDetails = InputDetails()
    output_tokens: int
    output_tokens_details: OutputDetails = OutputDetails()
    total_tokens: int


class AnswerFormat(BaseModel):
    """Plain text, or any JSON object."""

    type: Literal["text", "json_object"] = "text"


class SchemaFormat(BaseModel):
    """JSON that is valid for a schema."""

    type: Literal["json_schema"] = "json_schema"
    name: str
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool


class TextForm(BaseModel):
    """Form of the answer."""

    format: AnswerFormat | SchemaFormat = AnswerFormat()


class ResponseObject(BaseModel):
    """Response, finished or on its way."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed", "incomplete"]
    error: None = None
    incomplete_details: SerializeAsAny[Incomplete] | None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, str]
    model: str
    output: list[OutputItem]
    parallel_tool_calls: bool = False
    previous_response_id: str | None
    store: bool
    temperature: float | None
    text: TextForm = TextForm()
    tool_choice: Literal["none", "auto", "required"] | NamedChoice = "none"
    tools: list[TellingTool] = []
    top_p: float | None
    truncation: Literal["auto", "disabled"]
    usage: ResponseUsage
    """Token counts so far; complete once the response is."""


class ResponseEvent(BaseModel):
    """Event with the response as it stands."""

    type: Literal[
        "response.created", "response.in_progress", "response.completed", "response.incomplete"
    ]
    sequence_number: int
    response: ResponseObject


class ItemEvent(BaseModel):
    """Event at the beginning or end of an item of the output."""

    type: Literal["response.output_item.added", "response.output_item.done"]
    sequence_number: int
    output_index: int = 0
    item: OutputItem


class PartEvent(BaseModel):
    """Event at the beginning or end of a part of an item."""

    type: Literal["response.content_part.added", "response.content_part.done"]
    sequence_number: int
    item_id: str
    output_index: int = 0
    content_index: int = 0
    part: OutputText


class DeltaEvent(BaseModel):
    """Event with more text."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    sequence_number: int
    item_id: str
    output_index: int = 0
    content_index: int = 0
    delta: str
    logprobs: list[str] = []


class TextDoneEvent(BaseModel):
    """Event with all the text."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    sequence_number: int
    item_id: str
    output_index: int = 0
    content_index: int = 0
    text: str
    logprobs: list[str] = []


class ArgumentsEvent(BaseModel):
    """Event with more arguments of a call."""

    type: Literal["response.function_call_arguments.delta"] = (
        "response.function_call_arguments.delta"
    )
    sequence_number: int
    item_id: str
    output_index: int
    delta: str


class ArgumentsDoneEvent(BaseModel):
    """Event with all the arguments of a call."""

    type: Literal["response.function_call_arguments.done"] = "response.function_call_arguments.done"
    sequence_number: int
    item_id: str
    output_index: int
    name: str
    arguments: str


class ErrorEvent(BaseModel):
    """Event of an error, which ends the stream."""

    type: Literal["error"] = "error"
    sequence_number: int
    code: str | None
    message: str
    param: str | None


class DeletedResponse(BaseModel):
    """Receipt of a deleted response."""

    id: str
    object: Literal["response"] = "response"
    deleted: bool = True
