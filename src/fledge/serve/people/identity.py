"""How a route learns who asks: dependencies for the API, for the pages and for what they fetch."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from fledge.database import Account, ApiKey, Database, ServerSettings, Session
from fledge.database.tokens import new_token
from fledge.database.usage import day
from fledge.errors import DatabaseError
from fledge.serve.accounts.attempts import LoginAttempts
from fledge.serve.accounts.passwords import Passwords
from fledge.serve.errors import ApiError
from fledge.serve.people.allowances import Allowances
from fledge.serve.people.limits import Admission, Limiter, LimitScope
from fledge.serve.people.metering import Meter
from fledge.serve.people.permissions import PERMISSIONS, REASONS, Permission
from fledge.serve.people.person import Person
from fledge.serve.people.visitors import NewVisitors, of_address

COOKIE = "fledge_session"
USED_EVERY_SECONDS = 60
DAY_SECONDS = 86_400
DELETED_SECONDS = 30 * DAY_SECONDS
"""How long a deleted chat can be brought back."""
TEMPORARY_SECONDS = 7 * DAY_SECONDS
"""How long a temporary chat is kept after its last word."""
AUDIT_SECONDS = 365 * DAY_SECONDS
LOCAL_LOGIN = "owner"


class LoginRequired(Exception):
    """A page that only a person sees; answered by the way to the login page and back."""

    def __init__(self, path: str) -> None:
        self.location = f"/login?next={quote(path, safe='/')}"
        super().__init__(self.location)


def page_of(path: str) -> str:
    """The page that a form of ours is on: the first part of the path that it is sent to."""
    return "/" + path.split("/")[1]


async def to_login(_: Request, error: Exception) -> Response:
    """What becomes of `LoginRequired`."""
    assert isinstance(error, LoginRequired)
    return RedirectResponse(error.location, status_code=303)


class People:
    """The people of one server, and what they use of it.

    Without `login`, everybody is the owner: for a server that only its own machine reaches.
    """

    def __init__(
        self,
        database: Database,
        *,
        login: bool,
        clock: Callable[[], float] = time.time,
        passwords: Passwords | None = None,
    ) -> None:
        """`clock`: seconds since 1970."""
        self.database = database
        self.login = login
        self.clock = clock
        self.passwords = passwords or Passwords()
        self.settings = database.settings.get()
        self.setup_token = new_token() if login and database.accounts.needs_setup() else None
        """Opens the page that makes the owner; None once there is one."""
        self.setting_up = threading.Lock()
        self.attempts = LoginAttempts()
        self.new_visitors = NewVisitors()
        self.limiter = Limiter(clock)
        self.meter = Meter(database.usage, clock, self.tidy)
        self.allowances = Allowances(database.usage, self.meter)
        self._local = None if login else local_owner(database).id
        self._memories: list[Callable[[str], None]] = []

    def start(self) -> None:
        """What a server does before its first answer: note what a dead one left unfinished."""
        self.database.runs.interrupt_all()
        self.tidy()
        self.meter.start()
        if self.login:
            assert self.passwords.nobody

    def tidy(self) -> None:
        """Forget what is kept for a while only; at the start, and every hour."""
        now = self.clock()
        self.database.sessions.purge()
        self.database.invitations.purge()
        self.database.conversations.purge(now - DELETED_SECONDS)
        self.database.conversations.purge_temporary(now - TEMPORARY_SECONDS)
        self.database.audit.purge(now - AUDIT_SECONDS)

    def set_up(self) -> None:
        """There is an owner: the setup page is closed."""
        self.setup_token = None

    def awaits_owner(self) -> bool:
        """Whether the setup page is open; `fledge password` closes it from outside."""
        if self.setup_token is not None and not self.database.accounts.needs_setup():
            self.set_up()
        return self.setup_token is not None

    def when_forgetting(self, forget: Callable[[str], None]) -> None:
        """Have `forget` called with the id of whoever erases what they said."""
        self._memories.append(forget)

    def forget(self, account_id: str) -> None:
        """Forget what is in memory of a person, and what their erased rows left in the database."""
        for forget in self._memories:
            forget(account_id)
        self.database.scrub()

    def erase(self, account_id: str) -> None:
        """Forget a person. Raises `DatabaseError` for the last owner."""
        self.database.accounts.delete(account_id)
        self.forget(account_id)

    def change_settings(self, settings: ServerSettings) -> None:
        """From now on, for everybody."""
        self.database.settings.set(settings)
        self.settings = settings

    def stop(self) -> None:
        """Write what is still in memory."""
        self.meter.stop()

    # Dependencies: `person: Annotated[Person, Depends(people.person)]`. They read the database, so
    # they are plain functions, which FastAPI calls in a thread.

    def caller(self, request: Request) -> Person:
        """Who calls `/v1`: by API key, or from our own pages. Raises `ApiError` 401."""
        if self._local is not None:
            return self._person(self.database.accounts.get(self._local))
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if not text:
            return self.person(request)
        key = self.database.api_keys.find(text.strip()) if scheme.lower() == "bearer" else None
        account = None if key is None else self.database.accounts.get(key.account_id)
        if key is None or account is None or account.disabled_at is not None:
            raise ApiError(
                401,
                "This API key is not known here, expired or revoked; make one on the account page",
                code="invalid_api_key",
            )
        if self.clock() - (key.last_used_at or 0) > USED_EVERY_SECONDS:
            self.database.api_keys.used(key.id)
        return self._person(account, key=key)

    def person(self, request: Request) -> Person:
        """Whose browser fetches `/api/…`. Raises `ApiError` 401."""
        person = self.recognised(request)
        if person is None:
            raise ApiError(
                401,
                "Give an API key (Authorization: Bearer sk-…), or log in",
                code="invalid_api_key",
            )
        return person

    def visitor(self, request: Request) -> Person:
        """Who opens a page. Raises `LoginRequired`, which leads to the login page and back."""
        person = self.recognised(request)
        if person is None:
            query = f"?{request.url.query}" if request.url.query else ""
            path = request.url.path
            # What a form was sent to is no page to come back to; the form's own page is.
            raise LoginRequired(path + query if request.method == "GET" else page_of(path))
        return person

    def recognised(self, request: Request) -> Person | None:
        """The person of the session cookie, or None; without login, the owner."""
        if self._local is not None:
            return self._person(self.database.accounts.get(self._local))
        token = request.cookies.get(COOKIE, "")
        session = self.database.sessions.find(token) if token else None
        if session is None:
            return None
        account = self.database.accounts.get(session.account_id)
        if account.disabled_at is not None:
            return None
        if self.database.sessions.renew(session):
            self.database.accounts.seen(account.id)
        return self._person(account, session=session)

    def acting_for(self, account_id: str, address: str) -> Person:
        """In whose name a visitor without an account is answered.

        All visitors together have the limits of that person, beside the person's own; they count
        for the same day.

        Raises:
            ApiError: 404; the person was disabled, or may no longer share assistants.
        """
        account = self.database.accounts.get(account_id)
        if account.disabled_at is not None or "staff" not in PERMISSIONS[account.role]:
            raise ApiError(404, "This assistant is not open to visitors.", code="not_found")
        together = tuple(
            replace(scope, id=f"visitors of {scope.id}", whose="This assistant")
            for scope in self._limits(account, None)
        )
        return Person(account, None, None, (of_address(address), *together))

    def require(self, person: Person, permission: Permission) -> None:
        """Raise `ApiError` 403 unless the person's role has the permission."""
        if not person.may(permission):
            raise ApiError(
                403,
                f"Your role here is {person.role}, which does not include {REASONS[permission]}",
                type="permission_error",
                code="forbidden",
            )

    def require_scope(self, person: Person, scope: str) -> None:
        """Raise `ApiError` 403 where the API key does not open this part of the API."""
        if not person.has_scope(scope):
            raise ApiError(
                403,
                f"This API key may be used for {', '.join(person.key.scopes if person.key else ())}"
                f", not for {scope}",
                type="permission_error",
                code="scope_missing",
            )

    def admit(self, person: Person, model: str, prompt_tokens: int) -> Admission:
        """Take one answer into account, or raise `LimitReached` (429); touches no disk.

        Close the admission when the answer has ended, in whatever way.
        """
        admission = self.limiter.admit(person.limits, prompt_tokens)

        def close(completion_tokens: int) -> None:
            admission.close(completion_tokens)
            self.meter.count(person.id, person.key_id, model, prompt_tokens, completion_tokens)

        return Admission(admission.headers, close)

    def count_request(self, person: Person) -> None:
        """Take into account what writes nothing but is work, or raise `LimitReached` (429)."""
        self.limiter.count(person.limits)

    def _person(
        self, account: Account, *, key: ApiKey | None = None, session: Session | None = None
    ) -> Person:
        return Person(account, key, session, self._limits(account, key))

    def _limits(self, account: Account, key: ApiKey | None) -> tuple[LimitScope, ...]:
        """None on a server without login."""
        return self.allowances.of(account, key, self.settings) if self.login else ()

    def days_ago(self, days: int) -> str:
        """`2026-10-26`: the day in UTC so many days before today."""
        return day(self.clock() - days * DAY_SECONDS)


def local_owner(database: Database) -> Account:
    """The owner of a server without login; made when it first starts.

    Raises:
        DatabaseError: the owner has left no account to act as.
    """
    owner = database.accounts.owner()
    if owner is None:
        return database.accounts.create(LOCAL_LOGIN, name="You", role="owner", password_hash=None)
    if owner.disabled_at is not None:
        raise DatabaseError("the owner's account is disabled; start the server with login")
    return owner
