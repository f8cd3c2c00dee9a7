"""Asks and answers: the same for our own models and for an upstream's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fledge.generate.request import FinishReason
from fledge.serve.models.metrics import AnswerTimer
from fledge.serve.models.structure import Held, Structure
from fledge.serve.people.admission import Admission
from fledge.serve.schemas.chat import TokenLogprob
from fledge.serve.schemas.common import EstimatedUsage, Usage
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.text.conversation import Conversation, ToolCall
from fledge.text.tool_reader import CallPiece

SentReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class ChatAsk:
    """Ask for the next turn of a conversation.

    `user` takes turns with the others where requests wait. `logprobs` is the number of alternatives
    to report with each token; None reports no log-probabilities at all. With `truncate` the oldest
    turns of a conversation that is too long are dropped, else it is refused. `begun` is the
    beginning of the answer, after which the model goes on. `structure` is the form of the answer.
    An upstream is sent the `extra` fields, too.
    """

    model: str
    conversation: Conversation
    user: str = ""
    wishes: SamplingWishes = field(default_factory=SamplingWishes)
    choices: int = 1
    logprobs: int | None = None
    truncate: bool = False
    begun: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    structure: Structure = field(default_factory=Structure)


@dataclass(frozen=True, slots=True)
class TextAsk:
    """Ask for `choices` continuations of each text, which is given as ids.

    `held` is the form that they are held to; None leaves them free.
    """

    model: str
    prompts: tuple[tuple[int, ...], ...]
    user: str = ""
    wishes: SamplingWishes = field(default_factory=SamplingWishes)
    choices: int = 1
    logprobs: int | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that may be shown now, or parts of calls, and the number of tokens behind them.

    `logprobs` is None where an upstream tells none, and empty unless they were asked for. The last
    piece of a choice has a `finish_reason`.
    """

    text: str
    num_tokens: int
    logprobs: tuple[TokenLogprob, ...] | None
    finish_reason: FinishReason | None
    calls: tuple[CallPiece, ...] = ()


@dataclass(slots=True)
class TokenCount:
    """Tokens read and written so far.

    An upstream reports them only at its end; until then, or without a report, `is_estimated`.
    """

    prompt: int = 0
    completion: int = 0
    is_estimated: bool = False


class AnswerStream:
    """Admitted answer that is being written, of one or more choices.

    Read `events` to its end, or `close` it: the admission stays open until then.
    """

    def __init__(
        self,
        model: str,
        num_choices: int,
        count: TokenCount,
        source: AsyncIterator[tuple[int, Piece]],
        cancel: Callable[[], None],
        timer: AnswerTimer,
        admission: Admission,
    ) -> None:
        self.model = model
        self.num_choices = num_choices
        self.headers = admission.headers
        """Sent with the answer: how much of each limit is left."""
        self._count = count
        self._source = source
        self._cancel = cancel
        self._timer = timer
        self._release = admission.keep()

    @property
    def prompt_tokens(self) -> int:
        """Tokens read; a prompt shared by several choices counts once."""
        return self._count.prompt

    @property
    def completion_tokens(self) -> int:
        """Tokens written so far by all choices; the end token counts."""
        return self._count.completion

    def usage(self) -> Usage:
        """Return the token counts as OpenAI words them."""
        counted = Usage(
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            total_tokens=self.prompt_tokens + self.completion_tokens,
        )
        if not self._count.is_estimated:
            return counted
        return EstimatedUsage(**counted.model_dump(), estimated=True)

    async def events(self) -> AsyncIterator[tuple[int, Piece]]:
        """Yield each piece with the index of its choice, until all choices have ended.

        Raises:
            FledgeError: the model failed; the pieces before stand.
        """
        try:
            async for index, piece in self._source:
                self._count.completion += piece.num_tokens
                self._timer.piece(index, piece.num_tokens, piece.finish_reason)
                yield index, piece
        finally:
            self.close()

    def cancel(self) -> None:
        """Stop writing; `events` then ends. Safe to call at any time."""
        self._cancel()
        self._timer.close(self.prompt_tokens, self.completion_tokens)

    def close(self) -> None:
        """Stop writing, and charge the tokens that were written. Safe to call at any time."""
        self.cancel()
        self._release(self.completion_tokens)


async def merged(streams: Sequence[AsyncIterator[Piece]]) -> AsyncIterator[tuple[int, Piece]]:
    """Yield the pieces of several answers as they come, each with the index of its answer.

    The stream ends when all have ended, and raises the error of the first that fails.
    """
    if len(streams) == 1:  # nothing to merge: spare a task and a queue
        async for piece in streams[0]:
            yield 0, piece
        return
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


@dataclass(slots=True)
class Written:
    """Text, calls and tokens of one choice so far."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    num_tokens: int = 0
    logprobs: list[TokenLogprob] | None = None
    finish_reason: FinishReason = "cancelled"

    def add(self, piece: Piece) -> None:
        """Take in the next piece."""
        self.text += piece.text
        for part in piece.calls:
            self._add_call(part)
        self.num_tokens += piece.num_tokens
        if piece.logprobs is not None:
            self.logprobs = self.logprobs if self.logprobs is not None else []
            self.logprobs.extend(piece.logprobs)
        self.finish_reason = piece.finish_reason or self.finish_reason

    def reason(self) -> SentReason:
        """Return the finish reason in OpenAI's words."""
        return sent_reason(self.finish_reason)

    def _add_call(self, part: CallPiece) -> None:
        if part.index == len(self.calls):
            self.calls.append(ToolCall(part.id, part.name, ""))
        if part.arguments:
            call = self.calls[part.index]
            self.calls[part.index] = replace(call, arguments=call.arguments + part.arguments)


def sent_reason(reason: FinishReason) -> SentReason:
    """Return the finish reason in OpenAI's words.

    They have none for an answer that was cancelled or went round in a circle: it is cut off.
    """
    return "length" if reason == "cancelled" or reason == "repetition" else reason


async def written(answer: AnswerStream) -> list[Written]:
    """Return all choices, once the last of them has ended."""
    choices = [Written() for _ in range(answer.num_choices)]
    async for index, piece in answer.events():
        choices[index].add(piece)
    return choices
