"""`/account`: name, password, API keys, sessions, and consent to training."""

from collections.abc import Callable
from typing import Annotated, Literal, get_args

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter
from pydantic import Field, StringConstraints

from fledge.database import ApiKey, Database
from fledge.database.accounts import AccountChange
from fledge.database.api_keys import Scope
from fledge.serve.accounts.cookies import forget_session, go, set_session
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.forms import BadForm, Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.accounts.provider import OidcSettings
from fledge.serve.people.address import place_of
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages

DAY_SECONDS = 86_400


class ProfileForm(Form):
    """Login and display name."""

    login: str = Field(min_length=1, max_length=254)
    name: str = Field(min_length=1, max_length=100)


class PasswordForm(Form):
    """Old and new password; the old one, where there is one, proves who asks."""

    current: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)] = ""
    new: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=False)]


class KeyForm(Form):
    """API key to make: no scopes are all, no days is for ever, no tokens is no limit of its own."""

    name: str = Field(min_length=1, max_length=100)
    scopes: tuple[Scope, ...] = ()
    days: int | None = Field(None, ge=1, le=3650)
    daily_tokens: int | None = Field(None, ge=1, le=2**31 - 1)


class TrainingForm(Form):
    """Consent to training: a box that is ticked or not."""

    allows_training: Literal["yes", "no"] = "no"


class AccountPage:
    """Render `/account`."""

    def __init__(
        self,
        database: Database,
        credentials: Credentials,
        clock: Callable[[], float],
        pages: Pages,
        *,
        login: bool,
        by_email: bool,
        provider: OidcSettings | None,
    ) -> None:
        """`by_email` tells whether the server sends e-mail."""
        self._database = database
        self._credentials = credentials
        self._provider = provider
        self._clock = clock
        self._pages = pages
        self._login = login
        self._by_email = by_email

    def show(
        self, request: Request, person: Person, new_key: tuple[ApiKey, str] | None = None
    ) -> Response:
        """Return the page; a new key is shown this once."""
        database = self._database
        account = database.accounts.get(person.id)
        context = {
            "account": account,
            "has_password": self._login and self._credentials.has_password(account),
            "identities": database.identities.list(person.id),
            "provider": self._provider,
            "keys": database.api_keys.list(person.id) if self._login else [],
            "sessions": database.sessions.list(person.id) if self._login else [],
            "session": person.session,
            "links": database.shares.list(person.id),
            "scopes": get_args(Scope),
            "daily_limit": min(
                (each.daily_tokens for each in person.limits if each.daily_tokens), default=None
            ),
            "new_key": new_key,
            "by_email": self._by_email,
            "done": DONE.get(request.query_params.get("done", "")),
            "now": self._clock(),
        }
        return self._pages.show(request, "account.html", context, person=person)


def account_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    clock: Callable[[], float],
    pages: Pages,
    *,
    by_email: bool,
    provider: OidcSettings | None = None,
) -> APIRouter:
    """Make the routes of `/account` and its forms; `provider` is one that people may link."""
    router = page_router(pages)
    page = AccountPage(
        database,
        credentials,
        clock,
        pages,
        login=identity.login,
        by_email=by_email,
        provider=provider,
    )
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.get("/account")
    def account_page(request: Request, person: Visitor) -> Response:
        """Show the whole account on one page."""
        return page.show(request, person)

    @router.post("/account/training")
    def change_training(
        person: Visitor, form: Annotated[TrainingForm, Depends(read(TrainingForm))]
    ) -> Response:
        """Store whether the person's chats may train models."""
        allows = form.allows_training == "yes"
        database.accounts.change(person.id, allows_training=allows)
        database.audit.add(
            person.id, "training.allowed" if allows else "training.refused", person.account.login
        )
        return go("/account?done=training#privacy")

    @router.post("/account/links/{share_id}/revoke")
    def revoke_link(share_id: str, person: Visitor) -> Response:
        """Revoke the link of a shared chat: it opens nothing from now on."""
        database.shares.revoke(person.id, share_id)
        database.audit.add(person.id, "share.revoked")
        return go("/account?done=links#links")

    if identity.login:
        router.include_router(identity_routes(identity, database, credentials, pages))
        router.include_router(key_routes(identity, database, page, clock, pages))
    return router


def identity_routes(
    identity: Identity, database: Database, credentials: Credentials, pages: Pages
) -> APIRouter:
    """Make the routes for name, password and sessions; a server without login has none."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.post("/account/profile")
    def change_profile(
        person: Visitor, form: Annotated[ProfileForm, Depends(read(ProfileForm))]
    ) -> Response:
        """Change login and display name."""
        change: AccountChange = {"login": form.login, "name": form.name}
        account = database.accounts.change(person.id, **change)
        if account.login != person.account.login:
            database.audit.add(
                person.id, "login.changed", account.login, {"from": person.account.login}
            )
        return go("/account?done=profile")

    @router.post("/account/password")
    def change_password(
        request: Request,
        person: Visitor,
        form: Annotated[PasswordForm, Depends(read(PasswordForm))],
    ) -> Response:
        """Set a new password, log out every other browser, and give this one a new session."""
        require_password(credentials, request, person, form.current)
        hashed = credentials.hash(form.new)
        database.accounts.change(person.id, password_hash=hashed)
        database.sessions.end_all(person.id)
        database.audit.add(person.id, "password.changed", person.account.login)
        _, token = database.sessions.create(person.id, request.headers.get("user-agent", ""))
        response = go("/account?done=password")
        set_session(request, response, token)
        return response

    @router.post("/account/sessions/end-others")
    def end_others(person: Visitor) -> Response:
        """Log every other browser out."""
        here = person.session.id if person.session else None
        database.sessions.end_all(person.id, but=here)
        return go("/account?done=sessions#sessions")

    @router.post("/account/sessions/{session_id}/end")
    def end_session(request: Request, session_id: str, person: Visitor) -> Response:
        """Log one browser out."""
        database.sessions.end(person.id, session_id)
        if person.session is not None and person.session.id == session_id:
            response = go("/login")
            forget_session(request, response)
            return response
        return go("/account?done=session#sessions")

    return router


def key_routes(
    identity: Identity,
    database: Database,
    page: AccountPage,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the routes for the person's own API keys."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.post("/account/keys")
    def make_key(
        request: Request, person: Visitor, form: Annotated[KeyForm, Depends(read(KeyForm))]
    ) -> Response:
        """Make a key, and show it on the only page that ever does."""
        expires_at = None if form.days is None else clock() + form.days * DAY_SECONDS
        key, text = database.api_keys.create(
            person.id,
            name=form.name,
            scopes=form.scopes,
            expires_at=expires_at,
            daily_tokens=form.daily_tokens,
        )
        database.audit.add(person.id, "key.made", key.prefix)
        return page.show(request, person, new_key=(key, text))

    @router.post("/account/keys/{key_id}/revoke")
    def revoke_key(key_id: str, person: Visitor) -> Response:
        """Revoke a key: it opens nothing from now on."""
        database.api_keys.revoke(person.id, key_id)
        database.audit.add(person.id, "key.revoked", key_id)
        return go("/account?done=keys#keys")

    return router


DONE = {
    "profile": "Profile saved.",
    "email": "E-mail address saved.",
    "password": "Password changed. All other browsers have been logged out.",
    "session": "Logged out of that browser.",
    "sessions": "Logged out of all other browsers.",
    "keys": "API key revoked.",
    "links": "Link revoked.",
    "linked": "Login linked to your account.",
    "unlinked": "Login unlinked from your account.",
    "training": "Your choice has been saved. It also applies to earlier chats.",
    "erased": "All your chats have been deleted.",
}
"""Notes on the page after a form was accepted, by the `done` of its address."""


def require_password(
    credentials: Credentials, request: Request, person: Person, password: str
) -> None:
    """Raise `BadForm` unless the password is the person's.

    A person without a password proves who they are by having just logged in.

    Raises:
        LimitReached: too many attempts have failed; a browser left open is no place to guess.
    """
    if not credentials.has_password(person.account):
        if not credentials.is_fresh(person.session):
            raise BadForm(
                "your account has no password, so this needs a login from the last ten minutes; "
                "log out, log in again and retry"
            )
        return
    if credentials.check(place_of(request), person.account.login, password) is None:
        raise BadForm("the password is incorrect, so nothing was changed")
