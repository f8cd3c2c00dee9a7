"""Sessions of logged-in browsers: random cookies, stored as hashes."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, update

from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Sessions, new_id
from fledge.database.tokens import hashed, new_token
from fledge.errors import NotFound

LIFETIME_SECONDS = 30 * 24 * 3600
RENEW_AFTER_SECONDS = 3600
LONGEST_USER_AGENT = 300


@dataclass(frozen=True, slots=True)
class Session:
    """One logged-in browser. Times are seconds since 1970."""

    id: str
    account_id: str
    user_agent: str
    created_at: float
    last_seen_at: float
    expires_at: float


class SessionStore:
    """Store of sessions. A session ends 30 days after it was last renewed."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str, user_agent: str) -> tuple[Session, str]:
        """Create a session; return it and its cookie, which cannot be read again."""
        now = self._clock()
        session = Session(
            id=new_id(now),
            account_id=account_id,
            user_agent=user_agent[:LONGEST_USER_AGENT],
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME_SECONDS,
        )
        token = new_token()
        values = {**values_of(session), "token_hash": hashed(token)}
        with self._transactions.write() as connection:
            connection.execute(insert(Sessions).values(values))
        return session, token

    def find(self, token: str) -> Session | None:
        """Return the session of a cookie, or None if it is unknown or has expired."""
        query = selected(Sessions, Session).where(
            Sessions.token_hash == hashed(token), Sessions.expires_at > self._clock()
        )
        with self._transactions.read() as connection:
            return first(connection, query, Session)

    def renew(self, session: Session) -> bool:
        """Extend a session, at most once an hour; return True if it was extended.

        Nothing is written while others write. A session from the future, as after the clock was set
        back, is extended from now.
        """
        now = self._clock()
        if 0 <= now - session.last_seen_at < RENEW_AFTER_SECONDS:
            return False
        return self._transactions.note(
            update(Sessions)
            .where(Sessions.id == session.id)
            .values(last_seen_at=now, expires_at=now + LIFETIME_SECONDS)
        )

    def list(self, account_id: str) -> list[Session]:
        """Return a person's sessions that have not expired, the last used first."""
        query = (
            selected(Sessions, Session)
            .where(Sessions.account_id == account_id, Sessions.expires_at > self._clock())
            .order_by(Sessions.last_seen_at.desc(), Sessions.id.desc())
        )
        with self._transactions.read() as connection:
            return every(connection, query, Session)

    def end(self, account_id: str, session_id: str) -> None:
        """Log one browser out. Raises `NotFound`."""
        statement = delete(Sessions).where(
            Sessions.id == session_id, Sessions.account_id == account_id
        )
        with self._transactions.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise NotFound(f"there is no session {session_id!r}")

    def end_all(self, account_id: str, *, but: str | None = None) -> int:
        """Log out all browsers except the session `but`; return their number."""
        statement = delete(Sessions).where(Sessions.account_id == account_id)
        if but is not None:
            statement = statement.where(Sessions.id != but)
        with self._transactions.write() as connection:
            return connection.execute(statement).rowcount

    def purge(self) -> int:
        """Delete expired sessions; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Sessions).where(Sessions.expires_at <= self._clock())
            ).rowcount
