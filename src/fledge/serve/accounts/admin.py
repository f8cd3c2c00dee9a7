"""`/admin`: roles, limits, invitations, settings, and the audit log."""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter
from pydantic import Field

from fledge.database import Account, Database, Invitation, Role
from fledge.database.usage import day
from fledge.serve.accounts.activity import newest
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.email import Email
from fledge.serve.accounts.forms import BadForm, Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.mail.post import Post
from fledge.serve.people.identity import Identity
from fledge.serve.people.permissions import ROLES, may_appoint
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.people.retention import Retention
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages

MOST = 2**31 - 1
USAGE_SECONDS = 29 * 86_400
"""Seconds before today: with it, the page adds up thirty days."""


class RoleForm(Form):
    """New role of a person."""

    role: Role


class LimitsForm(Form):
    """Limits of one person: empty is the server's default, 0 is no limit."""

    requests_per_minute: int | None = Field(None, ge=0, le=MOST)
    tokens_per_minute: int | None = Field(None, ge=0, le=MOST)
    concurrent_streams: int | None = Field(None, ge=0, le=MOST)
    daily_tokens: int | None = Field(None, ge=0, le=MOST)


class PersonForm(LimitsForm):
    """Role, limits and e-mail address of a person, saved together."""

    role: Role
    email: Email | None = None


class SettingsForm(Form):
    """Defaults for people without limits of their own: empty is no limit."""

    requests_per_minute: int | None = Field(None, ge=1, le=MOST)
    tokens_per_minute: int | None = Field(None, ge=1, le=MOST)
    concurrent_streams: int | None = Field(None, ge=1, le=MOST)
    daily_tokens: int | None = Field(None, ge=1, le=MOST)
    allows_training: bool = False


class AdminPage:
    """Render `/admin`."""

    def __init__(
        self,
        database: Database,
        settings: LiveSettings,
        quota: Quota,
        clock: Callable[[], float],
        post: Post | None,
        pages: Pages,
    ) -> None:
        """`post` is None on a server that sends no e-mail."""
        self._post = post
        self._database = database
        self._settings = settings
        self._quota = quota
        self._clock = clock
        self._pages = pages

    def show(
        self,
        request: Request,
        person: Person,
        invitation: tuple[Invitation, str] | None = None,
        password: tuple[Account, str] | None = None,
        problem: str = "",
    ) -> Response:
        """Return the page; an invitation's link or a new password is shown this once."""
        database = self._database
        self._quota.flush()
        context = {
            "accounts": database.accounts.list(),
            "used": database.usage.by_account(since=day(self._clock() - USAGE_SECONDS)),
            "invitations": database.invitations.list(),
            "activities": newest(database, 50),
            "settings": self._settings.current,
            "roles": [role for role in reversed(ROLES) if may_appoint(person.role, role)],
            "may_appoint": may_appoint,
            "new_password": password,
            "link": None if invitation is None else self._link(request, invitation[1]),
            "problem": problem,
            "by_email": self._post is not None,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        return self._pages.show(request, "admin.html", context, person=person)

    def _link(self, request: Request, token: str) -> str:
        """Return an invitation's link: the public address, or the one that the person is using."""
        if self._post is not None:
            return self._post.link(f"/invitation/{token}")
        return str(request.url_for("invitation_page", token=token))


def admin_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    retention: Retention,
    settings: LiveSettings,
    page: AdminPage,
    post: Post | None,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the routes of `/admin` and its forms; a server without login has none."""
    router = page_router(pages)
    if identity.login:
        router.include_router(admin_page_routes(identity, database, settings, page, pages))
        router.include_router(account_admin_routes(identity, database, post, pages))
        router.include_router(
            access_routes(identity, database, credentials, retention, page, clock, pages)
        )
    return router


def manager(identity: Identity) -> Callable[[Request], Person]:
    """Return a dependency that gives the asking admin or owner.

    It raises `LoginRequired`, or `ApiError` 403.
    """

    def managing(request: Request) -> Person:
        person = identity.visitor(request)
        person.require("manage_people")
        return person

    return managing


def admin_page_routes(
    identity: Identity,
    database: Database,
    settings: LiveSettings,
    page: AdminPage,
    pages: Pages,
) -> APIRouter:
    """Make the routes for the page and its settings."""
    router = page_router(pages)
    Manager = Annotated[Person, Depends(manager(identity))]  # noqa: N806

    @router.get("/admin")
    def admin_page(request: Request, person: Manager) -> Response:
        """Show every account with its usage, and the open invitations."""
        return page.show(request, person)

    @router.post("/admin/settings")
    def change_settings(
        person: Manager, form: Annotated[SettingsForm, Depends(read(SettingsForm))]
    ) -> Response:
        """Change the defaults for people without limits of their own."""
        person.require("manage_server")
        settings.change(form.model_dump())
        database.audit.add(person.id, "settings.changed", "", form.model_dump())
        return go("/admin?done=settings#settings")

    return router


def account_admin_routes(
    identity: Identity, database: Database, post: Post | None, pages: Pages
) -> APIRouter:
    """Make the routes for a person's role and limits; admins cannot change other admins."""
    router = page_router(pages)
    Manager = Annotated[Person, Depends(manager(identity))]  # noqa: N806
    accounts, audit = database.accounts, database.audit

    @router.post("/admin/people/{account_id}/role")
    def change_role(
        account_id: str, person: Manager, form: Annotated[RoleForm, Depends(read(RoleForm))]
    ) -> Response:
        """Give a person another role."""
        account = changeable(database, person, account_id)
        require_appointing(person, form.role)
        accounts.change(account.id, role=form.role)
        database.invitations.withdraw(account.id)
        audit.add(person.id, "role.changed", account.login, {"from": account.role, "to": form.role})
        return go("/admin?done=role")

    @router.post("/admin/people/{account_id}/change")
    def change(
        account_id: str, person: Manager, form: Annotated[PersonForm, Depends(read(PersonForm))]
    ) -> Response:
        """Save a person's role and limits, and the e-mail address where the page has a field."""
        account = changeable(database, person, account_id)
        require_appointing(person, form.role)
        limits = form.model_dump(exclude={"role", "email"})
        email = account.email if post is None else form.email
        if email != account.email:
            accounts.change(account.id, email=email)
            audit.add(person.id, "email.changed", account.login)
        accounts.change(account.id, role=form.role, **limits)
        if form.role != account.role:
            database.invitations.withdraw(account.id)
            moved: dict[str, object] = {"from": account.role, "to": form.role}
            audit.add(person.id, "role.changed", account.login, moved)
        if any(getattr(account, name) != limit for name, limit in limits.items()):
            audit.add(person.id, "limits.changed", account.login, limits)
        return go("/admin?done=person")

    @router.post("/admin/people/{account_id}/limits")
    def change_limits(
        account_id: str, person: Manager, form: Annotated[LimitsForm, Depends(read(LimitsForm))]
    ) -> Response:
        """Set the limits of one person."""
        account = accounts.get(account_id)
        require_appointing(person, account.role)
        accounts.change(
            account.id,
            requests_per_minute=form.requests_per_minute,
            tokens_per_minute=form.tokens_per_minute,
            concurrent_streams=form.concurrent_streams,
            daily_tokens=form.daily_tokens,
        )
        audit.add(person.id, "limits.changed", account.login, form.model_dump())
        return go("/admin?done=limits")

    return router


def access_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    retention: Retention,
    page: AdminPage,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the routes that disable, enable or erase an account, or give it a password."""
    router = page_router(pages)
    Manager = Annotated[Person, Depends(manager(identity))]  # noqa: N806
    accounts, audit = database.accounts, database.audit

    @router.post("/admin/people/{account_id}/disable")
    def disable(account_id: str, person: Manager) -> Response:
        """Disable an account: its sessions end, and its keys and invitations open nothing."""
        account = changeable(database, person, account_id)
        accounts.change(account.id, disabled_at=clock())
        database.sessions.end_all(account.id)
        database.invitations.withdraw(account.id)
        audit.add(person.id, "account.disabled", account.login)
        return go("/admin?done=disabled")

    @router.post("/admin/people/{account_id}/enable")
    def enable(account_id: str, person: Manager) -> Response:
        """Enable an account again."""
        account = changeable(database, person, account_id)
        accounts.change(account.id, disabled_at=None)
        audit.add(person.id, "account.enabled", account.login)
        return go("/admin?done=enabled")

    @router.post("/admin/people/{account_id}/password")
    def new_password(account_id: str, request: Request, person: Manager) -> Response:
        """Set a new password, and show it on the only page that ever does."""
        account = changeable(database, person, account_id)
        password = secrets.token_urlsafe(12)
        accounts.change(account.id, password_hash=credentials.hash(password))
        database.sessions.end_all(account.id)
        audit.add(person.id, "password.set", account.login)
        return page.show(request, person, password=(account, password))

    @router.post("/admin/people/{account_id}/delete")
    def delete(account_id: str, person: Manager) -> Response:
        """Erase a person and everything that is theirs."""
        account = changeable(database, person, account_id)
        retention.erase(account.id)
        audit.add(person.id, "account.deleted", account.login)
        return go("/admin?done=deleted")

    return router


def changeable(database: Database, person: Person, account_id: str) -> Account:
    """Return the account if this manager may change it. Raises `NotFound` or `BadForm`."""
    account = database.accounts.get(account_id)
    if account.id == person.id:
        raise BadForm("this is your own account; change it on the account page")
    require_appointing(person, account.role)
    return account


DONE = {
    "invitation": "Invitation revoked.",
    "sent": "Invitation sent by e-mail.",
    "settings": "Defaults saved.",
    "person": "Changes saved.",
    "role": "Role changed.",
    "limits": "Limits saved.",
    "disabled": "Account disabled and logged out everywhere.",
    "enabled": "Account enabled.",
    "deleted": "Account deleted, with everything in it.",
}
"""Notes on the page after a form was accepted, by the `done` of its address."""


def require_appointing(person: Person, role: Role) -> None:
    """Raise `BadForm` where the person's own role may not give or take this one."""
    if not may_appoint(person.role, role):
        raise BadForm(f"only an owner can do this for the role {role}; your role is {person.role}")
