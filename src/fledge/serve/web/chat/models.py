"""`/api/models`: the models that the chat page offers, and those that it awaits."""

from collections.abc import Callable

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from fledge.generate.request import SamplingParams
from fledge.serve.models.registry import Model, ModelRegistry, ServedModel
from fledge.serve.models.usual import in_effect
from fledge.serve.people.identity import Identity


class ModelShown(BaseModel):
    """Model as the page offers it."""

    id: str
    name: str
    context_length: int | None
    sampling: dict[str, object] | None
    """Values that empty number boxes stand for; None for another server's model."""
    suggestions: list[str]
    """First messages that suit it, beside the server's own."""


class AwaitedShown(BaseModel):
    """Model that appears among the others once it is raised."""

    id: str
    name: str


class ModelsShown(BaseModel):
    """Models of the page, the default first."""

    models: list[ModelShown]
    awaited: list[AwaitedShown]


def models_shown(models: ModelRegistry, usual: Callable[[Model], SamplingParams]) -> ModelsShown:
    """Convert all models; `usual` tells how one answers requests that name no sampling."""
    return ModelsShown(
        models=[
            ModelShown(
                id=model.id,
                name=model.name,
                context_length=model.context_length,
                sampling=in_effect(model, usual(model)),
                suggestions=list(model.suggestions) if isinstance(model, ServedModel) else [],
            )
            for model in models.values()
        ],
        awaited=[AwaitedShown(id=each.id, name=each.name) for each in models.awaited],
    )


def model_list_routes(
    identity: Identity, models: ModelRegistry, usual: Callable[[Model], SamplingParams]
) -> APIRouter:
    """Make the route that an open page asks while it awaits models."""
    router = APIRouter(
        prefix="/api/models",
        include_in_schema=False,
        dependencies=[Depends(identity.person)],
    )

    @router.get("")
    def listing() -> ModelsShown:
        """Return the models as the page itself has them."""
        return models_shown(models, usual)

    return router
