"""Assistants: personas with a prompt, a model, a greeting and documents."""

from collections.abc import Callable, Sequence
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from fledge.database import Database
from fledge.database.assistants import Assistant, AssistantChange
from fledge.database.knowledge import Document
from fledge.generate.request import SamplingParams
from fledge.serve.errors import ApiError
from fledge.serve.models.registry import Model, ModelRegistry
from fledge.serve.models.usual import in_effect
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages
from fledge.serve.web.assistants.knowledge import passages_of
from fledge.serve.web.assistants.ready import READY, ready_assistant
from fledge.serve.web.assistants.shapes import (
    AssistantDetail,
    AssistantFields,
    DocumentShown,
    NewDocument,
)

MOST_DOCUMENTS = 100
MOST_BYTES = 20_000_000
"""Bytes of all documents of an assistant together."""


def assistant_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes for one's own assistants, the shared ones, and documents."""
    router = APIRouter(prefix="/api/assistants", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)
    assistants, knowledge = database.assistants, database.knowledge

    @router.post("", status_code=201)
    def create(asked: AssistantFields, person: Someone) -> AssistantDetail:
        """Make an assistant of one's own."""
        made = assistants.create(person.id, **changes(person, asked))
        return detail(database, person, made)

    @router.post("/ready/{key}", status_code=201)
    def start_ready(key: str, person: Someone) -> AssistantDetail:
        """Copy a ready-made assistant, or return the copy that is there already."""
        ready = ready_assistant(key)
        if ready is None:
            raise ApiError(404, f"There is no ready-made assistant {key!r}.")
        for own in assistants.list(person.id):
            if own.account_id == person.id and own.name == ready.name:
                return detail(database, person, own)
        made = assistants.create(
            person.id,
            name=ready.name,
            description=ready.description,
            system_prompt=ready.system_prompt,
            greeting=ready.greeting,
            suggestions=ready.suggestions,
        )
        return detail(database, person, made)

    @router.get("/{id}")
    def read(id: str, person: Someone) -> AssistantDetail:
        """Return an assistant of one's own, or a shared one."""
        return detail(database, person, assistants.get(person.id, id))

    @router.patch("/{id}")
    def change(id: str, asked: AssistantFields, person: Someone) -> AssistantDetail:
        """Change an assistant of one's own; fields that are not named stay."""
        change = changes(person, asked)
        if change.get("shared", True):
            require_keeper(database, person, id)
        changed = assistants.change(person.id, id, **change)
        return detail(database, person, changed)

    @router.delete("/{id}", status_code=204)
    def remove(id: str, person: Someone) -> Response:
        """Delete an assistant of one's own; its chats stay."""
        assistants.delete(person.id, id)
        return Response(status_code=204)

    @router.post("/{id}/documents", status_code=201)
    def teach(id: str, asked: NewDocument, person: Someone) -> DocumentShown:
        """Add a document; one of the same name is replaced."""
        require_keeper(database, person, id)
        passages = passages_of(asked.text)
        if not passages:
            raise ApiError(400, f"{asked.name} contains no text.", param="text")
        require_room(knowledge.list(person.id, id), asked)
        return DocumentShown.of(knowledge.add(person.id, id, asked.name, passages))

    @router.delete("/{id}/documents/{document_id}", status_code=204)
    def forget(id: str, document_id: str, person: Someone) -> Response:
        """Delete a document."""
        knowledge.delete(person.id, document_id)
        return Response(status_code=204)

    return router


def assistant_pages(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    pages: Pages,
    usual: Callable[[Model], SamplingParams],
) -> APIRouter:
    """Make the routes of the gallery, and of the page to make or change an assistant.

    `usual` tells how a model answers where nothing is named, which empty boxes stand for.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.get("/assistants")
    def gallery(request: Request, person: Visitor) -> Response:
        """Show one's own assistants, the shared ones, and the ready-made ones."""
        known = database.assistants.list(person.id)
        own = {each.name for each in known if each.account_id == person.id}
        context = {
            "assistants": known,
            "ready": [each for each in READY if each.name not in own],
        }
        return pages.show(request, "assistants.html", context, person=person)

    @router.get("/assistants/new")
    def new(request: Request, person: Visitor) -> Response:
        """Show an empty form."""
        return form(request, person, None)

    @router.get("/assistants/{id}")
    def edit(id: str, request: Request, person: Visitor) -> Response:
        """Show the form of an assistant of one's own."""
        assistant = database.assistants.get(person.id, id)
        if assistant.account_id != person.id:
            raise ApiError(404, "Only its owner can change this assistant.")
        return form(request, person, assistant)

    def defaults(model: Model) -> dict[str, object]:
        return {
            "sampling": in_effect(model, usual(model)),
            "context_length": model.context_length,
        }

    def form(request: Request, person: Person, assistant: Assistant | None) -> Response:
        shown = None if assistant is None else detail(database, person, assistant)
        context = {
            "assistant": shown,
            "models": list(models.values()),
            "defaults": {"": defaults(next(iter(models.values())))}
            | {id_: defaults(model) for id_, model in models.items()},
            "base_url": str(request.base_url).rstrip("/"),
        }
        return pages.show(request, "assistant.html", context, person=person)

    return router


def changes(person: Person, asked: AssistantFields) -> AssistantChange:
    """Return the named fields for the store. Raises `ApiError` 403 if the role may not share."""
    if asked.shared or asked.allowed_origins:
        person.require("staff")
    named = asked.model_dump(exclude_unset=True)
    if "sampling" in named:
        named["sampling"] = asked.sampling.model_dump(exclude_none=True)
    for name in ("suggestions", "allowed_origins"):
        if name in named:
            named[name] = tuple(named[name])
    return cast(AssistantChange, named)


def require_keeper(database: Database, person: Person, assistant_id: str) -> None:
    """Raise `ApiError` 403 where the assistant is shared and the person may no longer share.

    Everybody would read the change. A person may still stop sharing an assistant of their own.
    """
    assistant = database.assistants.get(person.id, assistant_id)
    if assistant.account_id == person.id and assistant.shared:
        person.require("staff")


def require_room(known: Sequence[Document], asked: NewDocument) -> None:
    """Raise `ApiError` 400 where an assistant has no room for a document beside its others."""
    others = [each for each in known if each.name != asked.name]
    if len(others) >= MOST_DOCUMENTS:
        raise ApiError(400, f"An assistant can have at most {MOST_DOCUMENTS} files.")
    if sum(each.size for each in others) + len(asked.text.encode()) > MOST_BYTES:
        raise ApiError(
            400,
            f"An assistant's files can have at most {MOST_BYTES:,} bytes together; remove one "
            "first.",
            param="text",
        )


def detail(database: Database, person: Person, assistant: Assistant) -> AssistantDetail:
    """Return an assistant, with its documents if the person is its owner."""
    is_own = assistant.account_id == person.id
    documents = database.knowledge.list(person.id, assistant.id) if is_own else []
    return AssistantDetail.of(assistant, documents, is_own)
