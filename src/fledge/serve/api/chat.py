"""`POST /v1/chat/completions`, whole and streamed."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge import __version__
from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.history import conversation_of
from fledge.serve.errors import ApiError, error_replies, unsupported
from fledge.serve.models.answers import (
    AnswerStream,
    ChatAsk,
    SentReason,
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
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    Delta,
    TokenLogprob,
)
from fledge.serve.schemas.common import Usage
from fledge.serve.schemas.fields import passed_on
from fledge.serve.show.streaming import EventStream, whole_or_gone

FINGERPRINT = f"fledge-{__version__}"


@dataclass(frozen=True, slots=True)
class Completing:
    """Chat request and the answer that is being written to it."""

    id: str
    created: int
    request: ChatCompletionRequest
    answer: AnswerStream


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
    return ChatAsk(
        model=request.model,
        conversation=conversation_of(request.messages),
        user=user,
        wishes=request,
        choices=request.n or 1,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        truncate=request.truncation == "auto",
        extra=passed_on(request),
    )


def refuse_unsupported(request: ChatCompletionRequest) -> None:
    """Raise `ApiError` for features of the OpenAI API that an answer would silently lack."""
    if request.response_format is not None and request.response_format.type != "text":
        raise unsupported("response_format", "Only response_format type 'text' is supported.")
    if request.tools:
        raise unsupported("tools", "Tools are not supported; leave `tools` out.")
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
    return Choice(
        index=index,
        message=AnswerMessage(content=said.text),
        finish_reason=said.reason(),
        logprobs=logprobs(said.logprobs, completing),
    )


async def chunks(completing: Completing) -> AsyncIterator[ChatCompletionChunk]:
    """Yield the role, text and finish reason of each choice, then the usage if it is asked for."""
    answer = completing.answer
    for index in range(answer.num_choices):
        yield chunk(completing, index, Delta(role="assistant", content=""))
    async for index, piece in answer.events():
        if piece.text or piece.logprobs:
            spoken = logprobs(piece.logprobs, completing)
            yield chunk(completing, index, Delta(content=piece.text), logprobs=spoken)
        if piece.finish_reason is not None:
            yield chunk(completing, index, Delta(), finish_reason=sent_reason(piece.finish_reason))
    if completing.request.wants_usage:
        yield chunk_of(completing, [], answer.usage())


def chunk(
    completing: Completing,
    index: int,
    delta: Delta,
    finish_reason: SentReason | None = None,
    logprobs: ChoiceLogprobs | None = None,
) -> ChatCompletionChunk:
    """Return a chunk of one choice."""
    part = ChunkChoice(index=index, delta=delta, finish_reason=finish_reason, logprobs=logprobs)
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
