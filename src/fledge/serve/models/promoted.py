"""Model of a place of rounds, which follows promotions and roll-backs without a restart."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fledge.checkpoint.promotions import BASE, FILE_NAME, read_promotions
from fledge.errors import FledgeError
from fledge.serve.models.registry import ServedModel

logger = logging.getLogger(__name__)

Make = Callable[[], ServedModel]


@dataclass(slots=True)
class PromotedModel:
    """Looks at the history of a place before each request, and opens its model when it changed.

    The look costs one call of the operating system. A model that cannot be opened is logged once,
    and the one before goes on answering.
    """

    place: Path
    make: Make
    seen: int = 0
    """Modification time of the history when it was read last, in nanoseconds."""

    def first(self) -> ServedModel:
        """Return the promoted model.

        Raises:
            FledgeError: it cannot be opened.
        """
        self.seen = self._changed()
        return self._made()

    def renew(self, current: ServedModel) -> ServedModel:
        """Return `current`, or the model that was promoted since."""
        try:
            changed = self._changed()
            if changed == self.seen:
                return current
            self.seen = changed
            made = self._made()
        except (FledgeError, OSError) as error:
            logger.error("%s: the promoted model cannot be served: %s", self.place, error)
            return current
        logger.info("%s now stands for %s", current.id, made.name)
        return made

    def _changed(self) -> int:
        return (self.place / FILE_NAME).stat().st_mtime_ns

    def _made(self) -> ServedModel:
        history = read_promotions(self.place)
        made, number = self.make(), history[-1].round
        name = made.id if number == BASE else f"{made.id} (round {number})"
        return replace(made, name=name, version=len(history), renew=self.renew)
