"""Supervise the answers that the server writes: start, follow, stop and save them."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool

from fledge.database import RunStore, StoredRun
from fledge.database.runs import RunEnd
from fledge.database.servers import OwnRun
from fledge.database.tables import Json
from fledge.errors import (
    BrokenOff,
    Conflict,
    DatabaseError,
    DatabaseUnavailable,
    FledgeError,
    NotFound,
)
from fledge.generate.request import FinishReason
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import AnswerStream, ChatAsk
from fledge.serve.models.service import ModelService
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.web.chat.live import LiveAnswer

logger = logging.getLogger(__name__)

SAVE_SECONDS = 2.0
"""Seconds between saves of a growing answer; a killed server loses at most as much."""
KEPT_SECONDS = 30.0
"""Seconds for which an ended answer is told from memory."""
CLOSING_TRIES = 5
"""Tries to save an answer when the server stops and its database is away."""
LOST_BEATS = 5
"""Heartbeats after which a run without a writer counts as lost; starting one takes less."""
UNKNOWN_FAILURE = "The server failed. Its log has details."


@dataclass(slots=True)
class _Ending:
    status: RunEnd = "finished"
    finish_reason: FinishReason | None = None
    error: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class RunSupervisor:
    """Write answers in the background, watched or not; used on the event loop only."""

    def __init__(
        self,
        service: ModelService,
        quota: Quota,
        runs: RunStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        """`clock` gives seconds from any start."""
        self._service = service
        self._quota = quota
        self._runs = runs
        self._clock = clock
        self._save_seconds = save_seconds
        self._live: dict[str, LiveAnswer] = {}
        self._answers: dict[str, AnswerStream] = {}
        self._stopped: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost: dict[str, int] = {}
        self._closing = False

    def start(
        self,
        person: Person,
        run: StoredRun,
        ask: ChatAsk,
        *,
        text: str = "",
        details: Json | None = None,
    ) -> LiveAnswer:
        """Have `ask` answered into the run's message, after the `text` that is there already."""
        live = LiveAnswer(run.id, run.message_id, run.account_id, text)
        self._live[run.id] = live
        self._stopped[run.id] = asyncio.Event()
        self._spawn(self._write(person, run, ask, live, details or {}))
        return live

    def find(self, person: Person, run_id: str) -> LiveAnswer | None:
        """Return a person's answer that is being written or has just ended, or None."""
        live = self._live.get(run_id)
        return live if live is not None and live.account_id == person.id else None

    async def cancel(self, person: Person, run_id: str) -> None:
        """End a person's answer with its text so far; one that has ended stays as it is.

        Another server that writes it is asked to end it. One that nobody writes is marked as
        interrupted.

        Raises:
            DatabaseUnavailable: another server cannot be asked.
        """
        live = self.find(person, run_id)
        if live is None:
            await run_in_threadpool(self._runs.ask_to_stop, run_id)
        elif not live.ended:
            self._stop(run_id)

    def heard(self, runs: Sequence[OwnRun]) -> None:
        """Look at the runs that the database counts as this server's, at every heartbeat.

        Those that others want stopped are stopped. A run that nobody writes, because a request
        failed half-way or its end was never saved, is marked as interrupted after a while.
        """
        writing = {run_id for run_id, live in self._live.items() if not live.ended}
        for run in runs:
            if run.is_stop_asked:
                self._stop(run.id)
        self._lost = {
            run.id: self._lost.get(run.id, 0) + 1 for run in runs if run.id not in writing
        }
        for run_id, beats in self._lost.items():
            if beats >= LOST_BEATS:
                self._spawn(self._interrupt(run_id))

    async def _interrupt(self, run_id: str) -> None:
        try:
            await run_in_threadpool(self._runs.interrupt, run_id)
        except (Conflict, DatabaseUnavailable) as error:
            logger.warning("a lost answer is not marked yet: %s", error)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """End every answer, and wait until all are saved; call it before the models stop."""
        self._closing = True
        for run_id in list(self._live):
            self._stop(run_id)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            logger.error("an answer failed", exc_info=failure)

    def _stop(self, run_id: str) -> None:
        if run_id in self._stopped:
            self._stopped[run_id].set()
        if run_id in self._answers:
            self._answers[run_id].cancel()

    async def _write(
        self, person: Person, run: StoredRun, ask: ChatAsk, live: LiveAnswer, details: Json
    ) -> None:
        began = self._clock()
        saving = asyncio.create_task(self._save_while_growing(live))
        ending = _Ending("failed", error=UNKNOWN_FAILURE)
        try:
            ending = await self._answer(person, ask, live)
        finally:  # whatever happens, the answer ends: nobody may wait for it for ever
            saving.cancel()
            seconds = round(self._clock() - began, 3)
            try:
                await self._save_end(live, ending, {**details, "seconds": seconds})
            finally:
                live.end()
                del self._stopped[run.id]
                asyncio.get_running_loop().call_later(KEPT_SECONDS, self._live.pop, run.id, None)

    async def _answer(self, person: Person, ask: ChatAsk, live: LiveAnswer) -> _Ending:
        """Let the model write; a failure becomes the answer's error."""
        ending = _Ending()
        begun = asyncio.create_task(self._service.answer(ask, person, self._quota))
        if not await first(begun, self._stopped[live.run_id]):
            begun.add_done_callback(let_go)
            return self._broken_off(_Ending(finish_reason="cancelled"))
        try:
            answer = begun.result()
        except (ApiError, FledgeError) as error:
            return _Ending("failed", error=_sentence(error))
        self._answers[live.run_id] = answer
        try:
            async for _, piece in answer.events():
                live.add(piece.text)
                ending.finish_reason = piece.finish_reason or ending.finish_reason
        except BrokenOff as error:
            ending = _Ending("interrupted", error=_sentence(error))
        except FledgeError as error:
            ending = _Ending("failed", error=_sentence(error))
        finally:
            del self._answers[live.run_id]
            answer.close()
        ending.prompt_tokens = answer.prompt_tokens
        ending.completion_tokens = answer.completion_tokens
        return self._broken_off(ending) if ending.finish_reason == "cancelled" else ending

    def _broken_off(self, ending: _Ending) -> _Ending:
        ending.status = "interrupted" if self._closing else "cancelled"
        return ending

    async def _save_while_growing(self, live: LiveAnswer) -> None:
        """Save every few seconds; stop writing where the chat was erased meanwhile."""
        saved = live.text
        while True:
            await asyncio.sleep(self._save_seconds)
            if live.text != saved:
                saved = live.text
                try:
                    if not await run_in_threadpool(self._runs.save, live.run_id, saved):
                        self._stop(live.run_id)
                except (Conflict, DatabaseUnavailable) as error:
                    logger.warning("an answer is not saved yet: %s", error)

    async def _save_end(self, live: LiveAnswer, ending: _Ending, details: Json) -> None:
        """Save the end; while the database is away, or others write the run, try again."""
        tries = 0
        while tries < CLOSING_TRIES:
            try:
                await run_in_threadpool(self._finish, live, ending, details)
            except NotFound:  # the chat was erased while its answer was written
                return
            except (Conflict, DatabaseUnavailable) as error:
                logger.warning("an answer is not saved yet: %s", error)
                await asyncio.sleep(self._save_seconds)
                tries += self._closing
            except DatabaseError:
                break
            else:
                return
        logger.error("run %s: its answer could not be saved", live.run_id)

    def _finish(self, live: LiveAnswer, ending: _Ending, details: Json) -> None:
        self._runs.finish(
            live.run_id,
            ending.status,
            live.text,
            finish_reason=ending.finish_reason,
            error=ending.error,
            prompt_tokens=ending.prompt_tokens,
            completion_tokens=ending.completion_tokens,
            details=details,
        )


async def first(work: asyncio.Task[AnswerStream], stopped: asyncio.Event) -> bool:
    """Wait for slow work such as loading a model; return False where it is stopped first."""
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    return work.done() and not stopped.is_set()


def let_go(work: asyncio.Task[AnswerStream]) -> None:
    """Close an answer that nobody waits for; its model stays loaded for the next request."""
    if not work.cancelled() and work.exception() is None:
        work.result().close()


def _sentence(error: ApiError | FledgeError) -> str:
    text = error.message if isinstance(error, ApiError) else str(error)
    return text[:1].upper() + text[1:]
