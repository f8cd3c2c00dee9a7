"""Models in memory: loaded for a first request, put away when others need the room."""

import asyncio
import logging
from collections.abc import Callable

from fledge.generate.request import EngineLoad
from fledge.serve.errors import ApiError
from fledge.serve.models.async_engine import TokenEngine
from fledge.serve.models.registry import ServedModel

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5


class ModelShelf:
    """Engines in memory, least recently used first, of at most `budget` bytes together."""

    def __init__(self, budget: int | None, is_idle: Callable[[TokenEngine], bool]) -> None:
        """A `budget` of None is no bound. Engines that are not idle are never put away."""
        self._budget = budget
        self._is_idle = is_idle
        self._engines: dict[str, TokenEngine] = {}
        self._bytes: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._loading = asyncio.Lock()

    async def engine(self, model: ServedModel) -> TokenEngine:
        """Return the model's engine, loaded if it is not there; use it before the next await.

        Raises:
            ApiError: 503 where the models that are answering leave no room for it.
            CheckpointError: the model cannot be read.
        """
        if self._is_behind(model):
            async with self._loading:
                if self._is_behind(model):
                    self._make_room(model)
                    logger.info("loading %s", model.id)
                    # Answers of an older version are written to their end by its own engine.
                    engine = await asyncio.to_thread(model.load)
                    self._bytes[model.id] = model.bytes
                    self._versions[model.id] = model.version
                    self._engines[model.id] = engine
        self._engines[model.id] = self._engines.pop(model.id)  # now the most recently used
        return self._engines[model.id]

    def loads(self) -> dict[str, EngineLoad]:
        """Return the load of each model in memory."""
        return {id_: engine.load() for id_, engine in list(self._engines.items())}

    def _is_behind(self, model: ServedModel) -> bool:
        """Return whether the model is not in memory, or in an older version."""
        return model.id not in self._engines or self._versions[model.id] < model.version

    def _make_room(self, model: ServedModel) -> None:
        """Put away idle models, the longest unused first, until this one fits."""
        if self._budget is None:
            return
        for id_, engine in list(self._engines.items()):
            if self._fits(model):
                break
            if self._is_idle(engine):
                logger.info("putting %s away to make room for %s", id_, model.id)
                del self._engines[id_], self._bytes[id_]
        if self._engines and not self._fits(model):
            raise ApiError(
                503,
                f"Not enough memory for {model.id!r} while other models are answering. Try again "
                "when they have finished, or start the server with more --memory.",
                type="unavailable_error",
                code="model_loading",
                retry_after=RETRY_SECONDS,
            )

    def _fits(self, model: ServedModel) -> bool:
        return self._budget is None or sum(self._bytes.values()) + model.bytes <= self._budget
