"""Limits as a program meets them: minutes that pass, days that end, keys inside accounts."""

import pytest

from databases import Clock
from fledge.database import Account
from people_server import PeopleServer, secret_of

MINUTE = 1_750_000_020.0
"""A whole number of minutes; the day ends 31,980 seconds later."""
MIDNIGHT = 1_750_032_000.0
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}
READ, WRITTEN = 7, 5
"""Tokens of that question with its roles, and of the answer "The moon." with its end."""


@pytest.fixture
def clock(server: PeopleServer, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the server and of the library that counts requests."""
    server.clock.now = MINUTE
    monkeypatch.setattr("time.time", server.clock)
    return server.clock


def limited(server: PeopleServer, **limits: int) -> tuple[Account, str]:
    """A person with these limits, and their key."""
    ada = server.database.accounts.change(server.people_of["user"].id, **limits)
    return ada, server.database.api_keys.create(ada.id, name="laptop")[1]


def statuses(server: PeopleServer, key: str, times: int) -> list[int]:
    return [
        server.call("POST", "/v1/chat/completions", key, json=CHAT).status_code
        for _ in range(times)
    ]


@pytest.mark.usefixtures("clock")
def test_a_minute_s_requests_come_back_one_by_one(server: PeopleServer, clock: Clock) -> None:
    _, key = limited(server, requests_per_minute=4)
    assert statuses(server, key, 5) == [200] * 4 + [429]
    # Of the four of the last minute, 4 · 59/60, 4 · 44/60 and so on still count: one in 15 seconds.
    for second, expected in ((61, [200, 429]), (70, [429]), (76, [200, 429]), (300, [200] * 4)):
        clock.now = MINUTE + second
        assert statuses(server, key, len(expected)) == expected, second


def test_a_refusal_says_how_many_and_how_long(server: PeopleServer, clock: Clock) -> None:
    _, key = limited(server, requests_per_minute=2)
    clock.now += 20
    first, second, refused = (
        server.call("POST", "/v1/chat/completions", key, json=CHAT) for _ in range(3)
    )
    for reply, remaining in ((first, "1"), (second, "0"), (refused, "0")):
        assert reply.headers["x-ratelimit-limit-requests"] == "2"
        assert reply.headers["x-ratelimit-remaining-requests"] == remaining
        assert reply.headers["x-ratelimit-reset-requests"] == "40s"
    assert refused.status_code == 429
    assert (refused.headers["retry-after"], refused.headers["retry-after-ms"]) == ("40", "40000")
    assert refused.json()["error"] == {
        "message": "This account may make 2 requests per minute. Try again in 40 seconds.",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limit_exceeded",
    }


def test_tokens_of_a_minute_fade_in_the_next(server: PeopleServer, clock: Clock) -> None:
    _, key = limited(server, tokens_per_minute=READ + WRITTEN)
    first = server.call("POST", "/v1/chat/completions", key, json=CHAT)
    assert first.headers["x-ratelimit-remaining-tokens"] == str(WRITTEN), "as the answer begins"
    refused = server.call("POST", "/v1/chat/completions", key, json=CHAT)
    assert (
        "may use 12 tokens per minute. This prompt has 7 and 12 have been used. Try again in 100 se"
        in refused.text
    )
    assert refused.headers["x-ratelimit-limit-tokens"] == "12"
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    assert refused.headers["x-ratelimit-reset-tokens"] == "120s"
    # 12 · (1 - x/60) leaves room for 7 and a token of the answer from x = 40 on: 100 seconds after
    # the minute's beginning.
    assert refused.headers["retry-after"] == "100"
    clock.now = MINUTE + 99
    assert statuses(server, key, 1) == [429]
    clock.now = MINUTE + 100.1
    assert statuses(server, key, 2) == [200, 429]


def test_a_day_s_tokens_come_back_at_midnight_utc(server: PeopleServer, clock: Clock) -> None:
    ada, key = limited(server, daily_tokens=2 * READ + WRITTEN - 1)
    assert statuses(server, key, 1) == [200]
    refused = server.call("POST", "/v1/chat/completions", key, json=CHAT)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "insufficient_quota"
    assert "may use 18 tokens per day and has used 12" in refused.text
    assert refused.headers["x-should-retry"] == "false"
    assert refused.headers["retry-after"] == str(int(MIDNIGHT - MINUTE))
    server.database.accounts.change(ada.id, daily_tokens=2 * READ + WRITTEN + 1)
    assert statuses(server, key, 2) == [200, 429], "the answer gets the one token that is left"
    clock.now = MIDNIGHT - 1
    assert statuses(server, key, 1) == [429]
    clock.now = MIDNIGHT
    assert statuses(server, key, 2) == [200, 200]


@pytest.mark.usefixtures("clock")
def test_a_key_has_a_day_of_its_own_inside_its_owner_s(server: PeopleServer) -> None:
    ada, free = limited(server, daily_tokens=40)
    form = {"name": "narrow", "daily_tokens": "18"}
    narrow = secret_of(server.ask("POST", "/account/keys", who=ada, data=form))
    assert statuses(server, narrow, 1) == [200]
    refused = server.call("POST", "/v1/chat/completions", narrow, json=CHAT)
    assert "This API key may use 18 tokens per day and has used 12" in refused.text
    assert statuses(server, free, 2) == [200, 200]  # 36 of the account's 40
    refused = server.call("POST", "/v1/chat/completions", free, json=CHAT)
    assert "This account may use 40 tokens per day and has used 36" in refused.text


@pytest.mark.usefixtures("clock")
def test_two_keys_of_one_account_share_its_minute(server: PeopleServer) -> None:
    ada, first = limited(server, requests_per_minute=3)
    second = server.database.api_keys.create(ada.id, name="phone")[1]
    assert statuses(server, first, 2) + statuses(server, second, 2) == [200, 200, 200, 429]
    stranger = server.database.api_keys.create(server.people_of["owner"].id, name="desk")[1]
    assert statuses(server, stranger, 4) == [200] * 4


@pytest.mark.usefixtures("clock")
def test_the_owner_s_defaults_hold_at_once_for_who_has_no_limit_of_their_own(
    server: PeopleServer,
) -> None:
    _, user = limited(server)
    own = server.database.accounts.change(server.people_of["labeller"].id, requests_per_minute=2)
    free = server.database.accounts.change(server.people_of["admin"].id, requests_per_minute=0)
    keys = [server.database.api_keys.create(each.id, name="a")[1] for each in (own, free)]
    assert statuses(server, user, 3) == [200] * 3
    form = {"requests_per_minute": "1"}
    server.ask("POST", "/admin/settings", who=server.people_of["owner"], data=form)
    assert statuses(server, user, 2) == [200, 429], "what was before is not counted"
    assert [statuses(server, key, 3) for key in keys] == [[200, 200, 429], [200] * 3]
    server.ask("POST", "/admin/settings", who=server.people_of["owner"], data={})
    assert statuses(server, user, 3) == [200] * 3


@pytest.mark.usefixtures("clock")
def test_what_is_refused_unread_costs_nothing_and_what_is_read_a_request_without_tokens(
    server: PeopleServer,
) -> None:
    ada, key = limited(server, requests_per_minute=10, daily_tokens=1000)
    long = {**CHAT, "messages": [{"role": "user", "content": "tide " * 200}]}
    for wrong, status in (
        ({**CHAT, "n": 17}, 400),
        ({**CHAT, "tools": [{}]}, 400),
        ({**CHAT, "model": "gone"}, 404),
        ({**CHAT, "logit_bias": {"999": 1}}, 400),
        (long, 400),  # the only one that had to be read
    ):
        assert server.call("POST", "/v1/chat/completions", key, json=wrong).status_code == status
    reply = server.call("POST", "/v1/chat/completions", key, json=CHAT)
    assert reply.headers["x-ratelimit-remaining-requests"] == "8"
    server.parts.meter.flush()
    (row,) = server.database.usage.of(ada.id, since="")
    assert (row.requests, row.prompt_tokens, row.completion_tokens) == (1, READ, WRITTEN)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("most", [0, 1], ids=["only scored", "continued"])
def test_a_text_that_is_too_long_costs_no_tokens(server: PeopleServer, most: int) -> None:
    ada, key = limited(server)
    long = {"model": "tiny", "prompt": "tide " * 200, "echo": True, "max_tokens": most}
    refused = server.call("POST", "/v1/completions", key, json=long)
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    server.parts.meter.flush()
    assert server.database.usage.of(ada.id, since="") == []


@pytest.mark.usefixtures("clock")
def test_each_endpoint_is_charged_for_what_it_reads_and_writes(server: PeopleServer) -> None:
    ada, key = limited(server)
    for path, body, expected in (
        ("chat/completions", {**CHAT, "n": 2}, (1, 7, 10)),
        ("chat/completions", {**CHAT, "max_tokens": 2}, (1, 7, 2)),
        ("completions", {"model": "tiny", "prompt": "Why?"}, (1, 4, 5)),
        ("completions", {"model": "tiny", "prompt": ["W", "hy"], "best_of": 3}, (1, 3, 30)),
        ("completions", {"model": "tiny", "prompt": "W", "echo": True, "max_tokens": 0}, (1, 1, 0)),
        ("embeddings", {"model": "tiny", "input": ["W", "hy"]}, (1, 3, 0)),
        ("responses", {"model": "tiny", "input": "Why?"}, (1, 7, 5)),
        ("moderations", {"input": "Why?"}, None),
    ):
        server.parts.meter.flush()
        before = server.database.usage.of(ada.id, since="")
        assert server.call("POST", f"/v1/{path}", key, json=body).status_code == 200
        server.parts.meter.flush()
        after = server.database.usage.of(ada.id, since="")
        assert difference(after, before) == expected, path


def difference(after: list, before: list) -> tuple[int, ...] | None:
    """Requests, tokens read and tokens written, of the only row of each."""
    if after == before:
        return None
    counted = [
        [(row.requests, row.prompt_tokens, row.completion_tokens) for row in rows] or [(0, 0, 0)]
        for rows in (after, before)
    ]
    (new,), (old,) = counted
    return tuple(now - then for now, then in zip(new, old, strict=True))


@pytest.mark.usefixtures("clock")
def test_looking_at_models_is_free_and_counting_tokens_is_not(server: PeopleServer) -> None:
    _, key = limited(server, requests_per_minute=1)
    for path in ("/v1/models", "/v1/models/tiny"):
        assert [server.call("GET", path, key).status_code for _ in range(3)] == [200] * 3
    codes = [
        server.call("POST", "/tokenize", key, json={"prompt": "W"}).status_code for _ in range(2)
    ]
    assert codes == [200, 429]


@pytest.mark.usefixtures("clock")
def test_the_chat_page_is_held_to_the_same_limits_and_says_so_in_the_answer(
    server: PeopleServer,
) -> None:
    ada, key = limited(server, requests_per_minute=2)
    chat = server.ask("POST", "/api/conversations", who=ada, json={}).json()["id"]
    path, body = f"/api/conversations/{chat}/messages", {"content": "Why?", "models": ["tiny"]}
    answers = []
    for _ in range(3):
        run = server.ask("POST", path, who=ada, json=body).json()["messages"][1]["run_id"]
        server.ask("GET", f"/api/runs/{run}/events", who=ada)
        turns = server.ask("GET", f"/api/conversations/{chat}", who=ada).json()["messages"]
        answers.append((turns[-1]["status"], turns[-1]["error"]))
    assert answers[:2] == [("finished", None)] * 2
    assert answers[2] == (
        "failed",
        "This account may make 2 requests per minute. Try again in 60 seconds.",
    )
    assert statuses(server, key, 1) == [429], "pages and programs spend from one purse"


@pytest.mark.usefixtures("clock")
def test_choices_count_and_none_may_promise_more_than_is_left(server: PeopleServer) -> None:
    ada, key = limited(server, daily_tokens=100)
    for path, body in (
        ("chat/completions", {**CHAT, "n": 16, "max_tokens": 500}),
        ("chat/completions", {**CHAT, "max_tokens": 94}),
        ("completions", {"model": "tiny", "prompt": "W", "n": 16, "max_tokens": 13}),
        ("completions", {"model": "tiny", "prompt": "W", "best_of": 16, "max_tokens": 13}),
        ("completions", {"model": "tiny", "prompt": ["W"] * 16, "max_tokens": 13}),
        ("embeddings", {"model": "tiny", "input": ["tide " * 30] * 8}),
        ("responses", {"model": "tiny", "input": "Why?", "max_output_tokens": 94}),
    ):
        refused = server.call("POST", f"/v1/{path}", key, json=body)
        assert refused.status_code in (400, 429), path
        if refused.status_code == 429:
            assert refused.json()["error"]["code"] == "insufficient_quota"
    server.parts.meter.flush()
    assert server.database.usage.of(ada.id, since="") == []
    assert statuses(server, key, 1) == [200]


@pytest.mark.usefixtures("clock")
def test_an_answer_of_no_length_ends_where_the_limit_does(server: PeopleServer) -> None:
    ada, key = limited(server, daily_tokens=2 * READ + 3)
    body = {**CHAT, "n": 3}
    cut = server.call("POST", "/v1/chat/completions", key, json=body).json()
    assert [choice["finish_reason"] for choice in cut["choices"]] == ["length"] * 3
    assert cut["usage"]["completion_tokens"] == 9
    server.parts.meter.flush()
    assert server.database.usage.tokens_today(ada.id) == READ + 9
