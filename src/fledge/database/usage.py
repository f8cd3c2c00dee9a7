"""Usage counters: one row for each person, day, key and model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from fledge.database.engine import Transactions
from fledge.database.rows import every, selected, values_of
from fledge.database.tables import Accounts, Usage


@dataclass(frozen=True, slots=True)
class UsageOfDay:
    """Counters of one person, day (`2026-11-25`, UTC), key and model.

    The `key_id` of requests from the web pages is empty.
    """

    account_id: str
    day: str
    key_id: str
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def tokens(self) -> int:
        """Return the tokens read and written."""
        return self.prompt_tokens + self.completion_tokens


class UsageStore:
    """Store of counters. Those of erased people are dropped."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def add(self, rows: Sequence[UsageOfDay]) -> None:
        """Add each row to the counters of its person, day, key and model; all or none."""
        if not rows:
            return
        build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
        statement = build(Usage)
        counters = ("requests", "prompt_tokens", "completion_tokens")
        sums = {name: Usage.__table__.c[name] + statement.excluded[name] for name in counters}
        statement = statement.on_conflict_do_update(
            index_elements=["account_id", "day", "key_id", "model"], set_=sums
        )
        people = {row.account_id for row in rows}
        with self._transactions.write() as connection:
            known = select(Accounts.id).where(Accounts.id.in_(people))
            # The lock keeps these people until the insert: erasing one would fail all counters.
            there = set(connection.scalars(known.with_for_update(read=True, key_share=True)))
            kept = [row for row in rows if row.account_id in there]
            if kept:
                # In one order: two batches that lock the same counters crosswise would not end.
                kept.sort(key=lambda row: (row.account_id, row.day, row.key_id, row.model))
                connection.execute(statement, [values_of(row) for row in kept])

    def of(self, account_id: str, *, since: str) -> list[UsageOfDay]:
        """Return a person's rows from day `since` on, the newest day first."""
        query = selected(Usage, UsageOfDay).where(
            Usage.account_id == account_id, Usage.day >= since
        )
        query = query.order_by(Usage.day.desc(), Usage.key_id, Usage.model)
        with self._transactions.read() as connection:
            return every(connection, query, UsageOfDay)

    def everyone(self, *, since: str) -> list[UsageOfDay]:
        """Return all rows from day `since` on, the newest day first."""
        query = selected(Usage, UsageOfDay).where(Usage.day >= since)
        query = query.order_by(Usage.day.desc(), Usage.account_id, Usage.key_id, Usage.model)
        with self._transactions.read() as connection:
            return every(connection, query, UsageOfDay)

    def by_account(self, *, since: str) -> dict[str, int]:
        """Return the tokens of each person from day `since` on, by account id."""
        tokens = func.sum(Usage.prompt_tokens + Usage.completion_tokens)
        query = select(Usage.account_id, tokens).where(Usage.day >= since)
        with self._transactions.read() as connection:
            rows = connection.execute(query.group_by(Usage.account_id)).all()
        return {account_id: int(total) for account_id, total in rows}

    def tokens_today(self, account_id: str, key_id: str | None = None) -> int:
        """Return the tokens that a person, or one of their keys, has used today (UTC)."""
        query = select(func.sum(Usage.prompt_tokens + Usage.completion_tokens)).where(
            Usage.account_id == account_id, Usage.day == day(self._clock())
        )
        if key_id is not None:
            query = query.where(Usage.key_id == key_id)
        with self._transactions.read() as connection:
            return int(connection.scalar(query) or 0)


def day(now: float) -> str:
    """Return the day in UTC (`2026-11-25`) of a time in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()
