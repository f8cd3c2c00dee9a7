"""Answer while it is written: its text, its last events, and its readers."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fledge.database.stored_text import mended_text

KEPT_EVENTS = 512
"""Events that are kept; a reader who missed more gets the whole text anew."""


PING_SECONDS = 15
"""Seconds between signs of life, which keep proxies from closing a silent stream."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One step of an answer.

    `snapshot` is all of the text so far, and `text` the part after it. `end` is the last event.
    `ping` says that nothing has come for a while.
    """

    id: int
    name: str
    text: str


class LiveAnswer:
    """Answer with one writer and any number of readers; used on the event loop only."""

    def __init__(self, run_id: str, message_id: str, account_id: str, text: str = "") -> None:
        """`text` is the beginning of an answer that is continued."""
        self.run_id = run_id
        self.message_id = message_id
        self.account_id = account_id
        self.text = text
        self.ended = False
        self._last = 0
        self._events: deque[LiveEvent] = deque(maxlen=KEPT_EVENTS)
        self._changed = asyncio.Event()

    def add(self, text: str) -> None:
        """Add the next piece; an empty one makes no event."""
        if text:
            text = mended_text(text)
            self.text += text
            self._put("text", text)

    def end(self) -> None:
        """End the events; readers then look into the database."""
        self.ended = True
        self._put("end", "")

    async def events(self, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """Yield the events after event `after`, until the end.

        A reader first gets a snapshot who names no event, or one that is not kept or from another
        start of the server.
        """
        seen = after
        while True:
            if seen is None or not self._first - 1 <= seen <= self._last:
                seen = self._last
                yield LiveEvent(seen, "snapshot", self.text)
                continue
            for event in self._after(seen):
                seen = event.id
                yield event
                if event.name == "end":
                    return
            if self.ended:
                yield LiveEvent(seen, "end", "")
                return
            if seen == self._last and not await self._changes_soon():
                yield LiveEvent(seen, "ping", "")

    @property
    def _first(self) -> int:
        return self._events[0].id if self._events else self._last + 1

    async def _changes_soon(self) -> bool:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _after(self, seen: int) -> list[LiveEvent]:
        return [self._events[-back] for back in range(self._last - seen, 0, -1)]

    def _put(self, name: str, text: str) -> None:
        self._last += 1
        self._events.append(LiveEvent(self._last, name, text))
        self._changed.set()
        self._changed = asyncio.Event()
