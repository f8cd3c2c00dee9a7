"""Answers of an upstream's models, translated into the same pieces as our own."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from fledge.generate.request import FinishReason
from fledge.generate.upstream import ChunkStream, UpstreamServer
from fledge.serve.models.answers import ChatAsk, Piece, TokenCount
from fledge.serve.models.registry import UpstreamModel
from fledge.serve.people.limits import Admission
from fledge.serve.schemas.chat import TokenLogprob

Json = dict[str, Any]

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}
EXTRA = ("top_k", "min_p", "repetition_penalty")
"""Sampling fields that OpenAI's own servers refuse; sent only where a request has them."""


def upstream_models(server: UpstreamServer) -> list[UpstreamModel]:
    """Return the models that the server lists, by the names it gives.

    Raises:
        ConfigError: it cannot be asked.
    """
    return [
        UpstreamModel(
            id=listed["id"],
            name=str(listed.get("name") or listed["id"]),
            context_length=_integer(listed.get("max_model_len")),
            created=_integer(listed.get("created")) or 0,
            server=server,
        )
        for listed in server.model_list()
    ]


def chat_body(ask: ChatAsk) -> Json:
    """Return the request in OpenAI's form, always as a stream that ends with its usage."""
    wishes = ask.wishes.model_dump(
        include={
            *("temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "seed"),
            *("logit_bias", *EXTRA),
        },
        exclude_none=True,
    )
    messages = ask.conversation.records()
    body: Json = {**ask.extra, "model": ask.model, "messages": messages, **wishes}
    if wishes.get("top_p") == 0:  # greedy; vLLM and others refuse it
        body |= {"temperature": 0.0, "top_p": 1.0}
    if ask.begun:  # as vLLM reads it; llama.cpp goes on after a last assistant turn by itself
        messages.append({"role": "assistant", "content": ask.begun})
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    if ask.wishes.token_limit is not None:
        body["max_tokens"] = ask.wishes.token_limit
    if ask.choices > 1:
        body["n"] = ask.choices
    if ask.logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": ask.logprobs}
    if ask.user:
        body["user"] = ask.user
    return {**body, "stream": True, "stream_options": {"include_usage": True}}


async def remote_pieces(
    stream: ChunkStream, count: TokenCount, num_choices: int
) -> AsyncIterator[tuple[int, Piece]]:
    """Yield the text of each chunk; choices that end without a reason are "cancelled".

    A chunk counts as one token until the usage, which comes last, gives their number.
    """
    open_choices = set(range(num_choices))
    usage: Json | None = None
    async for chunk in stream.chunks():
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices") or []:
            index = choice.get("index", 0)
            piece = _piece(choice)
            if index in open_choices and (piece.text or piece.logprobs or piece.finish_reason):
                if piece.finish_reason is not None:
                    open_choices.discard(index)
                yield index, piece
    for index in sorted(open_choices):
        yield index, Piece("", 0, (), "cancelled")
    if usage is not None:
        count.prompt = _integer(usage.get("prompt_tokens")) or 0
        count.completion = _integer(usage.get("completion_tokens")) or count.completion


class RelayedStream:
    """Relay a stream as it is; a chunk counts as one token unless its usage gives a number."""

    def __init__(self, stream: ChunkStream, admission: Admission) -> None:
        self._stream = stream
        self._release = admission.keep()
        self._tokens = 0

    async def chunks(self) -> AsyncIterator[Json]:
        """Yield each chunk as the upstream sent it. Raises `UpstreamFailed`."""
        async for chunk in self._stream.chunks():
            self._tokens = total_tokens(chunk) or self._tokens + 1
            yield chunk

    def close(self) -> None:
        """Hang up, and charge the tokens. Safe to call at any time."""
        self._stream.cancel()
        self._release(self._tokens)


def total_tokens(answer: Json) -> int:
    """Return the tokens that an answer's usage names; 0 where it names none."""
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0


def _piece(choice: Json) -> Piece:
    delta = choice.get("delta") or {}
    text = str(delta.get("content") or "")
    reason = choice.get("finish_reason")
    logprobs = _logprobs(choice.get("logprobs"))
    finish_reason = None if reason is None else FINISH_REASONS.get(reason, "stop")
    return Piece(text, len(logprobs) or int(bool(text)), logprobs, finish_reason)


def _logprobs(logprobs: Json | None) -> tuple[TokenLogprob, ...]:
    found: list[TokenLogprob] = []
    for token in (logprobs or {}).get("content") or []:
        with suppress(ValidationError):
            found.append(TokenLogprob.model_validate(token))
    return tuple(found)


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
