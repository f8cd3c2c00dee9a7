"""The door to every model: the API and the web chat both ask here."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fledge.errors import FledgeError, PromptTooLong
from fledge.generate.request import SamplingParams, ScoredToken
from fledge.generate.upstream import UpstreamServer
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import AnswerStream, ChatAsk, Piece, TextAsk, TokenCount, merged
from fledge.serve.models.async_engine import AsyncEngine, Overloaded, TokenEngine, TokenFeed
from fledge.serve.models.idle_threads import IdleThreads
from fledge.serve.models.local import engine_request, pieces, prompt_of, refuse_unknown_tokens
from fledge.serve.models.metrics import LoadCollector, Metrics
from fledge.serve.models.registry import Model, ModelRegistry, ServedModel, UpstreamModel
from fledge.serve.models.remote import (
    RelayedStream,
    chat_body,
    chat_tokens,
    remote_pieces,
)
from fledge.serve.models.shelf import ModelShelf
from fledge.serve.models.structure import held_to
from fledge.serve.models.usual import LONGEST_ANSWER, usual_of
from fledge.serve.people.admission import Admission, Answers
from fledge.serve.people.person import Person
from fledge.serve.people.quota import CountedRequest, Quota
from fledge.serve.schemas.wishes import SamplingWishes

Json = dict[str, Any]
T = TypeVar("T")

LOOK_SECONDS = 2.0
"""Seconds between two looks for models that are awaited."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Request that was read and found answerable; nothing runs before it is admitted."""

    ask: ChatAsk | TextAsk
    prompt_tokens: int
    answers: Answers
    request: CountedRequest

    async def admit(self) -> Admission:
        """Let it run. Raises `LimitReached` (429)."""
        return await self.request.enter(self.ask.model, self.prompt_tokens, self.answers)


class ModelService:
    """Answers in the name of every model; its methods are called on the event loop.

    Reading takes a `CountedRequest`. Whatever runs a model takes an open `Admission`, so no request
    can cause a forward pass before its person's limits were asked.

    Fields set in `sampling` are for requests that name none; others suit each model. `max_pending`
    bounds the answers that are being written or wait, of our own models and of upstreams each.
    `memory` bounds the bytes of loaded models. Awaited models are looked for every `look_seconds`.
    """

    def __init__(
        self,
        models: ModelRegistry,
        sampling: SamplingParams,
        max_pending: int,
        memory: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.models = models
        self.metrics = Metrics(clock)
        self._sampling = sampling
        self._max_pending = max_pending
        self._engine = AsyncEngine(max_pending, IdleThreads(clock).measure)
        self._shelf = ModelShelf(memory, self._engine.is_idle)
        self._remote = 0
        self._look_seconds = look_seconds
        self._looking: asyncio.Task[None] | None = None
        self.metrics.registry.register(LoadCollector(self._shelf.loads))

    @property
    def alive(self) -> bool:
        """True while answers can be had."""
        return self._engine.alive

    @property
    def pending(self) -> int:
        """Number of answers that are being written or wait."""
        return self._engine.pending + self._remote

    def usual(self, model: Model) -> SamplingParams:
        """Return how a model answers requests that name no sampling."""
        return usual_of(model, self._sampling)

    async def start(self) -> None:
        """Start the engine's thread, load the default model, and look for those awaited."""
        self._engine.start()
        default = next(iter(self.models.values()))
        if isinstance(default, ServedModel):
            await self._shelf.engine(default)
            self._engine.rest()
        if self.models.awaited:
            self._looking = asyncio.create_task(self._look_for_awaited())

    async def stop(self) -> None:
        """End the thread, and hang up on every upstream."""
        if self._looking is not None:
            self._looking.cancel()
        self._engine.stop()
        servers: set[UpstreamServer] = {
            model.server for model in self.models.values() if isinstance(model, UpstreamModel)
        }
        for server in servers:
            await server.close()

    async def answer(self, ask: ChatAsk, person: Person, quota: Quota) -> AnswerStream:
        """Check, count, read, admit and start to answer a conversation, in this order.

        Raises:
            ApiError: there is no such model or no memory for it now, or a limit is reached.
            PromptTooLong, TokenizerError: the conversation cannot be read.
            Overloaded: too many wait.
            UpstreamFailed: the other server refused.
        """
        model = self.models[ask.model]
        if isinstance(model, ServedModel):
            refuse_unknown_tokens(ask.wishes, model)
        prepared = await self.prepare(ask, await quota.ask(person))
        with await prepared.admit() as admission:
            return await self.write(prepared, admission)

    async def prepare(self, ask: ChatAsk, request: CountedRequest) -> Prepared:
        """Read a conversation: what it asks, and how many tokens it has.

        Raises:
            ApiError: there is no such model.
            PromptTooLong, TokenizerError: the conversation cannot be read.
        """
        model = self.models[ask.model]
        if isinstance(model, UpstreamModel):
            longest = ask.wishes.token_limit or model.context_length or LONGEST_ANSWER
            answers = Answers(ask.choices, longest, ask.wishes.token_limit is not None)
            return Prepared(ask, chat_tokens(ask), answers, request)
        prompt = tuple(await prompt_of(ask, model))
        held = await held_to(ask.structure, model)
        text = TextAsk(ask.model, (prompt,), ask.user, ask.wishes, ask.choices, ask.logprobs, held)
        return self.prepare_text(text, request)

    def prepare_text(self, ask: TextAsk, request: CountedRequest) -> Prepared:
        """Check that texts can be continued; raises as `prepare`."""
        model = self.local(ask.model)
        if len(ask.prompts) * ask.choices > self._max_pending:
            raise ApiError(
                400,
                f"This request asks for {len(ask.prompts) * ask.choices:,} answers; this server "
                f"writes at most {self._max_pending:,} at once. Ask for fewer.",
                param="n",
            )
        for prompt in ask.prompts:
            if len(prompt) >= model.context_length:
                raise PromptTooLong(len(prompt), model.context_length - 1)
        room = model.context_length - min(map(len, ask.prompts))
        longest = ask.wishes.longest(self.usual(model), room)
        is_named = ask.wishes.token_limit is not None
        answers = Answers(len(ask.prompts) * ask.choices, longest, is_named)
        return Prepared(ask, sum(map(len, ask.prompts)), answers, request)

    async def write(self, prepared: Prepared, admission: Admission) -> AnswerStream:
        """Start an answer, which closes the admission when it ends; raises as `answer`."""
        admission.require_open()
        if isinstance(prepared.ask, TextAsk):
            return await self._write(prepared.ask, admission)
        return await self._chat_upstream(prepared.ask, admission)

    async def score(
        self, model: ServedModel, prompt: tuple[int, ...], alternatives: int, admission: Admission
    ) -> list[ScoredToken]:
        """Return the log-probability of each token of a prompt, with its best `alternatives`."""
        admission.require_open()
        return await self._call(model, lambda engine: engine.score(prompt, alternatives))

    async def embed(
        self, model: ServedModel, prompts: list[tuple[int, ...]], admission: Admission
    ) -> list[list[float]]:
        """Return a vector of length 1 for each prompt; all are read in one forward pass."""
        admission.require_open()
        return await self._call(model, lambda engine: engine.embed(prompts))

    async def relay(
        self, model: UpstreamModel, path: str, body: Json, admission: Admission
    ) -> Json:
        """Return an upstream's answer as it is. Raises `UpstreamFailed`."""
        admission.require_open()
        return await model.server.post(path, body)

    async def relay_stream(
        self,
        model: UpstreamModel,
        path: str,
        body: Json,
        admission: Admission,
        prompt_tokens: int,
    ) -> RelayedStream:
        """Start a stream of an upstream, which closes the admission when it ends.

        Its usage is always asked for; `prompt_tokens` are charged where it tells none.

        Raises:
            UpstreamFailed: the other server refused.
        """
        admission.require_open()
        options = body.get("stream_options") or {}
        asked = {**body, "stream_options": {**options, "include_usage": True}}
        stream = await model.server.stream(path, asked)
        wants_usage = bool(options.get("include_usage"))
        return RelayedStream(stream, admission, prompt_tokens, with_usage=wants_usage)

    def local(self, model: str) -> ServedModel:
        """Return one of our own models. Raises `ApiError` for an unknown id."""
        found = self.models[model]
        assert isinstance(found, ServedModel), "an upstream's request is relayed, not answered"
        return found

    async def _look_for_awaited(self) -> None:
        while self.models.awaited:
            await asyncio.sleep(self._look_seconds)
            await asyncio.to_thread(self.models.look)

    async def _call(self, model: ServedModel, work: Callable[[TokenEngine], T]) -> T:
        """Do `work` with the model's engine, between two tokens of the answers being written."""
        engine = await self._shelf.engine(model)
        return await self._engine.call(engine, lambda: work(engine))

    async def _write(self, ask: TextAsk, admission: Admission) -> AnswerStream:
        model = self.local(ask.model)
        usual = self.usual(model)
        timer = self.metrics.timer(model.id)
        engine = await self._shelf.engine(model)
        self._engine.require_room(len(ask.prompts) * ask.choices)
        name = uuid.uuid4().hex
        feeds: list[TokenFeed] = []
        streams: list[AsyncIterator[Piece]] = []
        for prompt in ask.prompts:
            room = admission.room(model.context_length - len(prompt))
            for index in range(ask.choices):
                sampling = ask.wishes.sampling(usual, room, index, ask.logprobs or 0)
                id_ = f"{name}-{len(feeds)}"
                feed = self._engine.submit(
                    engine, engine_request(id_, prompt, sampling, model, ask.user, ask.held)
                )
                feeds.append(feed)
                streams.append(
                    pieces(feed, model.tokenizer, sampling.stop, ask.logprobs is not None, ask.held)
                )

        def cancel() -> None:
            for feed in feeds:
                feed.cancel()

        count = TokenCount(prompt=sum(map(len, ask.prompts)))
        return AnswerStream(model.id, len(feeds), count, merged(streams), cancel, timer, admission)

    async def _chat_upstream(self, ask: ChatAsk, admission: Admission) -> AnswerStream:
        model = self.models[ask.model]
        assert isinstance(model, UpstreamModel), "our own model's request is prepared as a text"
        timer = self.metrics.timer(model.id)
        if self._remote >= self._max_pending:
            raise Overloaded(self._remote)
        self._remote += 1
        is_open = True

        def closed() -> None:
            nonlocal is_open
            self._remote -= is_open
            is_open = False

        body = chat_body(replace(ask, wishes=self._with_default(ask.wishes, model)))
        if ask.wishes.token_limit is None and admission.most_tokens is not None:
            body["max_tokens"] = admission.room(model.context_length or LONGEST_ANSWER)
        try:
            stream = await model.server.stream("/chat/completions", body)
        except (FledgeError, asyncio.CancelledError):
            closed()
            raise

        def cancel() -> None:
            stream.cancel()
            closed()

        count = TokenCount(prompt=chat_tokens(ask), is_estimated=True)
        source = remote_pieces(stream, count, ask.choices)
        return AnswerStream(model.id, ask.choices, count, source, cancel, timer, admission)

    def _with_default(self, wishes: SamplingWishes, model: UpstreamModel) -> SamplingWishes:
        """Return the wishes with this server's temperature and top-p where they name none."""
        default = self.usual(model)
        usual = {"temperature": min(default.temperature, 2.0), "top_p": default.top_p}
        named = wishes.model_dump(include=set(usual), exclude_none=True)
        return wishes.model_copy(update={**usual, **named})
