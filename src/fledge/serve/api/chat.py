"""`POST /v1/chat/completions`, whole and streamed."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge import __version__
from fledge.generate.request import FinishReason
from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.history import conversation_of
from fledge.serve.api.structure import chat_structure
from fledge.serve.errors import ApiError, error_replies
from fledge.serve.models.answers import (
    AnswerStream,
    ChatAsk,
    Written,
    sent_reason,
    written,
)
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.chat import (
    AnswerMessage,
    CallingMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatReason,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    Delta,
    FunctionMessage,
    RepeatingChoice,
    RepeatingChunkChoice,
    TokenLogprob,
)
from fledge.serve.schemas.common import Usage
from fledge.serve.schemas.fields import passed_on
from fledge.serve.schemas.tools import (
    AnswerFunction,
    AnswerToolCall,
    FunctionDelta,
    ToolCallDelta,
)
from fledge.serve.show.streaming import EventStream, whole_or_gone
from fledge.text.tool_reader import CallPiece

FINGERPRINT = f"fledge-{__version__}"


@dataclass(frozen=True, slots=True)
class Completing:
    """Chat request and the answer that is being written to it."""

    id: str
    created: int
    request: ChatCompletionRequest
    answer: AnswerStream

    @property
    def is_older(self) -> bool:
        """True where the request has functions, the older form of tools."""
        return bool(self.request.functions)


def chat_routes(
    service: ModelService, identity: Identity, quota: Quota, clock: Callable[[], float]
) -> APIRouter:
    """Make the route; `clock` gives seconds since 1970."""
    router = APIRouter(tags=["Chat"])

    @router.post(
        "/v1/chat/completions",
        response_model=ChatCompletion,
        responses=error_replies(400, 401, 403, 404, 413, 429, 500, 503),
    )
    async def chat_completions(
        request: ChatCompletionRequest,
        http: Request,
        person: Annotated[Person, Depends(identity.caller)],
    ) -> Response:
        """Answer a conversation; `stream` sends the answer as server-sent events."""
        person.require_scope("chat")
        refuse_unread(request, service.models[request.model])
        refuse_unsupported(request)
        ask = chat_ask(request, identity.user_of(person, request.user))
        answer = await service.answer(ask, person, quota)
        id_ = f"chatcmpl-{uuid.uuid4().hex}"
        completing = Completing(id_, int(clock()), request, answer)
        if request.stream:
            return EventStream(chunks(completing), answer.close, answer.headers)
        return await whole_or_gone(http, whole(completing), answer.close, answer.headers)

    return router


def chat_ask(request: ChatCompletionRequest, user: str) -> ChatAsk:
    """Translate the request into an ask; `user` takes its turn where requests wait."""
    structure = chat_structure(request)
    return ChatAsk(
        model=request.model,
        conversation=replace(conversation_of(request.messages), tools=structure.told),
        user=user,
        wishes=request,
        choices=request.n or 1,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        truncate=request.truncation == "auto",
        extra=passed_on(request),
        structure=structure,
    )


def refuse_unsupported(request: ChatCompletionRequest) -> None:
    """Raise `ApiError` for features of the OpenAI API that an answer would silently lack."""
    if request.top_logprobs and not request.logprobs:
        raise ApiError(400, "top_logprobs needs logprobs to be true.", param="top_logprobs")


async def whole(completing: Completing) -> ChatCompletion:
    """Return all choices, once the last of them has ended."""
    choices = await written(completing.answer)
    return ChatCompletion(
        id=completing.id,
        created=completing.created,
        model=completing.answer.model,
        choices=[choice(index, each, completing) for index, each in enumerate(choices)],
        usage=completing.answer.usage(),
        system_fingerprint=FINGERPRINT,
    )


def choice(index: int, said: Written, completing: Completing) -> Choice:
    """Return a finished choice as it is sent."""
    repeats = said.finish_reason == "repetition"
    form = partial(RepeatingChoice, stop_reason="repetition") if repeats else Choice
    return form(
        index=index,
        message=message_of(said, completing.is_older),
        finish_reason=chat_reason(said.finish_reason, bool(said.calls), completing),
        logprobs=logprobs(said.logprobs, completing),
    )


def message_of(said: Written, is_older: bool) -> AnswerMessage | CallingMessage | FunctionMessage:
    """Return what the assistant said and called, in OpenAI's newer or older form."""
    if not said.calls:
        return AnswerMessage(content=said.text)
    functions = [AnswerFunction(name=call.name, arguments=call.arguments) for call in said.calls]
    if is_older:
        return FunctionMessage(content=said.text or None, function_call=functions[0])
    calls = [
        AnswerToolCall(id=call.id, function=function)
        for call, function in zip(said.calls, functions, strict=True)
    ]
    return CallingMessage(content=said.text or None, tool_calls=calls)


def chat_reason(reason: FinishReason, has_calls: bool, completing: Completing) -> ChatReason:
    """Return the finish reason in OpenAI's words; calls are a reason of their own."""
    if has_calls and reason == "stop":
        return "function_call" if completing.is_older else "tool_calls"
    return sent_reason(reason)


async def chunks(completing: Completing) -> AsyncIterator[ChatCompletionChunk]:
    """Yield the role, text, calls and finish reason of each choice, then the usage if asked for."""
    answer = completing.answer
    calling: set[int] = set()
    for index in range(answer.num_choices):
        yield chunk(completing, index, Delta(role="assistant", content=""))
    async for index, piece in answer.events():
        if piece.text or piece.logprobs:
            spoken = logprobs(piece.logprobs, completing)
            yield chunk(completing, index, Delta(content=piece.text), logprobs=spoken)
        for part in piece.calls:
            calling.add(index)
            yield chunk(completing, index, call_delta(part, completing.is_older))
        if piece.finish_reason is not None:
            yield last_chunk(completing, index, piece.finish_reason, index in calling)
    if completing.request.wants_usage:
        yield chunk_of(completing, [], answer.usage())


def call_delta(part: CallPiece, is_older: bool) -> Delta:
    """Return a piece of a call: the first has its id and name."""
    named = {"name": part.name} if part.name else {}
    function = FunctionDelta(arguments=part.arguments, **named)
    if is_older:
        return Delta(function_call=function)
    call = ToolCallDelta(index=part.index, function=function)
    if part.id:
        call = ToolCallDelta(index=part.index, id=part.id, type="function", function=function)
    return Delta(tool_calls=[call])


def chunk(
    completing: Completing, index: int, delta: Delta, logprobs: ChoiceLogprobs | None = None
) -> ChatCompletionChunk:
    """Return a chunk of one choice."""
    part = ChunkChoice(index=index, delta=delta, finish_reason=None, logprobs=logprobs)
    return chunk_of(completing, [part], None)


def last_chunk(
    completing: Completing, index: int, reason: FinishReason, has_calls: bool
) -> ChatCompletionChunk:
    """Return the chunk that tells why a choice ended."""
    repeats = reason == "repetition"
    form = partial(RepeatingChunkChoice, stop_reason="repetition") if repeats else ChunkChoice
    told = chat_reason(reason, has_calls, completing)
    part = form(index=index, delta=Delta(), finish_reason=told, logprobs=None)
    return chunk_of(completing, [part], None)


def chunk_of(
    completing: Completing, choices: list[ChunkChoice], counted: Usage | None
) -> ChatCompletionChunk:
    """Return a chunk; only streams that end with their usage have the field, null until then."""
    chunk = ChatCompletionChunk(
        id=completing.id,
        object="chat.completion.chunk",
        created=completing.created,
        model=completing.answer.model,
        system_fingerprint=FINGERPRINT,
        choices=choices,
    )
    return chunk.model_copy(update={"usage": counted}) if completing.request.wants_usage else chunk


def logprobs(
    tokens: Iterable[TokenLogprob] | None, completing: Completing
) -> ChoiceLogprobs | None:
    """Return the tokens behind a text; None where none are wanted, or an upstream has none."""
    if tokens is None or not completing.request.logprobs:
        return None
    return ChoiceLogprobs(content=list(tokens), refusal=None)
