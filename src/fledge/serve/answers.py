"""From a chat request to prompts for the engine, and from its tokens to pieces of text."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from fledge.errors import PromptTooLong
from fledge.generate.request import FinishReason, Request, SamplingParams, TokenEvent
from fledge.serve.async_engine import TokenFeed
from fledge.serve.models import ServedModel
from fledge.serve.schemas import (
    ChatCompletionRequest,
    ChoiceLogprobs,
    TokenLogprob,
    TopLogprob,
)
from fledge.text.conversation import Conversation, Message
from fledge.text.stream import TextStream
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that may be shown now, the tokens behind it, and on the last piece why it ended."""

    text: str
    tokens: tuple[TokenEvent, ...]
    finish_reason: FinishReason | None


async def pieces(
    feed: TokenFeed, tokenizer: Tokenizer, stop: tuple[str, ...]
) -> AsyncIterator[Piece]:
    """The answer in pieces cut at whole characters, before the first of the `stop` texts."""
    stream = TextStream(tokenizer, stop)
    waiting: list[TokenEvent] = []
    async for event in feed:
        ends = event.token_id is None or event.token_id in tokenizer.stop_ids
        text = "" if event.token_id is None or ends else stream.push(event.token_id)
        waiting.append(event)
        if stream.stopped:
            feed.cancel()
            yield Piece(text, tuple(waiting), "stop")
            return
        if event.finish_reason is not None:
            yield Piece(text + stream.finish(), tuple(waiting), event.finish_reason)
            return
        if text:
            yield Piece(text, tuple(waiting), None)
            waiting = []


async def merged(streams: Sequence[AsyncIterator[Piece]]) -> AsyncIterator[tuple[int, Piece]]:
    """The pieces of several answers as they come, each with the index of its answer.

    Ends when all have ended, in whatever way; raises what the first of them to fail raised.
    """
    arrived: asyncio.Queue[tuple[int, Piece] | asyncio.Task[None]] = asyncio.Queue()

    async def forward(index: int, stream: AsyncIterator[Piece]) -> None:
        async for piece in stream:
            arrived.put_nowait((index, piece))

    tasks = [asyncio.create_task(forward(*numbered)) for numbered in enumerate(streams)]
    for task in tasks:
        task.add_done_callback(arrived.put_nowait)
    try:
        unfinished = len(tasks)
        while unfinished:
            arrival = await arrived.get()
            if isinstance(arrival, asyncio.Task):
                arrival.result()
                unfinished -= 1
            else:
                yield arrival
    finally:
        for task in tasks:
            task.cancel()


def conversation_from(request: ChatCompletionRequest) -> Conversation:
    """The messages; a `developer` turn is a system turn."""
    return Conversation(
        tuple(
            Message("system" if message.role == "developer" else message.role, message.text())
            for message in request.messages
        )
    )


def prompt_from(request: ChatCompletionRequest, model: ServedModel) -> list[int]:
    """The conversation as ids, with room for an answer.

    Raises:
        PromptTooLong: it does not fit; with `truncation="auto"`, not even its last turn does.
    """
    conversation = conversation_from(request)
    if request.truncation == "auto":
        # Short contexts must not spend everything on the past: a quarter is kept for the answer.
        room = min(request.token_limit or model.context_length, model.context_length // 4)
        limit = model.context_length - room
        return model.template.fit(conversation, model.tokenizer, limit).ids
    ids = model.template.render(conversation, model.tokenizer, generation_prompt=True).ids
    if len(ids) >= model.context_length:
        raise PromptTooLong(len(ids), model.context_length - 1)
    return ids


def sampling_from(
    request: ChatCompletionRequest, default: SamplingParams, room: int, index: int
) -> SamplingParams:
    """How choice `index` is sampled: the default, changed by what the request names.

    `room` is what the context holds beside the prompt, in tokens. Choices of one seeded request
    differ: each adds its index to the seed.
    """
    named = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "min_p": request.min_p,
        "repetition_penalty": request.repetition_penalty,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "logit_bias": request.logit_bias,
        "stop": None if request.stop is None else tuple(request.stop),
        "seed": None if request.seed is None else request.seed + index,
        "num_alternatives": request.top_logprobs if request.logprobs else 0,
        "max_new_tokens": min(request.token_limit or room, room),
    }
    given = {name: value for name, value in named.items() if value is not None}
    return SamplingParams.model_validate({**default.model_dump(), **given})


def engine_request(
    id_: str, prompt: list[int], sampling: SamplingParams, model: ServedModel
) -> Request:
    """One row of the engine's batch; it ends at the end of the turn and never writes a role."""
    return Request(
        id=id_,
        prompt=tuple(prompt),
        sampling=sampling,
        stop_ids=model.tokenizer.stop_ids,
        banned_ids=model.banned_ids,
    )


def logprobs_of(events: tuple[TokenEvent, ...], tokenizer: Tokenizer) -> ChoiceLogprobs:
    """The tokens of the text with their alternatives; the end of the turn is not text."""
    return ChoiceLogprobs(
        content=[
            TokenLogprob(
                **_logprob(event.token_id, event.log_prob, tokenizer).model_dump(),
                top_logprobs=[
                    _logprob(id_, log_prob, tokenizer) for id_, log_prob in event.alternatives
                ],
            )
            for event in events
            if event.token_id is not None and event.token_id not in tokenizer.stop_ids
        ]
    )


def _logprob(id_: int, log_prob: float, tokenizer: Tokenizer) -> TopLogprob:
    raw = tokenizer.token_bytes(id_)
    return TopLogprob(token=tokenizer.decode([id_]), logprob=log_prob, bytes=list(raw))
