"""Admission: leave to run a model, and the tokens that its answers may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers that a request asks for, of at most `each` tokens.

    `is_named` tells that the request named this length. Otherwise a limit may shorten the answers.
    """

    choices: int = 0
    each: int = 0
    is_named: bool = True

    @property
    def fewest(self) -> int:
        """Tokens that must be left for the request: those it names, or one for each answer."""
        return self.choices * (self.each if self.is_named else min(1, self.each))


NO_ANSWERS = Answers()


class Admission:
    """Leave to run a model, until it is closed. Every method is safe from any thread.

    A `with` block closes it at its end, unless an answer has taken it over by `keep`. `headers` go
    with the answer. `most_tokens` is the longest that each of its answers may be; None is no limit.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        close: Callable[[int], None],
        most_tokens: int | None = None,
    ) -> None:
        self.headers = headers
        self.most_tokens = most_tokens
        self._close: Callable[[int], None] | None = close
        self._is_kept = False

    def __enter__(self) -> "Admission":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_kept:
            self.close()

    def require_open(self) -> None:
        """Fail where the admission was closed before: nothing may run on it any more."""
        assert self._close is not None, "the admission of this request is closed"

    def keep(self) -> Callable[[int], None]:
        """Leave the admission open after its `with` block; return the `close` to call then."""
        self.require_open()
        self._is_kept = True
        return self.close

    def close(self, completion_tokens: int = 0) -> None:
        """Free the stream, and charge the tokens that were written; only the first call counts."""
        close, self._close = self._close, None
        if close is not None:
            close(completion_tokens)

    def room(self, tokens: int) -> int:
        """Return how long one answer may be that the context holds `tokens` of."""
        return tokens if self.most_tokens is None else min(tokens, self.most_tokens)
