"""The numbers of `/usage` and of `/admin`, computed here by hand."""

import re
from html import unescape

import pytest

from fledge.database import Account, UsageOfDay
from people_server import PeopleServer

CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}
TODAY, YESTERDAY, FIRST, BEFORE = "2025-06-15", "2025-06-14", "2025-05-17", "2025-05-16"
"""The clock of the tests starts on 15 June 2025; the page shows thirty days."""


@pytest.fixture
def ada(server: PeopleServer) -> Account:
    server.clock.now = 1_750_000_000.0
    return server.people_of["user"]


def used(
    server: PeopleServer, account: Account, *rows: tuple[str, str, str, int, int, int]
) -> None:
    """Write down day, key, model, requests, tokens read and tokens written."""
    server.database.usage.add([UsageOfDay(account.id, *row) for row in rows])


def page(server: PeopleServer, account: Account, path: str = "/usage") -> str:
    reply = server.ask("GET", path, who=account)
    assert reply.status_code == 200
    return unescape(reply.text)


def cells(html: str, caption: str) -> list[list[str]]:
    """The rows of the table under this label."""
    table = html.partition(f'aria-label="{caption}"')[2].partition("</table>")[0]
    body = table.partition("<tbody>")[2]
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in body.split("</tr>")[:-1]]


def test_days_are_summed_over_keys_and_models_and_empty_days_are_shown(
    server: PeopleServer, ada: Account
) -> None:
    used(
        server,
        ada,
        (TODAY, "", "tiny", 2, 200, 100),
        (TODAY, "", "other", 1, 60, 40),
        (YESTERDAY, "", "tiny", 5, 150, 50),
        (FIRST, "", "tiny", 1, 1, 0),
        (BEFORE, "", "tiny", 9, 9_000, 9_000),
    )
    html = page(server, ada)
    rows = cells(html, "Tokens per day")
    assert len(rows) == 30
    assert rows[:2] == [[TODAY, "3", "400"], [YESTERDAY, "5", "200"]]
    assert rows[2:-1] == [[day, "0", "0"] for day, _, _ in rows[2:-1]]
    assert rows[-1] == [FIRST, "1", "1"]
    lead = "Last 30 days: 601 tokens in 9 requests.\n    Today: 400 tokens."
    assert lead in html and "9,000" not in html


def test_the_busiest_day_is_as_high_as_the_chart(server: PeopleServer, ada: Account) -> None:
    used(
        server, ada, (TODAY, "", "tiny", 1, 400, 0), (YESTERDAY, "", "tiny", 1, 100, 101)
    )  # 50.25 per cent
    rects = re.findall(r'height="([\d.]+)" rx="2"><title>([\d-]+): (\d+) tokens', page(server, ada))
    assert [day for _, day, _ in rects][::29] == [FIRST, TODAY]
    heights = [float(height) for height, _, _ in rects]
    assert heights[:28] == [1.0] * 28
    assert heights[28:] == pytest.approx([50 * 1.1 + 1, 100 * 1.1 + 1])


def test_sources_are_named_and_the_largest_comes_first(server: PeopleServer, ada: Account) -> None:
    keys = server.database.api_keys
    laptop, old, older = (keys.create(ada.id, name=name)[0] for name in ("laptop", "old", "older"))
    for key in (old, older):
        keys.revoke(ada.id, key.id)
    used(
        server,
        ada,
        (TODAY, "", "tiny", 1, 10, 5),
        (YESTERDAY, "", "tiny", 1, 10, 5),
        (TODAY, laptop.id, "tiny", 4, 1_000, 234),
        (TODAY, laptop.id, "other", 1, 7, 1),
        (TODAY, old.id, "tiny", 1, 20, 2),
        (TODAY, older.id, "tiny", 2, 20, 2),
    )
    name = f"laptop ({laptop.prefix}…)"
    assert cells(page(server, ada), "Usage by key and model") == [
        [name, "tiny", "4", "1,000", "234"],
        ["Revoked key", "tiny", "3", "40", "4"],
        ["Web chat", "tiny", "2", "20", "10"],
        [name, "other", "1", "7", "1"],
    ]


def meters(html: str) -> dict[str, tuple[str, str]]:
    """Each limit's share in per cent and its words."""
    found = re.findall(
        r'grow">([^<]+)</span>\s*<meter[^>]*value="(\d+)"[^>]*>\d+ %</meter>\s*'
        r'<span class="number wide">([^<]+)</span>',
        html,
    )
    return {name: (share, words) for name, share, words in found}


def test_each_limit_tells_how_full_it_is(
    server: PeopleServer, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", server.clock)
    default = {"Requests in the last minute": ("0", "0 of 60")}
    assert meters(page(server, ada)) == {**default, "Answers in progress": ("0", "0 of 4")}
    server.database.accounts.change(ada.id, requests_per_minute=0, concurrent_streams=0)
    assert "You have no limits on this server." in page(server, ada)
    server.database.accounts.change(
        ada.id,
        requests_per_minute=8,
        tokens_per_minute=1_200,
        concurrent_streams=2,
        daily_tokens=1_000,
    )
    used(server, ada, (TODAY, "", "tiny", 2, 200, 200), (YESTERDAY, "", "tiny", 1, 500, 0))
    _, key = server.database.api_keys.create(ada.id, name="laptop")
    server.call("POST", "/v1/chat/completions", key, json=CHAT)  # 7 tokens read, 5 written
    assert meters(page(server, ada)) == {
        "Requests in the last minute": ("12", "1 of 8"),
        "Tokens in the last minute": ("1", "12 of 1,200"),
        "Answers in progress": ("0", "0 of 2"),
        "Tokens today": ("41", "412 of 1,000"),
    }
    server.database.accounts.change(ada.id, daily_tokens=100)
    assert meters(page(server, ada))["Tokens today"] == ("100", "412 of 100")


def test_a_page_of_nothing_says_so(server: PeopleServer, ada: Account) -> None:
    html = page(server, ada)
    assert "0 tokens in 0 requests" in html and "No usage yet." in html
    assert {tuple(row[1:]) for row in cells(html, "Tokens per day")} == {("0", "0")}


def test_the_usage_of_others_is_theirs(server: PeopleServer, ada: Account) -> None:
    used(server, server.people_of["owner"], (TODAY, "", "tiny", 1, 777, 0))
    assert "777" not in page(server, ada)
    assert "777" in page(server, server.people_of["owner"])


def test_what_was_written_a_moment_ago_is_on_the_page(server: PeopleServer, ada: Account) -> None:
    _, key = server.database.api_keys.create(ada.id, name="laptop")
    for expected in ("12 tokens in 1 requests", "24 tokens in 2 requests"):
        server.call("POST", "/v1/chat/completions", key, json=CHAT)
        assert expected in page(server, ada)


def test_a_day_ends_at_midnight_utc(server: PeopleServer, ada: Account) -> None:
    _, key = server.database.api_keys.create(ada.id, name="laptop")
    midnight = 1_750_032_000.0
    for now in (midnight - 5, midnight):
        server.clock.now = now
        server.call("POST", "/v1/chat/completions", key, json=CHAT)
    rows = cells(page(server, ada), "Tokens per day")
    assert rows[:2] == [["2025-06-16", "1", "12"], ["2025-06-15", "1", "12"]]


def test_managers_see_what_everybody_used_in_thirty_days(
    server: PeopleServer, ada: Account
) -> None:
    used(
        server,
        ada,
        (TODAY, "", "tiny", 2, 1_000, 100),
        (FIRST, "", "tiny", 1, 30, 4),
        (BEFORE, "", "tiny", 1, 20_000, 0),
    )
    html = page(server, server.people_of["admin"], "/admin")
    shown = re.findall(r"the-(\w+) · \w+\s*· ([\d,]+) tokens in the last 30 days", html)
    assert dict(shown) == {"user": "1,134", "labeller": "0", "admin": "0", "owner": "0"}
