"""A server with accounts, in the test's own process: cheap hashes, a clock that the test moves."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from databases import Clock
from fledge.database import Account, Database, ServerSettings
from fledge.database.tables import Base
from fledge.database.temporary import TemporaryDatabase
from fledge.observe.board import Board
from fledge.observe.rounds import RoundsBoard
from fledge.serve import create_app
from fledge.serve.accounts.passwords import Passwords
from fledge.serve.accounts.provider import Provider
from fledge.serve.app import Parts
from fledge.serve.mail.settings import MailSettings
from fledge.serve.people.identity import COOKIE
from serving import ScriptedEngine, served, tokenizer

ORIGIN = "http://localhost:8000"
PASSWORD = "correct horse battery"
ROLES = ("user", "labeller", "admin", "owner")


def cheap_passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class PeopleServer:
    """`people_of` has an account of each role, logged in by name and `PASSWORD`."""

    app: FastAPI
    client: TestClient
    database: Database
    parts: Parts
    clock: Clock
    people_of: dict[str, Account] = field(default_factory=dict)

    def start_again(self) -> None:
        """As it was before its first request: an account of each role, and nothing else."""
        self.parts.meter.flush()
        with self.database.transactions.write() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        self.parts.settings.change(ServerSettings().model_dump())
        self.parts.settings.change_logo(None)
        self.parts.limiter.__init__(self.clock)
        self.parts.attempts.__init__()
        self.parts.visitors.__init__()
        self.parts.share_limits.__init__()
        self.client.base_url = ORIGIN
        self.people_of = {role: self.account(f"the-{role}", role) for role in ROLES}

    def account(self, login: str, role: str = "user") -> Account:
        return self.database.accounts.create(
            login, name=login.title(), role=role, password_hash=self.parts.passwords.hash(PASSWORD)
        )

    def cookie(self, account: Account) -> str:
        """The cookie of a new session."""
        return self.database.sessions.create(account.id, "a browser")[1]

    def ask(
        self,
        method: str,
        path: str,
        who: Account | None = None,
        cookie: str | None = None,
        headers: dict[str, str] | None = None,
        **options: object,
    ) -> Response:
        """A request from a page of the server, by a browser with a session or without."""
        if who is not None:
            cookie = self.cookie(who)
        carried = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}"}
        self.client.cookies.clear()
        return self.client.request(
            method,
            path,
            headers={"origin": ORIGIN, **carried, **(headers or {})},
            follow_redirects=False,
            **options,
        )

    def call(self, method: str, path: str, key: str | None, **options: object) -> Response:
        """A request of a program."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self.client.cookies.clear()
        return self.client.request(method, path, headers=headers, **options)


@contextmanager
def people_server(
    *,
    login: bool = True,
    roles: tuple[str, ...] = (),
    mail: MailSettings | None = None,
    provider: Callable[[Clock], Provider] | None = None,
    path_prefix: str = "",
    runs: Board | None = None,
    rounds: RoundsBoard | None = None,
) -> Iterator[PeopleServer]:
    clock = Clock()
    database = TemporaryDatabase(clock)
    words = tokenizer()
    app = create_app(
        [served(ScriptedEngine(words, "The moon."), words)],
        database=database,
        login=login,
        clock=clock,
        passwords=cheap_passwords(),
        mail=mail,
        provider=None if provider is None else provider(clock),
        path_prefix=path_prefix,
        runs=runs,
        rounds=rounds,
    )
    with TestClient(app, base_url=ORIGIN) as client:
        server = PeopleServer(app, client, database, app.state.parts, clock)
        server.people_of = {role: server.account(f"the-{role}", role) for role in roles}
        if roles:
            server.parts.setup.token = None
        yield server
    database.close()


def session_of(response: Response) -> str:
    """The cookie that a response sets."""
    found = re.search(rf"{COOKIE}=([^;]+)", response.headers["set-cookie"])
    assert found is not None
    return found[1]


def secret_of(response: Response) -> str:
    """The key, link or password that a page shows once."""
    found = re.search(r"data-secret>([^<]+)<", response.text)
    assert found is not None, response.text
    return found[1]
