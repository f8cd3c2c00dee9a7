"""Answers of an upstream's models, translated into the same pieces as our own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from fledge.generate.request import FinishReason
from fledge.generate.upstream import ChunkStream, UpstreamServer
from fledge.generate.upstream_errors import UpstreamBrokeOff
from fledge.serve.models.answers import ChatAsk, Piece, TokenCount
from fledge.serve.models.registry import UpstreamModel
from fledge.serve.models.structure import new_call_id
from fledge.serve.people.admission import Admission
from fledge.serve.schemas.chat import TokenLogprob
from fledge.text.tool_reader import CallPiece

Json = dict[str, Any]

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}
EXTRA = ("top_k", "min_p", "repetition_penalty")
"""Sampling fields that OpenAI's own servers refuse; sent only where a request has them."""
CHARACTERS_PER_TOKEN = 4
"""Guess of an upstream's tokens: limits are asked before it reports them, if it ever does."""


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
    body: Json = {
        **ask.extra,
        "model": ask.model,
        "messages": messages,
        **wishes,
        **ask.structure.sent,
    }
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
    """Yield the text of each chunk; choices of a stream that we ended are "cancelled".

    A chunk counts as one token until the usage, which comes last, gives their number.

    Raises:
        UpstreamBrokeOff: the server failed after its beginning, or left the end of a choice untold.
    """
    open_choices = {index: RemoteCalls() for index in range(num_choices)}
    usage: Json | None = None
    async for chunk in stream.chunks():
        usage = chunk.get("usage") or usage
        for choice in choices_of(chunk):
            index = _integer(choice.get("index", 0))
            if index is None or index not in open_choices:
                continue
            piece = _piece(choice, open_choices[index])
            if piece.finish_reason is not None:
                del open_choices[index]
            if piece.text or piece.calls or piece.logprobs or piece.finish_reason:
                yield index, piece
    if usage is not None and (read := _integer(usage.get("prompt_tokens"))):
        count.prompt, count.is_estimated = read, False
        count.completion = _integer(usage.get("completion_tokens")) or count.completion
    if open_choices and not stream.is_whole:
        raise UpstreamBrokeOff.without_end()
    for index in sorted(open_choices):
        yield index, Piece("", 0, None, "cancelled" if stream.is_cancelled else "stop")


class RelayedStream:
    """Relay a stream as it is.

    `prompt_tokens` and one token a chunk are charged, unless the usage gives their number.
    """

    def __init__(
        self,
        stream: ChunkStream,
        admission: Admission,
        prompt_tokens: int = 0,
        *,
        with_usage: bool = True,
    ) -> None:
        """Without `with_usage` the usage is counted, but not passed on."""
        self._stream = stream
        self._release = admission.keep()
        self._tokens = prompt_tokens
        self._with_usage = with_usage

    async def chunks(self) -> AsyncIterator[Json]:
        """Yield each chunk as the upstream sent it.

        Raises:
            UpstreamFailed: the server broke off, or reported an error.
        """
        is_ended, told = False, 0
        async for chunk in self._stream.chunks():
            choices = choices_of(chunk)
            is_ended = is_ended or any(each.get("finish_reason") for each in choices)
            told = total_tokens(chunk) or told
            self._tokens = told or self._tokens + 1
            if self._with_usage:
                yield chunk
            elif choices or "usage" not in chunk:
                yield {name: value for name, value in chunk.items() if name != "usage"}
        if not is_ended and not self._stream.is_whole:
            raise UpstreamBrokeOff.without_end()

    def close(self) -> None:
        """Hang up, and charge the tokens. Safe to call at any time."""
        self._stream.cancel()
        self._release(self._tokens)


def estimated_tokens(*texts: str) -> int:
    """Guess the tokens of texts whose tokenizer another server has."""
    return sum(map(len, texts)) // CHARACTERS_PER_TOKEN


def chat_tokens(ask: ChatAsk) -> int:
    """Guess the tokens of a conversation."""
    return estimated_tokens(*ask.conversation.texts())


def total_tokens(answer: Json) -> int:
    """Return the tokens that an answer's usage names; 0 where it names none."""
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0


def answer_tokens(answer: Json, read: int) -> int:
    """Return the tokens of an answer's usage, else a guess: `read` and those of its texts."""
    texts = [str(choice.get("text") or "") for choice in choices_of(answer)]
    return total_tokens(answer) or read + estimated_tokens(*texts)


def choices_of(answer: Json) -> list[Json]:
    """Return the choices of an answer or a chunk, as far as they are objects."""
    told = answer.get("choices")
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


class RemoteCalls:
    """Numbers the calls of one choice in the order in which they begin.

    Other servers may begin with another number, repeat a call's name in each of its chunks, or send
    null where there is nothing. Arguments of a call that has no name are left out.
    """

    def __init__(self) -> None:
        self._places: dict[int, int] = {}

    def pieces(self, told: object) -> Iterator[CallPiece]:
        """Yield the pieces of calls in a chunk, as far as they are in OpenAI's form."""
        for call in told if isinstance(told, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            index = _integer(call.get("index")) if isinstance(call, dict) else None
            if index is None or not isinstance(function, dict):
                continue
            name, arguments = _text(function.get("name")), _text(function.get("arguments"))
            if index not in self._places:
                if not name:
                    continue
                self._places[index] = len(self._places)
                yield CallPiece(self._places[index], _text(call.get("id")) or new_call_id(), name)
            if arguments:
                yield CallPiece(self._places[index], arguments=arguments)


def _piece(choice: Json, calling: RemoteCalls) -> Piece:
    delta = choice.get("delta")
    text = str(delta.get("content") or "") if isinstance(delta, dict) else ""
    reason = choice.get("finish_reason")
    logprobs = _logprobs(choice.get("logprobs"))
    if reason == "error":  # OpenRouter and others
        raise UpstreamBrokeOff(502, "the upstream failed in mid-answer", "upstream_error")
    finish_reason = None if reason is None else FINISH_REASONS.get(reason, "stop")
    calls = tuple(calling.pieces(delta.get("tool_calls"))) if isinstance(delta, dict) else ()
    num_tokens = len(logprobs or ()) or int(bool(text or calls))
    return Piece(text, num_tokens, logprobs, finish_reason, calls)


def _logprobs(logprobs: object) -> tuple[TokenLogprob, ...] | None:
    """Return the tokens of a chunk that can be read, or None where there are none."""
    told = logprobs.get("content") if isinstance(logprobs, dict) else None
    found: list[TokenLogprob] = []
    for token in told if isinstance(told, list) else []:
        with suppress(ValidationError):
            found.append(TokenLogprob.model_validate(_completed(token)))
    return tuple(found) or None


def _completed(token: object) -> object:
    """Fill in the bytes and alternatives of a token, which some servers leave out."""
    if not isinstance(token, dict):
        return token
    others, text = token.get("top_logprobs"), token.get("token")
    return {
        **token,
        "bytes": token.get("bytes") or list(text.encode() if isinstance(text, str) else b""),
        "top_logprobs": list(map(_completed, others)) if isinstance(others, list) else [],
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
