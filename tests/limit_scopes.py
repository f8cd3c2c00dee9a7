"""A clock that stands, and scopes of limits, for tests."""

from fledge.serve.people.limits import LimitScope

MINUTE = 1_750_000_020.0
"""A time that is a whole number of minutes."""


class Still:
    """A clock that only the test moves."""

    def __init__(self, now: float = MINUTE) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def scope(id_: str = "a", **limits: int) -> LimitScope:
    none = dict.fromkeys(
        ("requests_per_minute", "tokens_per_minute", "concurrent_streams", "daily_tokens")
    )
    return LimitScope(id=id_, whose="This account", **{"tokens_today": 0, **none, **limits})
