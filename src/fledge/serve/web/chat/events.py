"""`/api/runs/{id}/events`: an answer as server-sent events, from any point on."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from fledge.database import Database, StoredMessage, StoredRun
from fledge.errors import DatabaseUnavailable, NotFound
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.streaming import HEADERS
from fledge.serve.web.chat.live import PING_SECONDS, LiveAnswer
from fledge.serve.web.chat.supervisor import RunSupervisor
from fledge.serve.web.shapes import message_shown

RETRY_MILLISECONDS = 1_000
LOOK_SECONDS = 0.5
"""Seconds between two looks at an answer that another server writes."""

_EVENT_ID = re.compile(r"[0-9]{1,15}")


def run_routes(identity: Identity, database: Database, supervisor: RunSupervisor) -> APIRouter:
    """Make the routes to follow and to stop a running answer."""
    router = APIRouter(prefix="/api/runs", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)

    @router.get("/{run_id}/events")
    async def events(
        run_id: str,
        person: Someone,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        """Follow an answer; a browser that comes back names the last event that it saw."""
        run = await run_in_threadpool(database.runs.get, person.id, run_id)
        await run_in_threadpool(database.messages.get, person.id, run.message_id)
        live = supervisor.find(person, run_id)
        frames = framed(database, run, live, seen_event(last_event_id))
        return StreamingResponse(
            frames, media_type="text/event-stream; charset=utf-8", headers=HEADERS
        )

    @router.post("/{run_id}/cancel", status_code=204)
    async def cancel(run_id: str, person: Someone) -> Response:
        """Stop an answer, whose text stays; a run that nobody writes is marked as interrupted."""
        await run_in_threadpool(database.runs.get, person.id, run_id)
        await supervisor.cancel(person, run_id)
        return Response(status_code=204)

    return router


def seen_event(last_event_id: str | None) -> int | None:
    """Return the number of a `Last-Event-ID` header; None, a fresh start, for any other text."""
    return int(last_event_id) if last_event_id and _EVENT_ID.fullmatch(last_event_id) else None


async def framed(
    database: Database, run: StoredRun, live: LiveAnswer | None, after: int | None
) -> AsyncIterator[bytes]:
    """Yield the events as bytes; once nothing is written any more, only the end, from the database.

    The last event is `end` with the message, or `gone` where its chat was deleted. A reader who
    gets neither comes back. An answer that another server writes is read as that one saves it.
    """
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    if live is not None:
        async for event in live.events(after):
            if event.name == "ping":
                yield b": ping\n\n"
            elif event.name != "end":
                yield frame(event.id, event.name, {"text": event.text})
    is_elsewhere = live is None and run.server_id != database.servers.id
    try:
        async for part in stored(database, run, is_elsewhere):
            yield part
    except NotFound:
        yield frame(None, "gone", {})
    except DatabaseUnavailable:
        return


async def stored(database: Database, run: StoredRun, is_elsewhere: bool) -> AsyncIterator[bytes]:
    """Yield the end of an answer from the database, and before it the text of another server.

    Raises:
        NotFound: the chat was deleted.
        DatabaseUnavailable: the database does not answer.
    """
    text, silent = None, 0.0
    while True:
        message = await run_in_threadpool(database.messages.get, run.account_id, run.message_id)
        if message.status != "running":
            # In a thread: the Markdown of a long answer takes longer than others' tokens may wait.
            yield await run_in_threadpool(last_frame, message)
            return
        if not is_elsewhere:
            return
        if message.content != text:
            text, silent = message.content, 0.0
            yield frame(None, "snapshot", {"text": text})
        elif silent >= PING_SECONDS:
            silent = 0.0
            yield b": ping\n\n"
        await asyncio.sleep(LOOK_SECONDS)
        silent += LOOK_SECONDS


def last_frame(message: StoredMessage) -> bytes:
    """Return the event that ends a stream, with the finished message."""
    shown = message_shown(message).model_dump(mode="json")
    return frame(None, "end", {"message": shown})


def frame(id_: int | None, name: str, data: object) -> bytes:
    """Return one event; JSON escapes keep its data on one line."""
    head = "" if id_ is None else f"id: {id_}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()
