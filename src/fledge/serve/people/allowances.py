"""Allowances: the limits of an account and of a key, with the tokens of today."""

from dataclasses import dataclass

from fledge.database import Account, ApiKey
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.metering import Meter
from fledge.serve.people.settings import LiveSettings


@dataclass(frozen=True, slots=True)
class Spender:
    """Account, or one of its keys, whose tokens are counted together."""

    account_id: str
    key_id: str | None

    @property
    def scope(self) -> str:
        """Id of its counters."""
        return f"account {self.account_id}" if self.key_id is None else f"key {self.key_id}"


class Allowances:
    """Look up limits; the day's tokens are read only where a daily limit needs them."""

    def __init__(self, meter: Meter, settings: LiveSettings) -> None:
        self._meter = meter
        self._settings = settings

    def of(self, account: Account, key: ApiKey | None) -> tuple[LimitScope, ...]:
        """Return the account's limits, or the server's, and the key's own beside them."""
        default = self._settings.current
        scopes = [
            self._scope(
                Spender(account.id, None),
                requests_per_minute=chosen(
                    account.requests_per_minute, default.requests_per_minute
                ),
                tokens_per_minute=chosen(account.tokens_per_minute, default.tokens_per_minute),
                concurrent_streams=chosen(account.concurrent_streams, default.concurrent_streams),
                daily_tokens=chosen(account.daily_tokens, default.daily_tokens),
            )
        ]
        if key is not None:
            scopes.append(
                self._scope(
                    Spender(account.id, key.id),
                    requests_per_minute=chosen(key.requests_per_minute, None),
                    tokens_per_minute=chosen(key.tokens_per_minute, None),
                    concurrent_streams=chosen(key.concurrent_streams, None),
                    daily_tokens=chosen(key.daily_tokens, None),
                )
            )
        return tuple(scopes)

    def _scope(
        self,
        spender: Spender,
        *,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
        concurrent_streams: int | None,
        daily_tokens: int | None,
    ) -> LimitScope:
        return LimitScope(
            id=spender.scope,
            whose="This account" if spender.key_id is None else "This API key",
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            concurrent_streams=concurrent_streams,
            daily_tokens=daily_tokens,
            tokens_today=0 if daily_tokens is None else self.tokens_today(spender),
        )

    def tokens_today(self, spender: Spender) -> int:
        """Return the tokens in the database and those on their way to it."""
        return self._meter.tokens_today(spender.account_id, spender.key_id)


def chosen(own: int | None, default: int | None) -> int | None:
    """Return the person's own limit or the default; 0 is no limit at all."""
    return (default if own is None else own) or None
