"""Models as the server offers them: an id, a name, and a tokenizer or an upstream."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended
from fledge.errors import ConfigError
from fledge.generate.upstream import UpstreamServer
from fledge.serve.errors import unknown_model
from fledge.serve.models.async_engine import TokenEngine
from fledge.serve.schemas.common import ModelCard, ModelList
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer


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


class ModelRegistry(Mapping[str, Model]):
    """Models by id, in the order they are offered; the first is the default."""

    def __init__(self, models: Iterable[Model]) -> None:
        """Raises `ConfigError` where two have the same id."""
        self._models: dict[str, Model] = {}
        for model in models:
            if model.id in self._models:
                raise ConfigError(
                    f"two models are called {model.id!r}; give ours another name: NAME=CHECKPOINT"
                )
            self._models[model.id] = model
        assert self._models, "a server without a model"

    def __getitem__(self, model: str) -> Model:
        """Raises `ApiError` 404 for an unknown id."""
        if model not in self._models:
            raise unknown_model(model, list(self._models))
        return self._renewed(self._models[model])

    def __contains__(self, model: object) -> bool:
        return model in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def _renewed(self, model: Model) -> Model:
        """Look whether rounds promoted another model under this id, or rolled back to one."""
        if isinstance(model, ServedModel) and model.renew is not None:
            self._models[model.id] = model.renew(model)
        return self._models[model.id]

    def listing(self) -> ModelList:
        """Return the answer of `/v1/models`."""
        return ModelList(data=[model.card() for model in self.values()])
