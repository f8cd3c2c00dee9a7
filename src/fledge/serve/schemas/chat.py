"""`POST /v1/chat/completions` as data: the request, the answer and the chunks of a stream."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SerializeAsAny

from fledge.serve.schemas.common import Body, Incoming, StreamOptions, Usage
from fledge.serve.schemas.tools import (
    MOST_TOOLS,
    AnswerFunction,
    AnswerToolCall,
    CalledFunction,
    ChatTool,
    FunctionDefinition,
    FunctionDelta,
    FunctionName,
    MessageToolCall,
    ResponseFormat,
    ToolCallDelta,
    ToolChoice,
)
from fledge.serve.schemas.wishes import SamplingWishes, TokenLimit

MOST_MESSAGES = 10_000
"""Messages of one conversation."""


class TextPart(Incoming):
    """Part of a message's content; only text is understood."""

    type: Literal["text"]
    text: str


class ChatMessage(Incoming):
    """One turn; `developer` is the newer name of `system`, `tool` that of `function`."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Annotated[list[TextPart], Field(fail_fast=True)] | None = None
    tool_calls: (
        Annotated[list[MessageToolCall], Field(max_length=MOST_TOOLS, fail_fast=True)] | None
    ) = None
    """Calls of tools by the assistant, after its text."""
    tool_call_id: str | None = Field(None, max_length=200)
    """Call that a tool's message answers."""
    function_call: CalledFunction | None = None
    """Older form of `tool_calls`, which a message of the role `function` answers."""
    name: str | None = Field(None, max_length=200)
    """Function that a message of the role `function` comes from; no effect elsewhere."""
    audio: object = None
    """Not supported; refused."""

    def text(self) -> str:
        """Return the content as one string."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class ChatCompletionRequest(SamplingWishes, Body):
    """`POST /v1/chat/completions`."""

    model: str = Field(max_length=500)
    """Id of a model, as listed by `/v1/models`."""
    messages: list[ChatMessage] = Field(min_length=1, max_length=MOST_MESSAGES, fail_fast=True)
    """Conversation so far, oldest message first."""
    stream: bool | None = None
    """Stream the answer as it is written."""
    stream_options: StreamOptions | None = None
    """`include_usage` ends the stream with the token counts."""
    max_completion_tokens: TokenLimit = Field(None, ge=-1)
    """Newer name of `max_tokens`."""
    n: int | None = Field(None, ge=1, le=16)
    """Number of answers to write."""
    logprobs: bool | None = None
    """Return the log-probability of each token."""
    top_logprobs: int | None = Field(None, ge=0, le=20)
    """Number of most likely alternatives to return for each token."""
    response_format: ResponseFormat | None = None
    """Form of the answer: text, any JSON object, or JSON that is valid for a schema."""
    tools: list[ChatTool] | None = Field(None, max_length=MOST_TOOLS, fail_fast=True)
    """Functions that the model may call."""
    tool_choice: str | ToolChoice | None = None
    """`none`, `auto`, `required`, or the function that must be called; `auto` if not given."""
    parallel_tool_calls: bool | None = None
    """Allow several calls in one answer; true if not given."""
    functions: list[FunctionDefinition] | None = Field(None, max_length=MOST_TOOLS, fail_fast=True)
    """Older form of `tools`."""
    function_call: str | FunctionName | None = None
    """Older form of `tool_choice`."""
    truncation: Literal["auto", "disabled"] | None = None
    """Extension to OpenAI's API: "auto" drops the oldest messages if the context is full."""

    @property
    def limits(self) -> list[int]:
        """Limits that the request names; the newer name counts first."""
        named = (self.max_completion_tokens, self.max_tokens)
        return [limit for limit in named if limit is not None]

    @property
    def wants_usage(self) -> bool:
        """True where a stream ends with the token counts."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)


class TopLogprob(BaseModel):
    """Alternative token, and its log-probability in nats."""

    token: str
    logprob: float
    bytes: list[int]


class TokenLogprob(TopLogprob):
    """Token of the answer, with its alternatives."""

    top_logprobs: list[TopLogprob]


class ChoiceLogprobs(BaseModel):
    """Tokens behind a choice's text, or behind a chunk of it."""

    content: list[TokenLogprob]
    refusal: None = None


class AnswerMessage(BaseModel):
    """Turn of the assistant."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class CallingMessage(BaseModel):
    """Turn of the assistant that calls tools; the content is null where it only calls."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    tool_calls: list[AnswerToolCall]


class FunctionMessage(BaseModel):
    """Turn of the assistant that calls a function, in the older form."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    function_call: AnswerFunction


ChatReason = Literal["stop", "length", "content_filter", "tool_calls", "function_call"]


class Choice(BaseModel):
    """One of the `n` answers."""

    index: int
    message: AnswerMessage | CallingMessage | FunctionMessage
    finish_reason: ChatReason
    logprobs: ChoiceLogprobs | None


class RepeatingChoice(Choice):
    """Answer that was ended because it repeated itself; its finish reason is `length`."""

    stop_reason: Literal["repetition"]
    """Extension to OpenAI's API."""


class ChatCompletion(BaseModel):
    """Whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[SerializeAsAny[Choice]]
    usage: SerializeAsAny[Usage]
    system_fingerprint: str


class Delta(BaseModel):
    """Addition to the message by one chunk; unset fields are not sent."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: list[ToolCallDelta] | None = None
    function_call: FunctionDelta | None = None


class ChunkChoice(BaseModel):
    """Part of a chunk that belongs to one of the `n` answers."""

    index: int
    delta: Delta
    finish_reason: ChatReason | None
    logprobs: ChoiceLogprobs | None


class RepeatingChunkChoice(ChunkChoice):
    """Last chunk of an answer that was ended because it repeated itself."""

    stop_reason: Literal["repetition"]
    """Extension to OpenAI's API."""


class ChatCompletionChunk(BaseModel):
    """One event of a stream."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[SerializeAsAny[ChunkChoice]]
    usage: SerializeAsAny[Usage] | None = None
