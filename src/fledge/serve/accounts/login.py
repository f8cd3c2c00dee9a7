"""The doors: logging in and out, the owner's first visit, and invitations."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from fledge.database import Account, LoginTaken
from fledge.errors import NotFound
from fledge.serve.accounts.cookies import go, local, set_session
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.accounts.passwords import BadPassword
from fledge.serve.people.address import client_of, place_of
from fledge.serve.people.identity import COOKIE, People
from fledge.serve.people.limits import LimitReached
from fledge.serve.show.page import Pages


class LoginForm(Form):
    """Who, and where to then; a password's blanks count."""

    login: str = Field(max_length=254)
    password: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)]
    next: str = "/"


class NewAccountForm(Form):
    """A person who comes for the first time."""

    login: str = Field(min_length=1, max_length=254)
    name: str = Field("", max_length=100)
    password: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=False)]
    token: str


def door_routes(people: People, pages: Pages) -> APIRouter:
    """`/login`, `/logout`, `/setup` and `/invitation/{token}`; open to everybody."""
    router = page_router(pages)
    if people.login:
        router.include_router(login_routes(people, pages))
        router.include_router(setup_routes(people, pages))
        router.include_router(invitation_routes(people, pages))
    return router


def login_routes(people: People, pages: Pages) -> APIRouter:
    """In and out."""
    router = page_router(pages)

    def page(request: Request, next_: str, problem: str = "", status: int = 200) -> Response:
        context = {
            "next": local(next_),
            "problem": problem,
            "needs_setup": people.awaits_owner(),
        }
        return pages.show(request, "login.html", context, status=status)

    @router.get("/login")
    def login_page(request: Request, next: str = "/") -> Response:
        """The form; who is logged in goes on at once."""
        if people.recognised(request) is not None:
            return go(local(next))
        return page(request, next)

    @router.post("/login")
    def log_in(request: Request, form: Annotated[LoginForm, Depends(read(LoginForm))]) -> Response:
        """A new session for a right password; the browser's old one ends."""
        try:
            account = checked(people, request, form)
        except LimitReached as refusal:
            return page(request, form.next, refusal.message, 429)
        if account is None:
            return page(request, form.next, "This name and this password do not go together.", 401)
        return enter(people, request, account, local(form.next))

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        """End the session of this browser."""
        leave(people, request)
        response = go("/login")
        response.delete_cookie(COOKIE, path="/")
        return response

    return router


def setup_routes(people: People, pages: Pages) -> APIRouter:
    """The first visit, by the link that the terminal shows: it makes the owner, once."""
    router = page_router(pages)

    def page(request: Request, token: str, problem: str = "", status: int = 200) -> Response:
        context = {
            "token": token,
            "problem": problem,
            "title": "Make this server yours",
            "lead": "You will be its owner: you invite the others and set what they may use.",
            "action": "/setup",
        }
        return pages.show(request, "new_account.html", context, status=status)

    @router.get("/setup")
    def setup_page(request: Request, token: str = "") -> Response:
        """The form, for who has the token."""
        if not opens_setup(people, token):
            return go("/login")
        return page(request, token)

    @router.post("/setup")
    def set_up(
        request: Request, form: Annotated[NewAccountForm, Depends(read(NewAccountForm))]
    ) -> Response:
        """Make the owner, or give a password to the one who had none."""
        if not opens_setup(people, form.token):
            return go("/login")
        try:
            owner = make_owner(people, form)
        except (BadPassword, LoginTaken) as error:
            return page(request, form.token, str(error), 400)
        if owner is None:
            return go("/login")
        people.database.audit.add(owner.id, "server.set_up", owner.login)
        return enter(people, request, owner, "/")

    return router


def invitation_routes(people: People, pages: Pages) -> APIRouter:
    """The link that a person was sent."""
    router = page_router(pages)

    def page(request: Request, token: str, problem: str = "", status: int = 200) -> Response:
        context = {
            "token": token,
            "problem": problem,
            "title": "Welcome to fledge",
            "lead": "You were invited. Choose how you log in from now on.",
            "action": f"/invitation/{token}",
        }
        return pages.show(request, "new_account.html", context, status=status)

    def closed(request: Request) -> Response:
        problem = "This invitation was used, taken back, or is older than a week. Ask for another."
        return pages.show(request, "problem.html", {"problem": problem}, status=404)

    @router.get("/invitation/{token}")
    def invitation_page(token: str, request: Request) -> Response:
        """The form, while the link is open."""
        if people.database.invitations.find(token) is None:
            return closed(request)
        return page(request, token)

    @router.post("/invitation/{token}")
    def accept(
        token: str,
        request: Request,
        form: Annotated[NewAccountForm, Depends(read(NewAccountForm))],
    ) -> Response:
        """Make the account and log in."""
        invitations = people.database.invitations
        if form.token != token or invitations.find(token) is None:
            return closed(request)
        try:
            hashed = people.passwords.hash(form.password)
            account = invitations.accept(
                token, form.login, form.name, hashed, people.settings.allows_training
            )
        except (BadPassword, LoginTaken) as error:
            return page(request, token, str(error), 400)
        except NotFound:
            return closed(request)
        people.database.audit.add(account.id, "invitation.accepted", account.login)
        return enter(people, request, account, "/")

    return router


def checked(people: People, request: Request, form: LoginForm) -> Account | None:
    """The account behind a right password, or None; the work is the same either way.

    Raises:
        LimitReached: too many have failed.
    """
    login, place = form.login.casefold(), place_of(request)
    with people.attempts.attempt(place, login):
        found = people.database.accounts.password_hash(login)
        account, stored = found or (None, None)
        right = people.passwords.verify(stored, form.password)
        if account is None or stored is None or not right or account.disabled_at is not None:
            people.attempts.failed(place, login)
            people.database.audit.add(None, "login.failed", login, {"address": client_of(request)})
            return None
    people.attempts.succeeded(place, login)
    if people.passwords.outdated(stored):
        people.database.accounts.change(
            account.id, password_hash=people.passwords.hash(form.password)
        )
    return account


def enter(people: People, request: Request, account: Account, path: str) -> Response:
    """A session that did not exist before, so that nobody can have planted its cookie."""
    leave(people, request)
    agent = request.headers.get("user-agent", "")
    _, token = people.database.sessions.create(account.id, agent)
    people.database.accounts.seen(account.id)
    response = go(path)
    set_session(request, response, token)
    return response


def leave(people: People, request: Request) -> None:
    """End the session that the browser has, if any."""
    token = request.cookies.get(COOKIE, "")
    session = people.database.sessions.find(token) if token else None
    if session is not None:
        people.database.sessions.end(session.account_id, session.id)


def opens_setup(people: People, token: str) -> bool:
    """Whether this is the token on the terminal; compared in constant time."""
    expected = people.setup_token if people.awaits_owner() else None
    return expected is not None and hmac.compare_digest(expected.encode(), token.encode())


def make_owner(people: People, form: NewAccountForm) -> Account | None:
    """A new owner; on a server that ran without login, the person whose chats are there.

    None where another came first: of two who send the form at once, one becomes the owner.

    Raises:
        BadPassword: too short or too long.
        LoginTaken: another account has this login.
    """
    accounts = people.database.accounts
    hashed = people.passwords.hash(form.password)
    with people.setting_up:
        if not people.awaits_owner():
            return None
        owner = accounts.owner()
        if owner is None:
            made = accounts.create(form.login, name=form.name, role="owner", password_hash=hashed)
        else:
            name = form.name or form.login
            made = accounts.change(owner.id, login=form.login, name=name, password_hash=hashed)
        people.set_up()
    return made
