"""Audit log: changes of people's rights and of settings, never the text of a chat."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from fledge.database.engine import Transactions
from fledge.database.rows import every
from fledge.database.tables import Accounts, Audit, Json


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action. `who` is a login, or None if the person was erased or is unknown."""

    at: float
    who: str | None
    action: str
    target: str
    detail: Json


class AuditStore:
    """Store of audit entries."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def add(
        self, account_id: str | None, action: str, target: str = "", detail: Json | None = None
    ) -> None:
        """Record an action such as `role.changed` on a target such as a login.

        A target keeps its first 200 characters.
        """
        values = {
            "at": self._clock(),
            "account_id": account_id,
            "action": action,
            "target": target[:200],
            "detail": detail or {},
        }
        with self._transactions.write() as connection:
            connection.execute(insert(Audit).values(values))

    def newest(self, limit: int = 100) -> list[AuditEntry]:
        """Return the last `limit` entries, the newest first."""
        query = (
            select(Audit.at, Accounts.login.label("who"), Audit.action, Audit.target, Audit.detail)
            .join(Accounts, Accounts.id == Audit.account_id, isouter=True)
            .order_by(Audit.at.desc(), Audit.id.desc())
            .limit(limit)
        )
        with self._transactions.read() as connection:
            return every(connection, query, AuditEntry)

    def by(self, account_id: str) -> list[AuditEntry]:
        """Return all entries of one person, the oldest first."""
        query = (
            select(Audit.at, Accounts.login.label("who"), Audit.action, Audit.target, Audit.detail)
            .join(Accounts, Accounts.id == Audit.account_id)
            .where(Audit.account_id == account_id)
            .order_by(Audit.at, Audit.id)
        )
        with self._transactions.read() as connection:
            return every(connection, query, AuditEntry)

    def purge(self, before: float) -> int:
        """Delete entries older than `before`; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(delete(Audit).where(Audit.at < before)).rowcount
