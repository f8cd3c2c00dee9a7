"""`/server`: settings of the whole server, for its owner, with accounts and without."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge.database import Database
from fledge.database.settings import Audience
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages


class SharingForm(Form):
    """Readers of shared chats."""

    shared_links: Audience


class ServerPage:
    """Render `/server`, and recognise its owner."""

    def __init__(self, identity: Identity, settings: LiveSettings, pages: Pages) -> None:
        self._identity = identity
        self._settings = settings
        self._pages = pages

    def owner(self, request: Request) -> Person:
        """Return who asks. Raises `LoginRequired`, or `ApiError` 403 for everybody but owners."""
        person = self._identity.visitor(request)
        person.require("manage_server")
        return person

    def show(self, request: Request, person: Person) -> Response:
        """Return the page."""
        context = {
            "settings": self._settings.current,
            "audiences": AUDIENCES,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        return self._pages.show(request, "server.html", context, person=person)


def server_routes(
    identity: Identity, database: Database, settings: LiveSettings, pages: Pages
) -> APIRouter:
    """Make the routes of the page and of its forms."""
    router = page_router(pages)
    page = ServerPage(identity, settings, pages)
    Owner = Annotated[Person, Depends(page.owner)]  # noqa: N806 (a type)

    @router.get("/server")
    def server_page(request: Request, person: Owner) -> Response:
        """Show all settings."""
        return page.show(request, person)

    @router.post("/server/sharing")
    def change_sharing(
        person: Owner, form: Annotated[SharingForm, Depends(read(SharingForm))]
    ) -> Response:
        """Choose who may read shared chats; links stay, and open again when they may."""
        settings.change(settings.current.model_copy(update=form.model_dump()))
        readers = AUDIENCES[form.shared_links]
        database.audit.add(person.id, "sharing.changed", "", {"readers": readers.lower()})
        return go("/server?done=sharing#sharing")

    return router


AUDIENCES: dict[Audience, str] = {
    "everyone": "Everyone with the link",
    "people": "People with an account here",
    "nobody": "Nobody",
}
"""Names of the readers that an owner can choose."""

DONE = {"sharing": "Sharing saved."}
"""Notes on the page after a form was accepted, by the `done` of its address."""
