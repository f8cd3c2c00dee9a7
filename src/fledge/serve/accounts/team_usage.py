"""`/usage/team`: what everyone used, by person, model or day, as a table and as CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter
from pydantic import BaseModel

from fledge.database import Database, UsageOfDay
from fledge.serve.accounts.pages import page_router
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.show.page import Pages

Group = Literal["person", "model", "day"]
Column = Literal["name", "requests", "input", "output", "tokens"]
Order = Literal["asc", "desc"]

HEADINGS: Mapping[Group, str] = {"person": "Person", "model": "Model", "day": "Day (UTC)"}
COLUMNS: Mapping[Column, str] = {
    "requests": "Requests",
    "input": "Input tokens",
    "output": "Output tokens",
    "tokens": "All tokens",
}
PERIODS = (7, 30, 90)


class TeamView(BaseModel):
    """Grouping, order and days of the table, as the address has them."""

    by: Group = "person"
    sort: Column = "tokens"
    order: Order = "desc"
    days: Literal["7", "30", "90"] = "30"

    def address(self, path: str, **changed: object) -> str:
        """Return the address of this view with some values changed."""
        values = {**self.model_dump(), **changed}
        return f"{path}?" + "&".join(f"{name}={value}" for name, value in values.items())

    def turned(self, column: Column) -> Order:
        """Return the order that a click on a column asks for."""
        if column == self.sort:
            return "asc" if self.order == "desc" else "desc"
        return "asc" if column == "name" and self.by != "day" else "desc"


@dataclass(frozen=True, slots=True)
class TeamRow:
    """Sums of one person, model or day; `output` and `input` are tokens."""

    name: str
    requests: int
    input: int
    output: int

    @property
    def tokens(self) -> int:
        """Return the tokens read and written."""
        return self.input + self.output


def team_usage_routes(
    identity: Identity,
    database: Database,
    quota: Quota,
    clock: Callable[[], float],
    pages: Pages,
) -> APIRouter:
    """Make the routes of the page and its file, for those who manage people."""
    router = page_router(pages)

    def manager(request: Request) -> Person:
        person = identity.visitor(request)
        person.require("manage_people")
        return person

    Manager = Annotated[Person, Depends(manager)]  # noqa: N806 (a type)
    View = Annotated[TeamView, Query()]  # noqa: N806 (a type)

    def used(view: TeamView) -> list[UsageOfDay]:
        quota.flush()
        today = datetime.fromtimestamp(clock(), UTC).date()
        return database.usage.everyone(
            since=(today - timedelta(days=int(view.days) - 1)).isoformat()
        )

    @router.get("/usage/team")
    def team_page(request: Request, person: Manager, view: View) -> Response:
        """Show the sums in the order asked for."""
        rows = used(view)
        context = {
            "view": view,
            "rows": team_rows(rows, view, names_of(database)),
            "headings": HEADINGS,
            "columns": COLUMNS,
            "periods": PERIODS,
            "requests": sum(row.requests for row in rows),
            "tokens": sum(row.tokens for row in rows),
        }
        return pages.show(request, "team_usage.html", context, person=person)

    @router.get("/usage/team.csv")
    def team_file(person: Manager, view: View) -> Response:
        """Return one line for each person, day and model."""
        return Response(
            as_csv(used(view), names_of(database)),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="usage-{view.days}-days.csv"'},
        )

    return router


def names_of(database: Database) -> dict[str, str]:
    """Return name and username of each account, by id."""
    return {each.id: f"{each.name} ({each.login})" for each in database.accounts.list()}


def team_rows(
    rows: Sequence[UsageOfDay], view: TeamView, names: Mapping[str, str]
) -> list[TeamRow]:
    """Return the sums of each group in the order of the view; equal ones by name."""
    groups: defaultdict[str, list[UsageOfDay]] = defaultdict(list)
    for row in rows:
        kinds = {"person": names.get(row.account_id, "–"), "model": row.model, "day": row.day}
        groups[kinds[view.by]].append(row)
    summed = [
        TeamRow(
            name,
            sum(row.requests for row in group),
            sum(row.prompt_tokens for row in group),
            sum(row.completion_tokens for row in group),
        )
        for name, group in groups.items()
    ]
    summed.sort(key=lambda row: row.name.casefold())
    keys: Mapping[Column, Callable[[TeamRow], int]] = {
        "requests": lambda row: row.requests,
        "input": lambda row: row.input,
        "output": lambda row: row.output,
        "tokens": lambda row: row.tokens,
    }
    backward = view.order == "desc"
    if view.sort == "name":
        return summed[::-1] if backward else summed
    return sorted(summed, key=keys[view.sort], reverse=backward)


def as_csv(rows: Sequence[UsageOfDay], names: Mapping[str, str]) -> str:
    """Return the sums of each person, day and model; keys are added up."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        counters = sums[row.day, names.get(row.account_id, "–"), row.model]
        for place, count in enumerate((row.requests, row.prompt_tokens, row.completion_tokens)):
            counters[place] += count
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["day_utc", "person", "model", "requests", "input_tokens", "output_tokens"])
    for (day, person, model), counters in sorted(sums.items()):
        writer.writerow([day, harmless(person), harmless(model), *counters])
    return file.getvalue()


def harmless(text: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
