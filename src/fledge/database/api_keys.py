"""API keys: shown once, stored as hashes, each with scopes, an expiry and limits."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import insert, or_, update

from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import ApiKeys, new_id
from fledge.database.tokens import hashed
from fledge.errors import NotFound

Scope = Literal["models", "chat", "embeddings", "moderations", "metrics"]
PREFIX = "sk-fl-"
VISIBLE = len(PREFIX) + 6


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret text; `prefix` is the visible start of the text."""

    id: str
    account_id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    daily_tokens: int | None
    created_at: float
    expires_at: float | None
    last_used_at: float | None
    revoked_at: float | None


class ApiKeyStore:
    """Store of API keys, found by their SHA-256: 256 random bits need no slow hash."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(
        self,
        account_id: str,
        *,
        name: str,
        scopes: Sequence[str] = (),
        expires_at: float | None = None,
        daily_tokens: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Create a key; return it and its text, which cannot be read again.

        Empty `scopes` allow everything.
        """
        now = self._clock()
        text = PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            id=new_id(now),
            account_id=account_id,
            name=name,
            prefix=text[:VISIBLE],
            scopes=tuple(scopes),
            requests_per_minute=None,
            tokens_per_minute=None,
            concurrent_streams=None,
            daily_tokens=daily_tokens,
            created_at=now,
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        values = {**values_of(key), "token_hash": hashed(text)}
        with self._transactions.write() as connection:
            connection.execute(insert(ApiKeys).values(values))
        return key, text

    def find(self, text: str) -> ApiKey | None:
        """Return the key with this text, or None if it is unknown, revoked or expired."""
        query = selected(ApiKeys, ApiKey).where(
            ApiKeys.token_hash == hashed(text),
            ApiKeys.revoked_at.is_(None),
            or_(ApiKeys.expires_at.is_(None), ApiKeys.expires_at > self._clock()),
        )
        with self._transactions.read() as connection:
            return first(connection, query, ApiKey)

    def every(self, account_id: str) -> list[ApiKey]:
        """Return all of a person's keys, revoked ones included, the newest first."""
        query = (
            selected(ApiKeys, ApiKey)
            .where(ApiKeys.account_id == account_id)
            .order_by(ApiKeys.created_at.desc(), ApiKeys.id.desc())
        )
        with self._transactions.read() as connection:
            return every(connection, query, ApiKey)

    def list(self, account_id: str) -> list[ApiKey]:
        """Return a person's keys that are not revoked, the newest first."""
        return [key for key in self.every(account_id) if key.revoked_at is None]

    def used(self, key_id: str) -> None:
        """Record the time of use, unless others write just now. Once a minute is enough."""
        self._transactions.note(
            update(ApiKeys).where(ApiKeys.id == key_id).values(last_used_at=self._clock())
        )

    def revoke(self, account_id: str, key_id: str) -> None:
        """Revoke one of a person's keys for good. Raises `NotFound`."""
        statement = (
            update(ApiKeys)
            .where(ApiKeys.id == key_id, ApiKeys.account_id == account_id)
            .values(revoked_at=self._clock())
        )
        with self._transactions.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise NotFound(f"there is no key {key_id!r}")
