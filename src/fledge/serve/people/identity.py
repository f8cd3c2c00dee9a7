"""Identity: find the account behind a request, by session cookie or by API key."""

import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from fastapi import Request

from fledge.database import Account, ApiKey, Database, Session
from fledge.errors import DatabaseError
from fledge.serve.errors import ApiError
from fledge.serve.people.allowances import Allowances
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.paths import path_of
from fledge.serve.people.permissions import PERMISSIONS
from fledge.serve.people.person import Person
from fledge.serve.people.visitors import of_address

COOKIE = "fledge_session"
USED_EVERY_SECONDS = 60
"""Seconds between writes of a key's last use."""
LOCAL_LOGIN = "owner"


class LoginRequired(Exception):
    """Page that needs a login; `location` is the login page, which leads back."""

    def __init__(self, path: str) -> None:
        self.location = f"/login?next={quote(path, safe='/')}"
        super().__init__(self.location)


def page_of(path: str) -> str:
    """Return the page that holds the form which is sent to `path`: the first part of the path."""
    return "/" + path.split("/")[1]


class Identity:
    """Recognise the person behind a request; without `login`, everybody is the owner.

    `caller`, `person` and `visitor` are dependencies, as in `Depends(identity.person)`. They read
    the database, so they are plain functions, which FastAPI calls in a thread.
    """

    def __init__(
        self,
        database: Database,
        allowances: Allowances,
        *,
        login: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Without `login`, make the owner's account unless there is one.

        `clock` gives seconds since 1970.
        """
        self.login = login
        self._database = database
        self._allowances = allowances
        self._clock = clock
        self._local = None if login else local_owner(database).id

    def caller(self, request: Request) -> Person:
        """Return who calls `/v1`: by API key, or from our own pages. Raises `ApiError` 401."""
        if self._local is not None:
            return self._person(self._database.accounts.get(self._local))
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if not text:
            return self.person(request)
        key = self._database.api_keys.find(text.strip()) if scheme.lower() == "bearer" else None
        account = None if key is None else self._database.accounts.get(key.account_id)
        if key is None or account is None or account.disabled_at is not None:
            raise ApiError(
                401,
                "This API key is unknown, expired or revoked. Create one on the account page.",
                code="invalid_api_key",
            )
        if self._clock() - (key.last_used_at or 0) > USED_EVERY_SECONDS:
            self._database.api_keys.used(key.id)
        return self._person(account, key=key)

    def person(self, request: Request) -> Person:
        """Return whose browser fetches `/api/…`. Raises `ApiError` 401."""
        person = self.recognised(request)
        if person is None:
            raise ApiError(
                401,
                "Send an API key (Authorization: Bearer sk-…), or log in.",
                code="invalid_api_key",
            )
        return person

    def visitor(self, request: Request) -> Person:
        """Return who opens a page. Raises `LoginRequired`."""
        person = self.recognised(request)
        if person is None:
            query = f"?{request.url.query}" if request.url.query else ""
            path = path_of(request.scope)
            # A form's address is no page to come back to; the page that holds the form is.
            raise LoginRequired(path + query if request.method == "GET" else page_of(path))
        return person

    def recognised(self, request: Request) -> Person | None:
        """Return the person of the session cookie, or None; without login, the owner."""
        if self._local is not None:
            return self._person(self._database.accounts.get(self._local))
        token = request.cookies.get(COOKIE, "")
        session = self._database.sessions.find(token) if token else None
        if session is None:
            return None
        account = self._database.accounts.get(session.account_id)
        if account.disabled_at is not None:
            return None
        if self._database.sessions.renew(session):
            self._database.accounts.seen(account.id)
        return self._person(account, session=session)

    def acting_for(self, account_id: str, address: str) -> Person:
        """Return the person in whose name a visitor without an account is answered.

        All visitors together have the limits of that person, beside the person's own. They count
        for the same day.

        Raises:
            ApiError: 404; the person was disabled, or may no longer share assistants.
        """
        account = self._database.accounts.get(account_id)
        if account.disabled_at is not None or "staff" not in PERMISSIONS[account.role]:
            raise ApiError(404, "This assistant isn't available to visitors.", code="not_found")
        together = tuple(
            replace(scope, id=f"visitors of {scope.id}", whose="This assistant")
            for scope in self._limits(account, None)
        )
        return Person(account, None, None, (of_address(address), *together))

    def user_of(self, person: Person, user: str | None) -> str:
        """Return the name under which a request waits; names take turns.

        With accounts it is the account, whatever the request's `user` says: a name of one's own
        choice would jump the line. Without, everybody is the same owner, so `user` tells them
        apart.
        """
        return person.id if self.login or not user else f"{person.id}/{user}"

    def _person(
        self, account: Account, *, key: ApiKey | None = None, session: Session | None = None
    ) -> Person:
        return Person(account, key, session, self._limits(account, key))

    def _limits(self, account: Account, key: ApiKey | None) -> tuple[LimitScope, ...]:
        """Return none on a server without login: its owner has no limits."""
        return self._allowances.of(account, key) if self.login else ()


def local_owner(database: Database) -> Account:
    """Return the owner of a server without login; the account is made at the first start.

    Raises:
        DatabaseError: the owner's account is disabled.
    """
    owner = database.accounts.owner()
    if owner is None:
        return database.accounts.create(LOCAL_LOGIN, name="You", role="owner", password_hash=None)
    if owner.disabled_at is not None:
        raise DatabaseError("the owner's account is disabled; start the server with login")
    return owner
