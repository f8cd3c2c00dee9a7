"""What a person and a key may use: their own limits or the defaults, and what is used today."""

from dataclasses import dataclass

from fledge.database import Account, ApiKey, UsageStore
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.metering import Meter
from fledge.serve.people.settings import LiveSettings


@dataclass(frozen=True, slots=True)
class Spender:
    """Whose tokens are counted together: an account's, or those of one of its keys."""

    account_id: str
    key_id: str | None

    @property
    def scope(self) -> str:
        """A name among the limits."""
        return f"account {self.account_id}" if self.key_id is None else f"key {self.key_id}"


class Allowances:
    """Reads the day's tokens where a daily limit asks for them, and nothing else."""

    def __init__(self, usage: UsageStore, meter: Meter, settings: LiveSettings) -> None:
        self._usage = usage
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
        """What the database knows, and what is on its way to it."""
        stored = self._usage.tokens_today(spender.account_id, spender.key_id)
        return stored + self._meter.pending_tokens(spender.account_id, spender.key_id)


def chosen(own: int | None, default: int | None) -> int | None:
    """A limit of one's own or the default; 0 is no limit at all."""
    return (default if own is None else own) or None
