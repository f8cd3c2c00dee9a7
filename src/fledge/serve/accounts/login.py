"""`/login`, `/logout`, `/setup` and `/invitation`: the pages that are open to everybody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from fledge.database import Account, Database, EmailTaken, LoginTaken
from fledge.errors import NotFound
from fledge.serve.accounts.cookies import forget_session, go, local, set_session
from fledge.serve.accounts.credentials import AccountDisabled, Credentials
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.accounts.passwords import BadPassword
from fledge.serve.accounts.provider import OidcSettings
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.people.address import client_of, place_of
from fledge.serve.people.identity import COOKIE, Identity
from fledge.serve.people.limits import LimitReached
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages


class LoginForm(Form):
    """Login, password with its blanks, and the page to show after it."""

    login: str = Field(max_length=254)
    password: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)]
    next: str = "/"


class NewAccountForm(Form):
    """Login, name and password of a new account, and the token that allows it."""

    login: str = Field(min_length=1, max_length=254)
    name: str = Field("", max_length=100)
    password: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=False)]
    token: str


class LoginPage:
    """Render `/login`, with a button for the provider if there is one."""

    def __init__(
        self, setup: OwnerSetup, pages: Pages, provider: OidcSettings | None, *, by_email: bool
    ) -> None:
        """`by_email` offers a link for lost passwords."""
        self._setup = setup
        self._by_email = by_email
        self._pages = pages
        self._provider = provider

    def show(self, request: Request, next_: str, problem: str = "", status: int = 200) -> Response:
        """Return the page, which leads to `next_` after the login."""
        context = {
            "next": local(next_),
            "problem": problem,
            "needs_setup": self._setup.is_open(),
            "provider": self._provider,
            "by_email": self._by_email,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        return self._pages.show(request, "login.html", context, status=status)


def door_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    setup: OwnerSetup,
    settings: LiveSettings,
    login_page: LoginPage,
    pages: Pages,
) -> APIRouter:
    """Make the routes of `/login`, `/logout`, `/setup` and `/invitation/{token}`."""
    router = page_router(pages)
    if identity.login:
        router.include_router(login_routes(identity, database, credentials, login_page, pages))
        router.include_router(setup_routes(database, credentials, setup, pages))
        router.include_router(invitation_routes(database, credentials, settings, pages))
    return router


def login_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    login_page: LoginPage,
    pages: Pages,
) -> APIRouter:
    """Make the routes of `/login` and `/logout`."""
    router = page_router(pages)
    page = login_page.show

    @router.get("/login")
    def show_login(request: Request, next: str = "/") -> Response:
        """Show the form; redirect a person who is logged in."""
        if identity.recognised(request) is not None:
            return go(local(next))
        return page(request, next)

    @router.post("/login")
    def log_in(request: Request, form: Annotated[LoginForm, Depends(read(LoginForm))]) -> Response:
        """Start a new session for a right password, and end the browser's old one."""
        login = form.login.casefold()
        try:
            account = credentials.check(place_of(request), login, form.password)
        except LimitReached as refusal:
            shut = page(request, form.next, refusal.message, 429)
            shut.headers["retry-after"] = str(refusal.retry_after)
            return shut
        except AccountDisabled as refusal:
            database.audit.add(None, "login.failed", login, {"address": client_of(request)})
            return page(request, form.next, str(refusal), 401)
        if account is None:
            database.audit.add(None, "login.failed", login, {"address": client_of(request)})
            return page(request, form.next, "Incorrect username or password.", 401)
        return enter(database, request, account, local(form.next))

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        """End the session of this browser."""
        leave(database, request)
        response = go("/login")
        forget_session(request, response)
        return response

    return router


def setup_routes(
    database: Database, credentials: Credentials, setup: OwnerSetup, pages: Pages
) -> APIRouter:
    """Make the routes of `/setup`, which makes the owner, once; the terminal shows the link."""
    router = page_router(pages)

    def page(request: Request, token: str, problem: str = "", status: int = 200) -> Response:
        context = {
            "token": token,
            "problem": problem,
            "title": "Set up this server",
            "lead": "Create the owner account. The owner invites people and sets their limits.",
            "action": "/setup",
        }
        return pages.show(request, "new_account.html", context, status=status)

    @router.get("/setup")
    def setup_page(request: Request, token: str = "") -> Response:
        """Show the form to the holder of the token."""
        if not setup.opens(token):
            return go("/login")
        return page(request, token)

    @router.post("/setup")
    def set_up(
        request: Request, form: Annotated[NewAccountForm, Depends(read(NewAccountForm))]
    ) -> Response:
        """Make the owner, or give a password to the one who had none."""
        if not setup.opens(form.token):
            return go("/login")
        try:
            hashed = credentials.hash(form.password)
            owner = setup.make_owner(form.login, form.name, hashed)
        except (BadPassword, LoginTaken) as error:
            return page(request, form.token, str(error), 400)
        if owner is None:
            return go("/login")
        database.audit.add(owner.id, "server.set_up", owner.login)
        return enter(database, request, owner, "/")

    return router


def invitation_routes(
    database: Database, credentials: Credentials, settings: LiveSettings, pages: Pages
) -> APIRouter:
    """Make the routes of an invitation's link."""
    router = page_router(pages)

    def page(request: Request, token: str, problem: str = "", status: int = 200) -> Response:
        context = {
            "token": token,
            "problem": problem,
            "title": f"Welcome to {settings.current.server_name}",
            "lead": "You've been invited to this server. Create your account to join.",
            "action": f"/invitation/{token}",
        }
        return pages.show(request, "new_account.html", context, status=status)

    def closed(request: Request) -> Response:
        problem = "This invitation has been used or revoked, or has expired. Ask for a new one."
        return pages.show(request, "problem.html", {"problem": problem}, status=404)

    @router.get("/invitation/{token}")
    def invitation_page(token: str, request: Request) -> Response:
        """Show the form while the invitation is open."""
        if database.invitations.find(token) is None:
            return closed(request)
        return page(request, token)

    @router.post("/invitation/{token}")
    def accept(
        token: str,
        request: Request,
        form: Annotated[NewAccountForm, Depends(read(NewAccountForm))],
    ) -> Response:
        """Make the account and log in."""
        invitations = database.invitations
        if form.token != token or invitations.find(token) is None:
            return closed(request)
        try:
            hashed = credentials.hash(form.password)
            account = invitations.accept(
                token, form.login, form.name, hashed, settings.current.allows_training
            )
        except (BadPassword, EmailTaken, LoginTaken) as error:
            return page(request, token, str(error), 400)
        except NotFound:
            return closed(request)
        database.audit.add(account.id, "invitation.accepted", account.login)
        return enter(database, request, account, "/")

    return router


DONE = {"reset": "Password changed. Log in with your new password."}
"""Notes on the login page, by the `done` of its address."""


def enter(database: Database, request: Request, account: Account, path: str) -> Response:
    """Start a new session and redirect to `path`.

    The browser's old session ends, so a cookie that somebody planted there opens nothing.
    """
    leave(database, request)
    agent = request.headers.get("user-agent", "")
    _, token = database.sessions.create(account.id, agent)
    database.accounts.seen(account.id)
    response = go(path)
    set_session(request, response, token)
    return response


def leave(database: Database, request: Request) -> None:
    """End the session that the browser has, if any."""
    token = request.cookies.get(COOKIE, "")
    session = database.sessions.find(token) if token else None
    if session is not None:
        database.sessions.end(session.account_id, session.id)
