"""Models as the server offers them: an id, a name, and a tokenizer or an upstream."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended
from fledge.errors import ConfigError, FledgeError
from fledge.generate.upstream import UpstreamServer
from fledge.serve.errors import awaited_model, unknown_model
from fledge.serve.models.async_engine import TokenEngine
from fledge.serve.schemas.common import ModelCard, ModelList
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

UNREADABLE = (FledgeError, OSError, ValueError, RecursionError)
"""Errors of a model whose files are damaged; those of one must not spoil the list of all."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Checkpoint that answers; `load` brings its weights into `bytes` of memory.

    `banned_ids` are never written, `created` is seconds since 1970. `suggestions` are first
    messages that it was trained for.
    """

    id: str
    name: str
    tokenizer: Tokenizer
    template: ChatTemplate
    context_length: int
    banned_ids: frozenset[int]
    created: int
    load: Callable[[], TokenEngine]
    bytes: int = 0
    dimensions: int | None = None
    """Length of its vectors; None where it is not known before the model is loaded."""
    suggestions: tuple[str, ...] = ()
    recommended: Recommended = NOTHING_RECOMMENDED
    """Sampling for requests that name none."""
    version: int = 0
    """Number of changes of the place behind the model; a higher one takes the place of a lower."""
    renew: "Callable[[ServedModel], ServedModel] | None" = None
    """Returns the model that stands under this id now: itself, or one of a higher version."""

    def card(self) -> ModelCard:
        """Return its entry in `/v1/models`."""
        return ModelCard(
            id=self.id,
            created=self.created,
            owned_by="fledge",
            name=self.name,
            max_model_len=self.context_length,
        )


@dataclass(frozen=True, slots=True)
class UpstreamModel:
    """Model of another server, by the id it has there; `context_length` is None if unknown."""

    id: str
    name: str
    context_length: int | None
    created: int
    server: UpstreamServer

    def card(self) -> ModelCard:
        """Return its entry in `/v1/models`."""
        return ModelCard(
            id=self.id,
            created=self.created,
            owned_by="upstream",
            name=self.name,
            max_model_len=self.context_length,
        )


Model = ServedModel | UpstreamModel


@dataclass(frozen=True, slots=True)
class AwaitedModel:
    """Model that is named before it is raised."""

    id: str
    name: str
    find: Callable[[], ServedModel | None]
    """Returns it once its checkpoint is complete; raises `FledgeError` where that is damaged."""


class ModelRegistry(Mapping[str, Model]):
    """Models by id, in the order they are offered; the first is the default.

    Awaited models are no part of the mapping until `look` has found them.
    """

    def __init__(self, models: Iterable[Model | AwaitedModel]) -> None:
        """Raises `ConfigError` where two have the same id."""
        self._offered: dict[str, Model | AwaitedModel] = {}
        for model in models:
            if model.id in self._offered:
                raise ConfigError(
                    f"two models are called {model.id!r}; give ours another name: NAME=CHECKPOINT"
                )
            self._offered[model.id] = model
        self._models = _ready(self._offered)
        self._failures: dict[str, str] = {}
        self._changing = threading.Lock()
        assert self._models, "a server without a model"

    def __getitem__(self, model: str) -> Model:
        """Raises `ApiError` 404 for an unknown id, 503 for a model that is awaited."""
        if model in self._models:
            return self._renewed(self._models[model])
        if model in self._offered:
            raise awaited_model(model, list(self._models))
        raise unknown_model(model, list(self._models))

    def __contains__(self, model: object) -> bool:
        return model in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    @property
    def awaited(self) -> tuple[AwaitedModel, ...]:
        """Models that are not there yet, in the order they are offered."""
        return tuple(each for each in self._offered.values() if isinstance(each, AwaitedModel))

    def look(self) -> None:
        """Offer the awaited models that are there now; it reads files, so call it in a thread.

        A model that cannot be read stays awaited, and its error is logged once.
        """
        for awaited in self.awaited:
            if (found := self._found(awaited)) is not None:
                self._offer(found)

    def _renewed(self, model: Model) -> Model:
        """Look whether rounds promoted another model under this id, or rolled back to one."""
        if not isinstance(model, ServedModel) or model.renew is None:
            return model
        renewed = model.renew(model)
        return model if renewed is model else self._offer(renewed)

    def _offer(self, model: ServedModel) -> Model:
        """Put a model in the place of the one with its id, unless that is newer; return the newer.

        Two threads may have opened two versions of it, and the older one may come last.
        """
        with self._changing:
            present = self._offered[model.id]
            if isinstance(present, ServedModel) and present.version > model.version:
                return present
            # Both are replaced whole, because other threads read them at any moment.
            self._offered = {**self._offered, model.id: model}
            self._models = _ready(self._offered)
            return model

    def listing(self) -> ModelList:
        """Return the answer of `/v1/models`."""
        return ModelList(data=[model.card() for model in self.values()])

    def _found(self, model: AwaitedModel) -> ServedModel | None:
        try:
            found = model.find()
        except UNREADABLE as error:
            if self._failures.get(model.id) != str(error):
                logger.error("%s cannot be served: %s", model.id, error)
            self._failures[model.id] = str(error)
            return None
        if found is not None:
            logger.info("%s is ready", model.id)
        return found


def _ready(offered: Mapping[str, Model | AwaitedModel]) -> dict[str, Model]:
    return {id_: each for id_, each in offered.items() if not isinstance(each, AwaitedModel)}
