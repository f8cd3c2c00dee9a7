"""`/usage`: tokens and requests by day, and how full each limit is."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter

from fledge.database import ApiKey, Database, UsageOfDay
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.show.page import Pages

DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart; `height` is in per cent of the busiest day."""

    day: str
    tokens: int
    requests: int
    height: int


@dataclass(frozen=True, slots=True)
class Source:
    """Usage of one model by one key, or from the pages."""

    name: str
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Left:
    """Limit and its use; `share` is in per cent, at most 100."""

    name: str
    used: int
    limit: int

    @property
    def share(self) -> int:
        """Share of the limit that is used, in per cent."""
        return min(100, round(100 * self.used / self.limit))


def usage_routes(
    identity: Identity,
    database: Database,
    quota: Quota,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the route of `/usage`."""
    router = page_router(pages)

    @router.get("/usage")
    def usage_page(
        request: Request, person: Annotated[Person, Depends(identity.visitor)]
    ) -> Response:
        """Show the person's last thirty days."""
        today = datetime.fromtimestamp(clock(), UTC).date()
        days = [(today - timedelta(days=past)).isoformat() for past in reversed(range(DAYS))]
        quota.flush()
        rows = database.usage.of(person.id, since=days[0])
        keys = database.api_keys.list(person.id)
        context = {
            "bars": bars(rows, days),
            "sources": sources(rows, keys),
            "limits": [left for scope in person.limits for left in used_of(scope, quota)],
            "total": sum(row.tokens for row in rows),
            "requests": sum(row.requests for row in rows),
            "today": sum(row.tokens for row in rows if row.day == days[-1]),
        }
        return pages.show(request, "usage.html", context, person=person)

    return router


def bars(rows: Sequence[UsageOfDay], days: Sequence[str]) -> list[Bar]:
    """Return a bar for every day, also for days without use."""
    tokens: defaultdict[str, int] = defaultdict(int)
    requests: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        tokens[row.day] += row.tokens
        requests[row.day] += row.requests
    most = max(tokens.values(), default=0) or 1
    return [Bar(day, tokens[day], requests[day], round(100 * tokens[day] / most)) for day in days]


def sources(rows: Sequence[UsageOfDay], keys: Sequence[ApiKey]) -> list[Source]:
    """Return sums over the days, the largest first; revoked keys share one name."""
    names = {"": "Web chat", **{key.id: f"{key.name} ({key.prefix}…)" for key in keys}}
    groups: defaultdict[tuple[str, str], list[UsageOfDay]] = defaultdict(list)
    for row in rows:
        groups[names.get(row.key_id, "Revoked key"), row.model].append(row)
    summed = [
        Source(
            name,
            model,
            sum(row.requests for row in group),
            sum(row.prompt_tokens for row in group),
            sum(row.completion_tokens for row in group),
        )
        for (name, model), group in groups.items()
    ]
    return sorted(summed, key=lambda each: -(each.prompt_tokens + each.completion_tokens))


def used_of(scope: LimitScope, quota: Quota) -> list[Left]:
    """Return each limit of a scope with its counter as it stands now."""
    now = quota.used(scope)
    pairs = (
        ("Requests in the last minute", now.requests, scope.requests_per_minute),
        ("Tokens in the last minute", now.tokens, scope.tokens_per_minute),
        ("Answers in progress", now.streams, scope.concurrent_streams),
        ("Tokens today", now.tokens_today, scope.daily_tokens),
    )
    return [Left(name, used, limit) for name, used, limit in pairs if limit is not None]
