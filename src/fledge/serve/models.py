"""A model as the server holds it: an engine, its tokenizer and template, and a name for people."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fledge.serve.api_errors import unknown_model
from fledge.serve.async_engine import TokenEngine
from fledge.serve.schemas import ModelCard, ModelList
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model that answers; `banned_ids` are never written, `created` is seconds since 1970."""

    id: str
    name: str
    engine: TokenEngine
    tokenizer: Tokenizer
    template: ChatTemplate
    context_length: int
    banned_ids: frozenset[int]
    created: int

    def card(self) -> ModelCard:
        """Its entry in `/v1/models`."""
        return ModelCard(
            id=self.id, created=self.created, name=self.name, max_model_len=self.context_length
        )


class ModelRegistry(Mapping[str, ServedModel]):
    """The served models by id, in the order they are offered: the first is the default."""

    def __init__(self, models: Iterable[ServedModel]) -> None:
        self._models = {model.id: model for model in models}
        assert self._models, "a server without a model"

    def __getitem__(self, model: str) -> ServedModel:
        """Raises `ApiError` 404 for an unknown id."""
        if model not in self._models:
            raise unknown_model(model, list(self._models))
        return self._models[model]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def listing(self) -> ModelList:
        """The answer of `/v1/models`."""
        return ModelList(data=[model.card() for model in self._models.values()])
