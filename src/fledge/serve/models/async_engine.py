"""Drive the engines of all models in one thread, and hand their tokens to the event loop."""

import asyncio
import logging
import queue
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from fledge.errors import FledgeError, GenerationError
from fledge.generate.request import EngineLoad, Request, ScoredToken, TokenEvent

logger = logging.getLogger(__name__)
T = TypeVar("T")

ENGINE_FAILURES = (RuntimeError, ValueError, ArithmeticError, LookupError, MemoryError, TypeError)
"""Errors of torch and Python where a request or the model's arithmetic goes wrong. They end the
requests concerned, never the thread that answers everybody."""


@runtime_checkable
class TokenEngine(Protocol):
    """Part of `generate.Engine` that the thread needs; tests pass ten lines instead."""

    @property
    def busy(self) -> bool:
        """True while a request is unfinished."""

    def submit(self, request: Request) -> None:
        """Queue a request. Raises a `FledgeError` where it can never be answered."""

    def cancel(self, request_id: str) -> object:
        """Free the row; an unknown or finished id is no error."""

    def step(self) -> list[TokenEvent]:
        """Return one token for every running request."""

    def reset(self) -> None:
        """Forget every request, as after a failed step."""

    def load(self) -> EngineLoad:
        """Return the requests and the fullness of the cache; called from other threads."""

    def embed(self, prompts: list[tuple[int, ...]]) -> list[list[float]]:
        """Return a vector of length 1 for each prompt."""

    def score(self, prompt: tuple[int, ...], num_alternatives: int) -> list[ScoredToken]:
        """Return the log-probability of each token of the prompt."""


class Overloaded(GenerationError):
    """Server that takes no more requests for now; `retry_after` is in seconds."""

    retry_after = 2

    def __init__(self, pending: int) -> None:
        super().__init__(f"the server is busy with {pending:,} answers; try again in a moment")


class EngineFailed(GenerationError):
    """Model that failed while it answered."""


class TokenFeed:
    """Tokens of one request as they come; the event with a `finish_reason` is the last."""

    def __init__(self, engine: TokenEngine, cancel: Callable[[], None]) -> None:
        self.engine = engine
        self.cancel = cancel
        """Free the row at once and end the feed; safe to call at any time."""
        self._arrived: asyncio.Queue[TokenEvent | FledgeError] = asyncio.Queue()

    def put(self, arrival: TokenEvent | FledgeError) -> None:
        """Hand over the next token, or the error that ends the feed."""
        self._arrived.put_nowait(arrival)

    async def __aiter__(self) -> AsyncIterator[TokenEvent]:
        while True:
            arrival = await self._arrived.get()
            if isinstance(arrival, FledgeError):
                raise arrival
            yield arrival
            if arrival.finish_reason is not None:
                return


class AsyncEngine:
    """Answer the requests of coroutines in one thread.

    The feeds belong to the event loop, the engines to the thread. Two queues lie between them:
    commands go down, events come up. `max_pending` bounds the requests that run or wait. The thread
    calls `when_idle` after `rest` and whenever its last answer is written.
    """

    def __init__(
        self, max_pending: int = 256, when_idle: Callable[[], None] = lambda: None
    ) -> None:
        self._max_pending = max_pending
        self._when_idle = when_idle
        self._engines: list[TokenEngine] = []
        self._feeds: dict[str, TokenFeed] = {}
        self._calls: Counter[int] = Counter()
        self._commands: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fledge-engine", daemon=True)

    @property
    def pending(self) -> int:
        """Number of requests that run or wait."""
        return len(self._feeds) + self._calls.total()

    @property
    def alive(self) -> bool:
        """True while the thread answers."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; events go to the loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after its current step, and wait for it."""
        self._commands.put(None)
        self._thread.join()

    def rest(self) -> None:
        """Let the thread call `when_idle` before its next step."""
        self._commands.put(self._look_around)

    def is_idle(self, engine: TokenEngine) -> bool:
        """Return whether the engine has finished all that was asked of it."""
        return not self._calls[id(engine)] and all(
            feed.engine is not engine for feed in self._feeds.values()
        )

    def require_room(self, num_requests: int) -> None:
        """Raise `Overloaded` where `num_requests` more are not taken."""
        if not self.alive:
            raise EngineFailed("the engine has stopped; restart the server")
        if self.pending + num_requests > self._max_pending:
            raise Overloaded(self.pending)

    def submit(self, engine: TokenEngine, request: Request) -> TokenFeed:
        """Start answering; call it on the event loop, after `require_room`."""
        feed = TokenFeed(engine, cancel=lambda: self._cancel(engine, request.id))
        self._feeds[request.id] = feed
        self._commands.put(lambda: self._submit(engine, request))
        return feed

    async def call(self, engine: TokenEngine, function: Callable[[], T]) -> T:
        """Return the result of a short `function` that the thread calls between two steps.

        Raises:
            EngineFailed: it failed.
        """
        self.require_room(1)
        result: asyncio.Future[T] = self._loop.create_future()
        self._calls[id(engine)] += 1
        self._commands.put(lambda: self._call(function, result))
        try:
            return await result
        finally:
            self._calls[id(engine)] -= 1

    def _cancel(self, engine: TokenEngine, request_id: str) -> None:
        feed = self._feeds.pop(request_id, None)
        if feed is not None:
            self._commands.put(partial(engine.cancel, request_id))
            feed.put(TokenEvent(request_id, None, 0.0, (), "cancelled"))

    # The methods from here on run in the thread.

    def _run(self) -> None:
        try:
            while self._obey():
                self._step_all()
                if not self._engines and self._commands.empty():
                    self._look_around()
        finally:
            self._on_loop(lambda: self._fail_all(EngineFailed("the engine has stopped")))

    def _look_around(self) -> None:
        """Do what is done while nobody asks; a failure there must not end everybody's answers."""
        try:
            self._when_idle()
        except (FledgeError, *ENGINE_FAILURES) as error:
            logger.warning("a look at the machine between answers failed: %s", error)

    def _obey(self) -> bool:
        """Carry out the commands since the last step; sleep while there is nothing to do."""
        while not self._engines or not self._commands.empty():
            if not self._obey_next():
                return False
        return True

    def _obey_next(self) -> bool:
        # In a function of its own: a command that is kept while the thread sleeps keeps an engine.
        command = self._commands.get()
        if command is None:
            return False
        command()
        return True

    def _step_all(self) -> None:
        for engine in list(self._engines):
            if engine.busy:
                self._step(engine)
            else:
                self._engines.remove(engine)

    def _submit(self, engine: TokenEngine, request: Request) -> None:
        try:
            engine.submit(request)
        except FledgeError as error:
            self._refuse(request.id, error)
        except ENGINE_FAILURES as error:
            logger.exception("request %s could not be queued", request.id)
            self._refuse(request.id, EngineFailed(f"the model cannot answer this: {error}"))
        else:
            if engine not in self._engines:
                self._engines.append(engine)

    def _refuse(self, request_id: str, error: FledgeError) -> None:
        self._on_loop(lambda: self._fail(request_id, error))

    def _call(self, function: Callable[[], T], result: asyncio.Future[T]) -> None:
        try:
            value = function()
        except (FledgeError, *ENGINE_FAILURES) as error:
            logger.exception("a model failed")
            failure = EngineFailed(f"the model failed: {error}")
            self._on_loop(lambda: None if result.done() else result.set_exception(failure))
        else:
            self._on_loop(lambda: None if result.done() else result.set_result(value))

    def _step(self, engine: TokenEngine) -> None:
        try:
            events = engine.step()
        except (FledgeError, *ENGINE_FAILURES) as error:
            logger.exception("a model failed")
            engine.reset()
            failure = EngineFailed(f"the model failed: {error}")
            self._on_loop(lambda: self._fail_all(failure, engine))
        else:
            self._on_loop(lambda: self._deliver(events))

    def _on_loop(self, call: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    # The methods from here on run on the event loop.

    def _deliver(self, events: list[TokenEvent]) -> None:
        for event in events:
            feed = self._feeds.get(event.request_id)
            if feed is None:
                continue  # cancelled while the step was under way
            if event.failure:
                self._fail(event.request_id, GenerationError(event.failure))
                continue
            feed.put(event)
            if event.finish_reason is not None:
                del self._feeds[event.request_id]

    def _fail(self, request_id: str, error: FledgeError) -> None:
        feed = self._feeds.pop(request_id, None)
        if feed is not None:
            feed.put(error)

    def _fail_all(self, error: FledgeError, engine: TokenEngine | None = None) -> None:
        """End every feed of `engine`, or of all, with `error`."""
        for request_id, feed in list(self._feeds.items()):
            if engine is None or feed.engine is engine:
                self._fail(request_id, error)
