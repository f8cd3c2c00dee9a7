"""`/s/{token}`: a shared chat to read, and to continue in a chat of one's own."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from fledge.database import Database, SharedChat, SharedTurn
from fledge.serve.errors import ApiError
from fledge.serve.models.registry import ModelRegistry
from fledge.serve.people.address import place_of
from fledge.serve.people.identity import Identity, LoginRequired
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.people.share_limits import ShareLimits
from fledge.serve.show.markdown import render
from fledge.serve.show.page import Pages

UNSEEN = {"x-robots-tag": "noindex, nofollow, noarchive"}
"""Header that keeps a page out of search engines."""


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """One turn on the page; `html` is safe, and None for a person's own text."""

    name: str
    content: str
    html: Markup | None


def share_pages(
    identity: Identity,
    database: Database,
    models: ModelRegistry,
    settings: LiveSettings,
    limits: ShareLimits,
    pages: Pages,
) -> APIRouter:
    """Make the routes of the page and of its button."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    reader = reader_of(identity, settings, limits)

    @router.get("/s/{token}")
    def shared_chat(token: str, request: Request) -> Response:
        """Show the copy; it has neither the owner's name nor anything to change."""
        person = reader(request, token)
        shared = database.shares.find(token)
        if shared is None:
            raise gone()
        context = {
            "shared": shared.share,
            "turns": shown(shared, models),
            "may_continue": person is not None,
        }
        page = pages.show(request, "shared_chat.html", context, person=person)
        page.headers.update(UNSEEN)
        return page

    @router.post("/s/{token}/continue")
    def go_on(token: str, request: Request) -> Response:
        """Copy the turns into a new chat of the reader's own."""
        person = reader(request, token)
        if person is None:
            raise LoginRequired(f"/s/{token}")
        limits.write(person.id)
        shared = database.shares.find(token)
        if shared is None:
            raise gone()
        chat = database.shares.copy(person.id, token, model=model_of(shared, models))
        if chat is None:
            raise gone()
        return RedirectResponse(f"/c/{chat.id}", status_code=303)

    return router


def reader_of(
    identity: Identity, settings: LiveSettings, limits: ShareLimits
) -> Callable[[Request, str], Person | None]:
    """Return a check of who reads; it gives the person, or None without login."""

    def reader(request: Request, token: str) -> Person | None:
        limits.read(place_of(request))
        person = identity.recognised(request)
        audience = settings.current.shared_links
        if audience == "nobody":
            raise gone()
        if audience == "people" and person is None:
            raise LoginRequired(f"/s/{token}")
        return person

    return reader


def gone() -> ApiError:
    """Return the error for a link that opens nothing; its reason stays with the owner."""
    return ApiError(404, "This link doesn't exist, or its owner has revoked it.", code="not_found")


def shown(shared: SharedChat, models: ModelRegistry) -> list[ShownTurn]:
    """Return the turns with the name of each speaker, and answers as safe HTML."""
    return [
        ShownTurn(
            name=name_of(turn, models),
            content=turn.content,
            html=Markup(render(turn.content)) if turn.role == "assistant" else None,
        )
        for turn in shared.turns
    ]


def name_of(turn: SharedTurn, models: ModelRegistry) -> str:
    """Return the speaker of a turn; a person of the staff stays without a name."""
    if turn.role == "user":
        return "Question"
    if turn.by_person:
        return "A person"
    known = turn.model is not None and turn.model in models
    return models[turn.model].name if known and turn.model else turn.model or "Assistant"


def model_of(shared: SharedChat, models: ModelRegistry) -> str:
    """Return the last model that answered and is still served, or the default."""
    answered = (turn.model for turn in reversed(shared.turns) if turn.model in models)
    return next(answered, None) or next(iter(models))
