"""Model of a place of rounds, which follows promotions and roll-backs without a restart."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from fledge.checkpoint.promotions import BASE, FILE_NAME, read_promotions
from fledge.serve.models.registry import UNREADABLE, ServedModel

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0

Make = Callable[[], ServedModel]


@dataclass(slots=True)
class PromotedModel:
    """Looks at the history of a place before each request, and opens its model when it changed.

    The look costs one call of the operating system. While a model cannot be opened, the one before
    goes on answering, and another attempt is made every `RETRY_SECONDS`.
    """

    place: Path
    make: Make
    clock: Callable[[], float] = time.monotonic
    seen: int = 0
    """Modification time of the history that the model is of, in nanoseconds."""
    next_attempt: float = 0.0
    opening: threading.Lock = field(default_factory=threading.Lock)

    def first(self) -> ServedModel:
        """Return the promoted model.

        Raises:
            FledgeError: it cannot be opened.
        """
        self.seen = self._changed()
        return self._made()

    def renew(self, current: ServedModel) -> ServedModel:
        """Return `current`, or the model that was promoted since."""
        if not self.opening.acquire(blocking=False):
            return current  # another thread opens the new one
        try:
            changed = self._changed()
            if changed == self.seen or self.clock() < self.next_attempt:
                return current
            made = self._made()
            self.seen = changed
        except UNREADABLE as error:
            self.next_attempt = self.clock() + RETRY_SECONDS
            logger.error("%s: the promoted model cannot be served: %s", self.place, error)
            return current
        finally:
            self.opening.release()
        logger.info("%s now stands for %s", current.id, made.name)
        return made

    def _changed(self) -> int:
        return (self.place / FILE_NAME).stat().st_mtime_ns

    def _made(self) -> ServedModel:
        history = read_promotions(self.place)
        made, number = self.make(), history[-1].round
        name = made.id if number == BASE else f"{made.id} (round {number})"
        return replace(made, name=name, version=len(history), renew=self.renew)
