"""Limits of people and keys: requests and tokens a minute, streams at once, tokens a day."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi.responses import JSONResponse
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from fledge.serve.errors import ApiError
from fledge.serve.people.token_window import TokenWindow

DAY_SECONDS = 86_400
RETRY_STREAMS_SECONDS = 2
MOST_WINDOWS = 10_000


@dataclass(frozen=True, slots=True)
class LimitScope:
    """Limits that are counted together under an id; None is no limit.

    `tokens_today` is the count of the database when the request came.
    """

    id: str
    whose: str
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    daily_tokens: int | None
    tokens_today: int


@dataclass(frozen=True, slots=True)
class Used:
    """Requests and tokens of the last minute, and answers being written now."""

    requests: int
    tokens: int
    streams: int


@dataclass(eq=False)
class LimitReached(ApiError):
    """Limit that is reached: 429, with the headers that the official client waits by."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        response = super().response()
        response.headers.update(self.headers)
        return response


class Admission:
    """Leave to run a model, until it is closed. Every method is safe from any thread.

    A `with` block closes it at its end, unless an answer has taken it over by `keep`. `headers` go
    with the answer.
    """

    def __init__(self, headers: Mapping[str, str], close: Callable[[int], None]) -> None:
        self.headers = headers
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


class Limiter:
    """Count in this process; a server is one process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._requests = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._tokens: defaultdict[str, TokenWindow] = defaultdict(TokenWindow)
        self._streams: defaultdict[str, int] = defaultdict(int)
        self._reading: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def admit(self, scopes: Sequence[LimitScope], prompt_tokens: int) -> Admission:
        """Admit a counted request that reads `prompt_tokens`, as one more stream.

        A refused one takes no stream and is charged no tokens; it stays counted as a request.

        Raises:
            LimitReached: a limit on streams or tokens is reached.
        """
        with self._lock:
            for scope in scopes:
                self._refuse_streams(scope)
                self._refuse_quota(scope, prompt_tokens)
                self._refuse_tokens(scope, prompt_tokens)
            for scope in scopes:
                self._streams[scope.id] += 1
                self._reading[scope.id] += prompt_tokens
                self._tokens[scope.id].add(self._clock(), prompt_tokens)
            headers = self._headers(scopes)
            self._tidy()
        return Admission(headers, lambda tokens: self._close(scopes, prompt_tokens, tokens))

    def count(self, scopes: Sequence[LimitScope]) -> None:
        """Count a request. Raises `LimitReached` where the minute has had its requests."""
        with self._lock:
            self._count_request(scopes)

    def used(self, scope: LimitScope) -> Used:
        """Return the counters of an account or key as they stand."""
        item = per_minute(scope)
        with self._lock:
            left = 0 if item is None else self._remaining_requests(item, scope.id)
            window = self._tokens.get(scope.id)
            return Used(
                requests=0 if item is None else item.amount - left,
                tokens=0 if window is None else round(window.used(self._clock())),
                streams=self._streams.get(scope.id, 0),
            )

    def _tidy(self) -> None:
        """Drop the windows of scopes without a request in two minutes: visitors come and go."""
        if len(self._tokens) > MOST_WINDOWS:
            now = self._clock()
            for id_ in [id_ for id_, window in self._tokens.items() if window.used(now) == 0]:
                del self._tokens[id_]

    def _close(
        self, scopes: Sequence[LimitScope], prompt_tokens: int, completion_tokens: int
    ) -> None:
        with self._lock:
            for scope in scopes:
                self._tokens[scope.id].add(self._clock(), completion_tokens)
                self._streams[scope.id] -= 1
                self._reading[scope.id] -= prompt_tokens
                if self._streams[scope.id] == 0:
                    del self._streams[scope.id], self._reading[scope.id]

    def _refuse_streams(self, scope: LimitScope) -> None:
        limit = scope.concurrent_streams
        if limit is not None and self._streams.get(scope.id, 0) >= limit:
            raise rate_limited(
                f"{scope.whose} may have {counted(limit, 'answer')} in progress at once. "
                "Wait for one to finish, or stop it.",
                RETRY_STREAMS_SECONDS,
            )

    def _refuse_quota(self, scope: LimitScope, prompt_tokens: int) -> None:
        limit = scope.daily_tokens
        # The prompts of the same person's other requests are not in the day's count yet.
        asked = self._reading.get(scope.id, 0) + prompt_tokens
        if limit is not None and scope.tokens_today + asked > limit:
            wait = int(DAY_SECONDS - self._clock() % DAY_SECONDS) + 1
            raise LimitReached(
                429,
                f"{scope.whose} may use {limit:,} tokens per day and has used "
                f"{scope.tokens_today:,}. The day ends at midnight UTC. {try_again(wait)}",
                type="insufficient_quota",
                code="insufficient_quota",
                retry_after=wait,
                headers={"x-should-retry": "false"},
            )

    def _refuse_tokens(self, scope: LimitScope, prompt_tokens: int) -> None:
        limit = scope.tokens_per_minute
        if limit is None:
            return
        window, now = self._tokens[scope.id], self._clock()
        if window.used(now) + prompt_tokens > limit:
            wait = window.seconds_until(now, limit - prompt_tokens)
            advice = try_again(wait) if prompt_tokens <= limit else "Shorten the prompt."
            raise rate_limited(
                f"{scope.whose} may use {limit:,} tokens per minute. This prompt has "
                f"{prompt_tokens:,} and {window.used(now):,.0f} have been used. {advice}",
                wait,
                {
                    "x-ratelimit-limit-tokens": str(limit),
                    "x-ratelimit-remaining-tokens": str(max(0, int(limit - window.used(now)))),
                    "x-ratelimit-reset-tokens": f"{window.seconds_until(now, 0)}s",
                },
            )

    def _count_request(self, scopes: Sequence[LimitScope]) -> None:
        """Count a request in all scopes, or in none where one of them refuses it."""
        limited = [(scope, per_minute(scope)) for scope in scopes]
        for scope, item in limited:
            if item is not None and not self._requests.test(item, scope.id):
                wait = seconds_until_free(self._requests, item, scope.id)
                raise rate_limited(
                    f"{scope.whose} may make {counted(item.amount, 'request')} per minute. "
                    f"{try_again(wait)}",
                    wait,
                    self._request_headers(item, scope.id),
                )
        for scope, item in limited:
            if item is not None:
                self._requests.hit(item, scope.id)

    def _headers(self, scopes: Sequence[LimitScope]) -> dict[str, str]:
        """Return OpenAI's headers for the narrowest limit of each kind."""
        headers: dict[str, str] = {}
        items = [(item, scope.id) for scope in scopes if (item := per_minute(scope)) is not None]
        if items:
            narrowest = min(items, key=lambda each: self._remaining_requests(*each))
            headers |= self._request_headers(*narrowest)
        now = self._clock()
        windows = [
            (int(max(0, limit - self._tokens[scope.id].used(now))), limit, self._tokens[scope.id])
            for scope in scopes
            if (limit := scope.tokens_per_minute) is not None
        ]
        if windows:
            remaining, limit, window = min(windows, key=lambda each: each[0])
            headers |= {
                "x-ratelimit-limit-tokens": str(limit),
                "x-ratelimit-remaining-tokens": str(remaining),
                "x-ratelimit-reset-tokens": f"{window.seconds_until(now, 0)}s",
            }
        return headers

    def _remaining_requests(self, item: RateLimitItem, scope_id: str) -> int:
        return self._requests.get_window_stats(item, scope_id).remaining

    def _request_headers(self, item: RateLimitItem, scope_id: str) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(item.amount),
            "x-ratelimit-remaining-requests": str(self._remaining_requests(item, scope_id)),
            "x-ratelimit-reset-requests": f"{seconds_until_free(self._requests, item, scope_id)}s",
        }


def per_minute(scope: LimitScope) -> RateLimitItem | None:
    """Return the request limit in the form of the `limits` library."""
    limit = scope.requests_per_minute
    return None if limit is None else RateLimitItemPerMinute(limit)


def rate_limited(
    message: str, seconds: int, headers: Mapping[str, str] | None = None
) -> LimitReached:
    """Return a 429 error that tells the client to try again after `seconds`."""
    return LimitReached(
        429,
        message,
        type="rate_limit_error",
        code="rate_limit_exceeded",
        retry_after=seconds,
        headers={"retry-after-ms": str(seconds * 1000), **(headers or {})},
    )


def seconds_until_free(limiter: RateLimiter, limit: RateLimitItem, *names: str) -> int:
    """Return in how many whole seconds a limit that was reached takes one more; at least 1."""
    reset = limiter.get_window_stats(limit, *names).reset_time
    return max(1, math.ceil(reset - time.time()))  # the library counts by this clock


def try_again(seconds: int) -> str:
    """`Try again in 34 seconds.`; from two minutes on in minutes, from two hours on in hours."""
    size, unit = next(
        (size, unit)
        for size, unit in ((3_600, "hour"), (60, "minute"), (1, "second"))
        if size == 1 or seconds >= 2 * size
    )
    return f"Try again in {counted(math.ceil(seconds / size), unit)}."


def counted(number: int, noun: str) -> str:
    """`1 answer`, `2,000 answers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
