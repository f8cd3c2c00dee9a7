"""Team usage: sums of every person, model and day, sorted, and as CSV."""

import csv
import re

import pytest

from fledge.database import UsageOfDay
from fledge.database.usage import day
from fledge.serve.accounts.team_usage import TeamView, as_csv, harmless, team_rows
from people_server import PeopleServer

ROWS = [
    UsageOfDay("a", "2026-11-02", "", "small", 1, 10, 1),
    UsageOfDay("a", "2026-11-02", "key", "small", 2, 20, 2),
    UsageOfDay("b", "2026-11-01", "", "large", 5, 1, 100),
    UsageOfDay("a", "2026-11-01", "", "large", 1, 0, 1),
]
NAMES = {"a": "Zoe (zoe)", "b": "=Bob (bob)"}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ({}, [("=Bob (bob)", 5, 1, 100), ("Zoe (zoe)", 4, 30, 4)]),
        ({"sort": "input"}, [("Zoe (zoe)", 4, 30, 4), ("=Bob (bob)", 5, 1, 100)]),
        (
            {"sort": "requests", "order": "asc"},
            [("Zoe (zoe)", 4, 30, 4), ("=Bob (bob)", 5, 1, 100)],
        ),
        (
            {"by": "model", "sort": "name", "order": "asc"},
            [("large", 6, 1, 101), ("small", 3, 30, 3)],
        ),
        ({"by": "day", "sort": "name"}, [("2026-11-02", 3, 30, 3), ("2026-11-01", 6, 1, 101)]),
        ({"by": "day", "sort": "output"}, [("2026-11-01", 6, 1, 101), ("2026-11-02", 3, 30, 3)]),
    ],
)
def test_each_view_adds_up_and_sorts(view: dict[str, str], expected: list[tuple]) -> None:
    rows = team_rows(ROWS, TeamView(**view), NAMES)
    assert [(row.name, row.requests, row.input, row.output) for row in rows] == expected


def test_the_file_has_a_line_for_each_person_day_and_model() -> None:
    lines = list(csv.reader(as_csv(ROWS, NAMES).splitlines()))
    assert lines == [
        ["day_utc", "person", "model", "requests", "input_tokens", "output_tokens"],
        ["2026-11-01", "'=Bob (bob)", "large", "5", "1", "100"],
        ["2026-11-01", "Zoe (zoe)", "large", "1", "0", "1"],
        ["2026-11-02", "Zoe (zoe)", "small", "3", "30", "3"],
    ]
    assert [harmless(text) for text in ("+1", "@x", "-", "a=b")] == ["'+1", "'@x", "'-", "a=b"]


def test_a_click_on_the_column_in_use_turns_the_order() -> None:
    view = TeamView()
    assert (view.turned("tokens"), view.turned("requests"), view.turned("name")) == (
        "asc",
        "desc",
        "asc",
    )


def test_managers_see_everyone_and_others_only_themselves(server: PeopleServer) -> None:
    database, now = server.database, server.clock()
    admin, user = server.people_of["admin"], server.people_of["user"]
    database.usage.add([UsageOfDay(user.id, day(now), "", "tiny", 3, 4_000, 500)])
    database.usage.add([UsageOfDay(user.id, day(now - 40 * 86_400), "", "tiny", 1, 7, 7)])
    page = server.ask("GET", "/usage/team", who=admin)
    assert page.status_code == 200 and "4,500 tokens in 3 requests" in page.text
    assert re.search(rf"<td>{user.name} \({user.login}\)</td>", page.text)
    assert "4,514 tokens" in server.ask("GET", "/usage/team?days=90", who=admin).text
    file = server.ask("GET", "/usage/team.csv?days=90", who=admin)
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.text.splitlines()) == 3
    assert server.ask("GET", "/usage/team", who=user).status_code == 403
    assert server.ask("GET", "/usage/team.csv", who=user).status_code == 403
    assert server.ask("GET", "/usage/team?by=colour", who=admin).status_code == 400
    assert "/usage/team" in server.ask("GET", "/usage", who=admin).text
    assert "/usage/team" not in server.ask("GET", "/usage", who=user).text
