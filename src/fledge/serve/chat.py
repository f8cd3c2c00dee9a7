"""`POST /v1/chat/completions`, whole and streamed."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fledge import __version__
from fledge.generate.request import FinishReason, SamplingParams, TokenEvent
from fledge.serve.answers import (
    Piece,
    engine_request,
    logprobs_of,
    merged,
    pieces,
    prompt_from,
    sampling_from,
)
from fledge.serve.api_errors import ApiError, unsupported
from fledge.serve.async_engine import AsyncEngine, TokenFeed
from fledge.serve.models import ModelRegistry, ServedModel
from fledge.serve.schemas import (
    AnswerMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    Delta,
    ErrorReply,
    Usage,
)
from fledge.serve.streaming import EventStream, unless_disconnected

FINGERPRINT = f"fledge-{__version__}"
CLIENT_CLOSED_REQUEST = 499  # nginx's code for an answer that nobody reads


@dataclass(frozen=True, slots=True)
class Answering:
    """A chat request on its way: what was asked, and the feed of each of its choices."""

    id: str
    created: int
    request: ChatCompletionRequest
    model: ServedModel
    prompt_tokens: int
    stop: tuple[str, ...]
    feeds: tuple[TokenFeed, ...]

    def streams(self) -> list[AsyncIterator[Piece]]:
        """The text of each choice, as it comes."""
        return [pieces(feed, self.model.tokenizer, self.stop) for feed in self.feeds]

    def cancel(self) -> None:
        """Free the rows that still run."""
        for feed in self.feeds:
            feed.cancel()


def chat_routes(
    registry: ModelRegistry,
    engine: AsyncEngine,
    sampling: SamplingParams,
    clock: Callable[[], float],
) -> APIRouter:
    """The route; `sampling` is what a request that names nothing gets."""
    router = APIRouter()

    @router.post(
        "/v1/chat/completions",
        response_model=ChatCompletion,
        responses={code: {"model": ErrorReply} for code in (400, 404, 413, 500, 503)},
    )
    async def chat_completions(request: ChatCompletionRequest, http: Request) -> Response:
        """Answer a conversation; with `stream`, as server-sent events."""
        answering = admit(request, registry, engine, sampling, int(clock()))
        if request.stream:
            return EventStream(chunks(answering), on_close=answering.cancel)
        try:
            completion = await unless_disconnected(http, whole(answering))
        finally:
            answering.cancel()
        if completion is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        return Response(completion.model_dump_json(), media_type="application/json")

    return router


def admit(
    request: ChatCompletionRequest,
    registry: ModelRegistry,
    engine: AsyncEngine,
    sampling: SamplingParams,
    created: int,
) -> Answering:
    """Check everything that can be refused, then queue the choices.

    What is raised here comes before the first byte, so it is a real HTTP error.
    """
    refuse_unsupported(request)
    model = registry[request.model]
    refuse_unknown_tokens(request, model)
    prompt = prompt_from(request, model)
    room = model.context_length - len(prompt)
    params = [sampling_from(request, sampling, room, index) for index in range(request.n or 1)]
    engine.require_room(len(params))
    id_ = f"chatcmpl-{uuid.uuid4().hex}"
    requests = [
        engine_request(f"{id_}-{index}", prompt, choice, model)
        for index, choice in enumerate(params)
    ]
    return Answering(
        id=id_,
        created=created,
        request=request,
        model=model,
        prompt_tokens=len(prompt),
        stop=params[0].stop,
        feeds=tuple(engine.submit(model.id, each) for each in requests),
    )


def refuse_unsupported(request: ChatCompletionRequest) -> None:
    """Raise `ApiError` for what the OpenAI API has and a silent answer would get wrong."""
    if request.response_format is not None and request.response_format.type != "text":
        raise unsupported("response_format", "Only response_format type 'text' is supported.")
    if request.tools:
        raise unsupported("tools", "Tools are not supported; leave `tools` out.")
    if request.top_logprobs and not request.logprobs:
        raise ApiError(400, "top_logprobs needs logprobs to be true.", param="top_logprobs")


def refuse_unknown_tokens(request: ChatCompletionRequest, model: ServedModel) -> None:
    """Raise `ApiError` for a `logit_bias` on ids that the model has not."""
    size = model.tokenizer.vocabulary_size
    for id_ in request.logit_bias or {}:
        if not 0 <= id_ < size:
            raise ApiError(
                400, f"token {id_} is not in the vocabulary of {size:,}", param="logit_bias"
            )


async def whole(answering: Answering) -> ChatCompletion:
    """All choices, once the last of them has ended."""
    written = [Written() for _ in answering.feeds]
    async for index, piece in merged(answering.streams()):
        written[index].add(piece)
    return ChatCompletion(
        id=answering.id,
        created=answering.created,
        model=answering.model.id,
        choices=[choice(index, each, answering) for index, each in enumerate(written)],
        usage=usage(answering, sum(len(each.tokens) for each in written)),
        system_fingerprint=FINGERPRINT,
    )


@dataclass(slots=True)
class Written:
    """What one choice has said so far."""

    text: str = ""
    tokens: tuple[TokenEvent, ...] = ()
    finish_reason: FinishReason = "cancelled"

    def add(self, piece: Piece) -> None:
        """Take in the next piece."""
        self.text += piece.text
        self.tokens += piece.tokens
        self.finish_reason = piece.finish_reason or self.finish_reason


def choice(index: int, written: Written, answering: Answering) -> Choice:
    """A finished choice as it is sent."""
    return Choice(
        index=index,
        message=AnswerMessage(content=written.text),
        finish_reason=written.finish_reason,
        logprobs=logprobs(written.tokens, answering),
    )


async def chunks(answering: Answering) -> AsyncIterator[ChatCompletionChunk]:
    """The stream: each choice's role, its text, its reason to end; then the usage if asked for."""
    written = 0
    for index in range(len(answering.feeds)):
        yield chunk(answering, index, Delta(role="assistant", content=""))
    async for index, piece in merged(answering.streams()):
        written += len(piece.tokens)
        spoken = logprobs(piece.tokens, answering)
        if piece.text or (spoken and spoken.content):
            yield chunk(answering, index, Delta(content=piece.text), logprobs=spoken)
        if piece.finish_reason is not None:
            yield chunk(answering, index, Delta(), finish_reason=piece.finish_reason)
    if answering.request.wants_usage:
        yield chunk_of(answering, [], usage(answering, written))


def chunk(
    answering: Answering,
    index: int,
    delta: Delta,
    finish_reason: FinishReason | None = None,
    logprobs: ChoiceLogprobs | None = None,
) -> ChatCompletionChunk:
    """A chunk of one choice."""
    part = ChunkChoice(index=index, delta=delta, finish_reason=finish_reason, logprobs=logprobs)
    return chunk_of(answering, [part], None)


def chunk_of(
    answering: Answering, choices: list[ChunkChoice], counted: Usage | None
) -> ChatCompletionChunk:
    """Only a stream that ends with its usage has the field, null until then."""
    chunk = ChatCompletionChunk(
        id=answering.id,
        object="chat.completion.chunk",
        created=answering.created,
        model=answering.model.id,
        system_fingerprint=FINGERPRINT,
        choices=choices,
    )
    return chunk.model_copy(update={"usage": counted}) if answering.request.wants_usage else chunk


def usage(answering: Answering, completion_tokens: int) -> Usage:
    """The token counts; a prompt shared by `n` choices counts once."""
    return Usage(
        prompt_tokens=answering.prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=answering.prompt_tokens + completion_tokens,
    )


def logprobs(tokens: tuple[TokenEvent, ...], answering: Answering) -> ChoiceLogprobs | None:
    """The tokens behind a text, where the request wants them."""
    if not answering.request.logprobs:
        return None
    return logprobs_of(tokens, answering.model.tokenizer)
