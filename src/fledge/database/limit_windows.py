"""Windows of limits that several servers count together, one row for each scope."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from fledge.database.engine import Transactions
from fledge.database.rows import every, selected, values_of
from fledge.database.tables import Holdings, Servers, Windows

COUNTERS = (
    "minute",
    "requests",
    "requests_before",
    "tokens",
    "tokens_before",
    "day",
    "day_tokens",
    "requests_limit",
)


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """Counters of a scope: of a minute, the one before it, and a day, all counted since 1970.

    `requests_limit` is the limit under which the requests were counted.
    """

    scope: str
    minute: int
    requests: float
    requests_before: float
    tokens: float
    tokens_before: float
    day: int
    day_tokens: int
    requests_limit: int


@dataclass(frozen=True, slots=True)
class Held:
    """Answers in progress, and the tokens that they have read and may still write."""

    streams: int = 0
    reading: int = 0
    promised: int = 0


@dataclass(frozen=True, slots=True)
class LockedWindows:
    """Rows that no other transaction changes before this one ends.

    `now` is the database's own time in seconds since 1970: servers' clocks differ. `elsewhere` is
    held by the other servers.
    """

    now: float
    windows: Mapping[str, StoredWindow]
    elsewhere: Mapping[str, Held]
    keep: Callable[[Collection[StoredWindow], Mapping[str, Held]], None]
    """Store windows, and what this server itself holds."""


class LimitStore:
    """Store of windows, and of what each server holds of them."""

    def __init__(
        self, transactions: Transactions, clock: Callable[[], float], server_id: str
    ) -> None:
        self.is_shared = not transactions.is_sqlite
        """Whether the servers of this database count together: on PostgreSQL they do."""
        self._transactions = transactions
        self._clock = clock
        self._server_id = server_id

    @contextmanager
    def locked(self, scopes: Collection[str]) -> Iterator[LockedWindows]:
        """Give the windows of some scopes, locked until the block ends; an error keeps none."""
        with self._transactions.write() as connection:

            def keep(windows: Collection[StoredWindow], held: Mapping[str, Held]) -> None:
                self._keep(connection, windows, held)

            windows = self._windows(connection, scopes)
            yield LockedWindows(
                self._now(connection), windows, self._elsewhere(connection, scopes), keep
            )

    def purge(self, before_minute: int) -> int:
        """Delete the windows that were not used since a minute; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Windows).where(Windows.minute < before_minute)
            ).rowcount

    def _now(self, connection: Connection) -> float:
        if self._transactions.is_sqlite:
            return self._clock()
        now = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())::float8"))
        return float(now or 0.0)

    def _windows(self, connection: Connection, scopes: Collection[str]) -> dict[str, StoredWindow]:
        # In one order: two requests that lock the same scopes crosswise would not end.
        query = (
            selected(Windows, StoredWindow)
            .where(Windows.scope.in_(scopes))
            .order_by(Windows.scope)
            .with_for_update()
        )
        found = {each.scope: each for each in every(connection, query, StoredWindow)}
        fresh = sorted(set(scopes) - set(found))
        if not fresh:
            return found
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        rows = [{"scope": scope, **dict.fromkeys(COUNTERS, 0)} for scope in fresh]
        connection.execute(build(Windows).on_conflict_do_nothing(), rows)
        return {each.scope: each for each in every(connection, query, StoredWindow)}

    def _elsewhere(self, connection: Connection, scopes: Collection[str]) -> dict[str, Held]:
        sums = [
            func.sum(column) for column in (Holdings.streams, Holdings.reading, Holdings.promised)
        ]
        query = (
            select(Holdings.scope, *sums)
            .join(Servers, Servers.id == Holdings.server_id)
            .where(Holdings.scope.in_(scopes), Holdings.server_id != self._server_id)
            .group_by(Holdings.scope)
        )
        return {
            scope: Held(*(int(each) for each in held)) for scope, *held in connection.execute(query)
        }

    def _keep(
        self,
        connection: Connection,
        windows: Collection[StoredWindow],
        held: Mapping[str, Held],
    ) -> None:
        for window in windows:
            values = values_of(window)
            scope = values.pop("scope")
            connection.execute(update(Windows).where(Windows.scope == scope).values(values))
        if not held:
            return
        connection.execute(
            delete(Holdings).where(
                Holdings.server_id == self._server_id, Holdings.scope.in_(list(held))
            )
        )
        rows = [
            {"scope": scope, "server_id": self._server_id, **values_of(each)}
            for scope, each in held.items()
            if each != Held()
        ]
        if rows:
            connection.execute(insert(Holdings), rows)
