"""Limits of people and keys, and what a refusal says."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi.responses import JSONResponse
from limits import RateLimitItem
from limits.strategies import RateLimiter

from fledge.serve.errors import ApiError
from fledge.serve.people.admission import NO_ANSWERS, Answers
from fledge.serve.people.counts import DAY_SECONDS, Counts

RETRY_STREAMS_SECONDS = 2


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

    @property
    def is_limited(self) -> bool:
        """Return whether there is any limit."""
        limits = (self.requests_per_minute, self.tokens_per_minute, self.concurrent_streams)
        return any(limit is not None for limit in (*limits, self.daily_tokens))


@dataclass(frozen=True, slots=True)
class Used:
    """Requests and tokens of the last minute, answers being written now, and tokens of the day.

    Requests and the day's tokens are counted only where they are limited.
    """

    requests: int
    tokens: int
    streams: int
    tokens_today: int


@dataclass(eq=False)
class LimitReached(ApiError):
    """Limit that is reached: 429, with the headers that the official client waits by."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JSONResponse:
        response = super().response()
        response.headers.update(self.headers)
        return response


def refuse_requests(scope: LimitScope, counts: Counts, now: float) -> None:
    """Raise `LimitReached` where the minute has had its requests."""
    limit = scope.requests_per_minute
    if limit is None:
        return
    counts.begin_anew(limit)
    if counts.requests.whole(now) >= limit:
        wait = counts.requests.seconds_until_whole(now, limit)
        raise rate_limited(
            f"{scope.whose} may make {counted(limit, 'request')} per minute. {try_again(wait)}",
            wait,
            request_headers(limit, counts, now),
        )


def refuse_streams(scope: LimitScope, counts: Counts) -> None:
    """Raise `LimitReached` where as many answers as allowed are in progress."""
    limit = scope.concurrent_streams
    if limit is not None and counts.streams >= limit:
        raise rate_limited(
            f"{scope.whose} may have {_answers(limit)} in progress at once. "
            "Wait for one to finish, or stop it.",
            RETRY_STREAMS_SECONDS,
        )


def left_today(
    scope: LimitScope, counts: Counts, now: float, prompt: int, answers: Answers = NO_ANSWERS
) -> int | None:
    """Return the tokens that the answers may have by the day's limit; None is no limit.

    Prompts and answers of other requests in progress are not in the day's count yet.

    Raises:
        LimitReached: the prompt and the answers do not fit.
    """
    limit = scope.daily_tokens
    if limit is None:
        return None
    used = counts.today(now, scope.tokens_today)
    left = limit - used - prompt
    free = left - counts.reading - counts.promised
    if free >= answers.fewest:
        return free
    asks = f" {_asks(answers)}" if answers.fewest > 1 else ""
    told = f"{scope.whose} may use {limit:,} tokens per day and has used {used:,}.{asks}"
    if left >= answers.fewest:
        held = counts.reading + counts.promised
        message = f"{told} Answers in progress hold {held:,} more. Wait for one to finish."
        raise out_of_quota(message, RETRY_STREAMS_SECONDS, is_worth_retrying=True)
    wait = int(DAY_SECONDS - now % DAY_SECONDS) + 1
    raise out_of_quota(f"{told} The day ends at midnight UTC. {try_again(wait)}", wait)


def left_this_minute(
    scope: LimitScope, counts: Counts, now: float, prompt: int, answers: Answers = NO_ANSWERS
) -> int | None:
    """Return the tokens that the answers may have by the minute's limit; None is no limit.

    Raises:
        LimitReached: the prompt and the answers do not fit.
    """
    limit = scope.tokens_per_minute
    if limit is None:
        return None
    used = counts.tokens.used(now)
    free = math.floor(limit - used - prompt - counts.promised)
    if free >= answers.fewest:
        return free
    needed = prompt + answers.fewest
    wait = counts.tokens.seconds_until(now, limit - needed)
    if needed <= limit - used:
        wait = RETRY_STREAMS_SECONDS
    too_much = "Shorten the prompt." if prompt > limit else "Ask for fewer tokens."
    has = f"{_asks(answers)} " if answers.fewest > 1 else ""
    raise rate_limited(
        f"{scope.whose} may use {limit:,} tokens per minute. {has}"
        f"This prompt has {prompt:,} and {used + counts.promised:,.0f} have been used. "
        f"{try_again(wait) if needed <= limit else too_much}",
        wait,
        token_headers(limit, counts, now),
    )


def request_headers(limit: int, counts: Counts, now: float) -> dict[str, str]:
    """Return OpenAI's headers for requests; the reset is when the next one fades."""
    until_fewer = counts.requests.seconds_until_whole(now, max(1, counts.requests.whole(now)))
    return {
        "x-ratelimit-limit-requests": str(limit),
        "x-ratelimit-remaining-requests": str(max(0, limit - counts.requests.whole(now))),
        "x-ratelimit-reset-requests": f"{until_fewer}s",
    }


def token_headers(limit: int, counts: Counts, now: float) -> dict[str, str]:
    """Return OpenAI's headers for tokens."""
    return {
        "x-ratelimit-limit-tokens": str(limit),
        "x-ratelimit-remaining-tokens": str(tokens_left(limit, counts, now)),
        "x-ratelimit-reset-tokens": f"{counts.tokens.seconds_until(now, 0)}s",
    }


def tokens_left(limit: int, counts: Counts, now: float) -> int:
    """Return the tokens that are left in the minute; promised ones may never be written."""
    return max(0, int(limit - counts.tokens.used(now)))


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


def out_of_quota(message: str, seconds: int, *, is_worth_retrying: bool = False) -> LimitReached:
    """Return a 429 error of a day's limit."""
    return LimitReached(
        429,
        message,
        type="insufficient_quota",
        code="insufficient_quota",
        retry_after=seconds,
        headers={} if is_worth_retrying else {"x-should-retry": "false"},
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


def _answers(number: int) -> str:
    return counted(number, "answer")


def _asks(answers: Answers) -> str:
    length = f"{answers.each:,} tokens each" if answers.is_named else "any length"
    return f"This request asks for {_answers(answers.choices)} of {length}."
