"""Limiter: count the requests of people and keys, and admit those that their limits allow."""

from collections.abc import Callable, Mapping, Sequence

from fledge.serve.people.admission import NO_ANSWERS, Admission, Answers
from fledge.serve.people.counts import CountKeeper, Counts, OwnCounts
from fledge.serve.people.limits import (
    LimitScope,
    Used,
    left_this_minute,
    left_today,
    refuse_requests,
    refuse_streams,
    request_headers,
    token_headers,
    tokens_left,
)


class Limiter:
    """Count in this process, or with other servers in the database.

    Where `is_shared`, `count` and `admit` wait for the database: call them in a thread.
    """

    def __init__(self, clock: Callable[[], float], keeper: CountKeeper | None = None) -> None:
        """`clock` gives seconds since 1970."""
        self._keeper: CountKeeper = keeper or OwnCounts(clock)

    @property
    def is_shared(self) -> bool:
        """Whether a database is asked."""
        return self._keeper.is_shared

    def count(self, scopes: Sequence[LimitScope]) -> None:
        """Count a request in all scopes, or in none where one of them refuses it.

        Raises:
            LimitReached: the minute has had its requests.
        """
        limited = [scope for scope in scopes if scope.requests_per_minute is not None]
        if not limited:
            return
        with self._keeper.opened([scope.id for scope in limited]) as opened:
            for scope in limited:
                refuse_requests(scope, opened.of[scope.id], opened.now)
            for scope in limited:
                opened.of[scope.id].requests.add(opened.now, 1)

    def admit(
        self, scopes: Sequence[LimitScope], prompt_tokens: int, answers: Answers = NO_ANSWERS
    ) -> Admission:
        """Admit a counted request that reads `prompt_tokens`, as one more stream.

        The tokens that its answers may have are held until it closes. A refused one takes no stream
        and is charged no tokens; it stays counted as a request.

        Raises:
            LimitReached: a limit on streams or tokens is reached.
        """
        ids = [scope.id for scope in scopes]
        if not ids:
            return Admission({}, lambda _: None)
        with self._keeper.opened(ids) as opened:
            now, of = opened.now, opened.of
            for scope in scopes:
                refuse_streams(scope, of[scope.id])
            left = [
                each
                for scope in scopes
                for limit in (left_today, left_this_minute)
                if (each := limit(scope, of[scope.id], now, prompt_tokens, answers)) is not None
            ]
            most = min(left) // answers.choices if left and answers.choices else None
            each = answers.each if most is None else min(answers.each, most)
            promised = answers.choices * each
            for counts in of.values():
                counts.streams += 1
                counts.reading += prompt_tokens
                counts.promised += promised
                counts.tokens.add(now, prompt_tokens)
            headers = headers_of(scopes, of, now)
        return Admission(
            headers,
            lambda written: self._keeper.release(ids, prompt_tokens, promised, written),
            most,
        )

    def used(self, scope: LimitScope) -> Used:
        """Return the counters of an account or key as they stand; 0 where there is no limit."""
        with self._keeper.opened([scope.id]) as opened:
            counts, now = opened.of[scope.id], opened.now
            has_minute, has_day = (
                scope.requests_per_minute is not None,
                scope.daily_tokens is not None,
            )
            return Used(
                requests=counts.requests.whole(now) if has_minute else 0,
                tokens=round(counts.tokens.used(now)),
                streams=counts.streams,
                tokens_today=counts.today(now, scope.tokens_today) if has_day else 0,
            )

    def flush(self) -> None:
        """Write what other servers do not know yet. Raises `DatabaseUnavailable`."""
        self._keeper.flush()


def headers_of(
    scopes: Sequence[LimitScope], of: Mapping[str, Counts], now: float
) -> dict[str, str]:
    """Return OpenAI's headers for the narrowest limit of each kind."""
    headers: dict[str, str] = {}
    requests = [
        (limit - of[scope.id].requests.whole(now), limit, scope.id)
        for scope in scopes
        if (limit := scope.requests_per_minute) is not None
    ]
    if requests:
        _, limit, id_ = min(requests)
        headers |= request_headers(limit, of[id_], now)
    tokens = [
        (tokens_left(limit, of[scope.id], now), limit, scope.id)
        for scope in scopes
        if (limit := scope.tokens_per_minute) is not None
    ]
    if tokens:
        _, limit, id_ = min(tokens)
        headers |= token_headers(limit, of[id_], now)
    return headers
