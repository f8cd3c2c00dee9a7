"""`/server`: settings of the whole server, for its owner, with accounts and without."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from fledge.database import Database
from fledge.database.settings import Audience
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.email import Email
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.errors import ApiError
from fledge.serve.mail.post import Post, required
from fledge.serve.mail.sending import MailFailed
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.logo import logo_of
from fledge.serve.show.page import Pages

YEAR_SECONDS = 31_536_000


def printable(name: str) -> str:
    """Refuse a name with line breaks or other characters that show nothing."""
    if not name.isprintable():
        raise ValueError("use letters, digits, spaces and punctuation")
    return name


class NameForm(Form):
    """Name of the server; an empty field is the name that it has at first."""

    server_name: Annotated[str, AfterValidator(printable)] = Field("fledge", max_length=40)


class SharingForm(Form):
    """Readers of shared chats."""

    shared_links: Audience


class TestMailForm(Form):
    """Address to send a test e-mail to."""

    to: Email


class ServerPage:
    """Render `/server`, and recognise its owner."""

    def __init__(
        self, identity: Identity, settings: LiveSettings, post: Post | None, pages: Pages
    ) -> None:
        self._post = post
        self._identity = identity
        self._settings = settings
        self._pages = pages

    def owner(self, request: Request) -> Person:
        """Return who asks. Raises `LoginRequired`, or `ApiError` 403 for everybody but owners."""
        person = self._identity.visitor(request)
        person.require("manage_server")
        return person

    def show(
        self, request: Request, person: Person, problem: str = "", status: int = 200
    ) -> Response:
        """Return the page."""
        context = {
            "settings": self._settings.current,
            "audiences": AUDIENCES,
            "post": self._post,
            "account_email": person.account.email,
            "problem": problem,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        return self._pages.show(request, "server.html", context, person=person, status=status)


def server_routes(
    identity: Identity,
    database: Database,
    settings: LiveSettings,
    post: Post | None,
    pages: Pages,
) -> APIRouter:
    """Make the routes of the page and of its forms."""
    router = page_router(pages)
    page = ServerPage(identity, settings, post, pages)
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
        settings.change(form.model_dump())
        readers = AUDIENCES[form.shared_links]
        database.audit.add(person.id, "sharing.changed", "", {"readers": readers.lower()})
        return go("/server?done=sharing#sharing")

    @router.post("/server/name")
    def rename(person: Owner, form: Annotated[NameForm, Depends(read(NameForm))]) -> Response:
        """Give the server another name, or with an empty field its first one."""
        settings.change(form.model_dump())
        database.audit.add(person.id, "server.named", form.server_name)
        return go("/server?done=name#name")

    @router.post("/server/logo/remove")
    def remove_logo(person: Owner) -> Response:
        """Show the name without a logo again."""
        settings.change_logo(None)
        database.audit.add(person.id, "logo.removed")
        return go("/server?done=no-logo#name")

    @router.post("/server/mail")
    def send_test(
        request: Request, person: Owner, form: Annotated[TestMailForm, Depends(read(TestMailForm))]
    ) -> Response:
        """Send a test e-mail, and say what kept it from leaving."""
        try:
            required(post).test(form.to)
        except MailFailed as error:
            return page.show(request, person, str(error), 502)
        database.audit.add(person.id, "mail.tested")
        return go("/server?done=mail#mail")

    router.include_router(logo_routes(identity, database, settings))
    return router


def logo_routes(identity: Identity, database: Database, settings: LiveSettings) -> APIRouter:
    """Make the routes that show the logo to everybody, and take another one from an owner."""
    router = APIRouter(include_in_schema=False)

    @router.get("/logo")
    def logo(request: Request, v: str = "") -> Response:
        """Return the picture; browsers keep the one whose version they asked for."""
        shown = settings.logo
        if shown is None:
            raise ApiError(404, "This server has no logo.", code="not_found")
        headers = {"etag": f'"{shown.version}"', "cache-control": "no-cache"}
        if v == shown.version:
            headers["cache-control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        elif shown.version in re.findall(r"\w+", request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(shown.content, media_type="image/png", headers=headers)

    @router.put("/api/server/logo", status_code=204)
    async def change_logo(request: Request) -> Response:
        """Take the body as the picture."""
        person = await run_in_threadpool(identity.person, request)
        person.require("manage_server")
        await run_in_threadpool(take, person, await request.body())
        return Response(status_code=204)

    def take(person: Person, content: bytes) -> None:
        settings.change_logo(logo_of(content))
        database.audit.add(person.id, "logo.changed")

    return router


AUDIENCES: dict[Audience, str] = {
    "everyone": "Everyone with the link",
    "people": "People with an account here",
    "nobody": "Nobody",
}
"""Names of the readers that an owner can choose."""

DONE = {
    "mail": "Test e-mail sent. Look in the inbox, and in the spam folder.",
    "sharing": "Sharing saved.",
    "name": "Name saved.",
    "logo": "Logo saved.",
    "no-logo": "Logo removed.",
}
"""Notes on the page after a form was accepted, by the `done` of its address."""
