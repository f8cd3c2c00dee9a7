"""An account from its invitation to its end, seen from outside."""

import re

import pytest
from argon2 import PasswordHasher

from fledge.database import Account
from people_server import ORIGIN, PASSWORD, PeopleServer, people_server, secret_of, session_of

DAY = 86_400
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


@pytest.fixture
def admin(server: PeopleServer) -> Account:
    return server.people_of["admin"]


def invite(server: PeopleServer, who: Account, **form: str) -> str:
    """The path of a new invitation."""
    page = server.ask("POST", "/admin/invitations", who=who, data={"role": "user", **form})
    return secret_of(page).removeprefix(ORIGIN)


def accept(server: PeopleServer, path: str, login: str = "bob", **form: str):
    fields = {"login": login, "password": PASSWORD, "token": path.rpartition("/")[2], **form}
    return server.ask("POST", path, data=fields)


def log_in(server: PeopleServer, login: str, password: str = PASSWORD) -> int:
    form = {"login": login, "password": password}
    return server.ask("POST", "/login", data=form).status_code


def audited(server: PeopleServer) -> list[tuple[str | None, str, str]]:
    """Who did what to whom, the oldest first."""
    entries = server.database.audit.newest(50)
    return [(entry.who, entry.action, entry.target) for entry in reversed(entries)]


def test_a_whole_life_is_in_the_audit_log_in_its_order(
    server: PeopleServer, admin: Account
) -> None:
    entered = accept(server, invite(server, admin, role="labeller", note="for Bob"), name="Bob")
    assert entered.headers["location"] == "/"
    (bob,) = (each for each in server.database.accounts.list() if each.login == "bob")
    assert (bob.name, bob.role) == ("Bob", "labeller")
    person = f"/admin/people/{bob.id}"
    server.ask("POST", f"{person}/role", who=admin, data={"role": "user"})
    server.ask("POST", f"{person}/limits", who=admin, data={"daily_tokens": "5"})
    server.ask("POST", f"{person}/disable", who=admin)
    server.ask("POST", f"{person}/enable", who=admin)
    server.ask("POST", f"{person}/password", who=admin)
    server.ask("POST", f"{person}/delete", who=admin)
    assert audited(server) == [
        ("the-admin", "invitation.made", "for Bob"),
        (None, "invitation.accepted", "bob"),
        ("the-admin", "role.changed", "bob"),
        ("the-admin", "limits.changed", "bob"),
        ("the-admin", "account.disabled", "bob"),
        ("the-admin", "account.enabled", "bob"),
        ("the-admin", "password.set", "bob"),
        ("the-admin", "account.deleted", "bob"),
    ]
    assert accept(server, invite(server, admin), name="Bob").status_code == 303, "free again"


def test_an_invitation_is_open_for_seven_days_and_once(
    server: PeopleServer, admin: Account
) -> None:
    first, second = invite(server, admin), invite(server, admin)
    server.clock.now += 7 * DAY - 60
    assert server.ask("GET", first).status_code == 200
    assert accept(server, first).status_code == 303
    server.clock.now += 60
    for path in (first, second):
        page = server.ask("GET", path)
        assert page.status_code == 404 and "Ask for a new one" in page.text
        assert accept(server, path, "eve").status_code == 404
    assert log_in(server, "eve") == 401


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"password": "x" * 9}, "10 to 1,000 characters; this one has 9"),
        ({"password": "x" * 1001}, "this one has 1,001"),
        ({"login": "the-user"}, "is already taken"),
        ({"login": ""}, "Username is required."),
        ({"login": "x" * 255}, "Username must have at most 254 characters."),
        ({"name": "x" * 101}, "Name must have at most 100 characters."),
        ({"role": "owner"}, "Role is not a field of this form."),
    ],
)
def test_an_account_that_cannot_be_made_leaves_the_invitation_open(
    server: PeopleServer, admin: Account, form: dict[str, str], told: str
) -> None:
    path = invite(server, admin)
    refused = accept(server, path, **{"login": "bob", **form})
    assert refused.status_code == 400 and told in refused.text
    assert accept(server, path).status_code == 303


def test_who_gives_no_name_is_called_by_their_login(server: PeopleServer, admin: Account) -> None:
    entered = accept(server, invite(server, admin))
    page = server.ask("GET", "/account", cookie=session_of(entered)).text
    assert "bob · logged in as bob · user" in page
    with people_server() as fresh:
        token = fresh.parts.setup.token
        form = {"login": "eve", "password": PASSWORD, "token": token}
        entered = fresh.ask("POST", "/setup", data=form)
        page = fresh.ask("GET", "/account", cookie=session_of(entered)).text
        assert "eve · logged in as eve · owner" in page


def test_a_disabled_account_answers_to_no_key_and_to_it_again_when_enabled(
    server: PeopleServer, admin: Account
) -> None:
    ada = server.people_of["user"]
    key = server.database.api_keys.create(ada.id, name="laptop")[1]
    cookie = server.cookie(ada)
    person = f"/admin/people/{ada.id}"
    server.ask("POST", f"{person}/disable", who=admin)
    refused = server.call("POST", "/v1/chat/completions", key, json=CHAT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert server.ask("GET", "/api/conversations", cookie=cookie).status_code == 401
    assert log_in(server, "the-user") == 401
    server.ask("POST", f"{person}/enable", who=admin)
    assert server.call("POST", "/v1/chat/completions", key, json=CHAT).status_code == 200
    assert server.ask("GET", "/api/conversations", cookie=cookie).status_code == 401, "logged out"
    assert log_in(server, "the-user") == 303


def test_a_session_ends_thirty_days_after_it_was_last_used(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["user"])

    def opens() -> bool:
        return server.ask("GET", "/account", cookie=cookie).status_code == 200

    for days in (29, 29, 29):
        server.clock.now += days * DAY
        assert opens()
    server.clock.now += 30 * DAY + 1
    assert not opens()


def test_a_key_notes_its_use_once_a_minute(server: PeopleServer) -> None:
    ada = server.people_of["user"]
    key, text = server.database.api_keys.create(ada.id, name="laptop")

    def last_used() -> float:
        server.call("GET", "/v1/models", text)
        (stored,) = server.database.api_keys.list(ada.id)
        assert stored.id == key.id and stored.last_used_at is not None
        return stored.last_used_at

    first = last_used()
    server.clock.now += 50
    assert last_used() == first
    server.clock.now += 15
    assert last_used() > first + 60


def test_a_role_that_is_taken_away_is_gone_from_the_next_click(
    server: PeopleServer, admin: Account
) -> None:
    cookie = server.cookie(admin)
    key = server.database.api_keys.create(admin.id, name="a")[1]
    assert server.ask("GET", "/admin", cookie=cookie).status_code == 200
    assert server.call("GET", "/metrics", key).status_code == 200
    owner = server.people_of["owner"]
    server.ask("POST", f"/admin/people/{admin.id}/role", who=owner, data={"role": "labeller"})
    refused = server.ask("GET", "/admin", cookie=cookie)
    assert refused.status_code == 403
    assert "Your role (labeller) doesn&#39;t allow managing people." in refused.text
    assert server.call("GET", "/metrics", key).status_code == 403


def test_an_erased_person_leaves_no_key_chat_or_name(server: PeopleServer, admin: Account) -> None:
    ada = server.people_of["user"]
    key = server.database.api_keys.create(ada.id, name="a")[1]
    chat = server.ask("POST", "/api/conversations", who=ada, json={}).json()["id"]
    form = {"password": PASSWORD}
    assert server.ask("POST", "/account/delete", who=ada, data=form).status_code == 303
    assert server.call("GET", "/v1/models", key).status_code == 401
    assert log_in(server, "the-user") == 401
    assert server.database.conversations.every(ada.id) == []
    assert chat not in server.ask("GET", "/admin", who=admin).text
    assert (
        "the-user" not in server.ask("GET", "/admin", who=admin).text.partition("Activity log")[0]
    )
    assert audited(server)[-2:] == [
        (None, "account.deleted", ""),
        (None, "login.failed", "the-user"),
    ]


def test_the_only_owner_can_neither_leave_nor_be_put_out(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    form = {"password": PASSWORD}
    refused = server.ask("POST", "/account/delete", who=owner, data=form)
    assert refused.status_code == 400
    assert "This is the only owner" in refused.text
    second = server.account("second", "owner")
    person = f"/admin/people/{owner.id}"
    assert (
        server.ask("POST", f"{person}/role", who=second, data={"role": "user"}).status_code == 303
    )
    own = f"/admin/people/{second.id}"
    assert server.ask("POST", f"{own}/role", who=second, data={"role": "user"}).status_code == 400


def test_a_login_is_the_same_in_any_case(server: PeopleServer) -> None:
    assert log_in(server, "The-USER") == 303
    assert log_in(server, " the-user ") == 303
    assert log_in(server, "the-user", PASSWORD.upper()) == 401
    assert log_in(server, "the-user", f" {PASSWORD}") == 401, "a password's blanks count"


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        ("/account/keys", {"name": ""}, "Name is required."),
        ("/account/keys", {"name": "x" * 101}, "Name must have at most 100 characters."),
        ("/account/keys", {"name": "a", "days": "0"}, "Expiry in days must be at least 1."),
        ("/account/keys", {"name": "a", "days": "3651"}, "Expiry in days must be at most 3,650."),
        ("/account/keys", {"name": "a", "days": "soon"}, "Expiry in days must be a whole number."),
        ("/account/keys", {"name": "a", "daily_tokens": "0"}, "Tokens per day must be at least 1."),
        (
            "/account/keys",
            {"name": "a", "daily_tokens": str(2**31)},
            "Tokens per day must be at most ",
        ),
        ("/account/keys", {"name": "a", "scopes": ["chat", "root"]}, "Permissions must be "),
        ("/account/keys", {"name": "a", "owner": "yes"}, "Owner is not a field of this form."),
        ("/account/training", {"allows_training": "maybe"}, "Allows training must be "),
        (
            "/admin/settings",
            {"requests_per_minute": "0"},
            "Requests per minute must be at least 1.",
        ),
        ("/admin/settings", {"daily_tokens": "-1"}, "Tokens per day must be at least 1."),
        (
            "/admin/settings",
            {"tokens_per_minute": str(2**31)},
            "Tokens per minute must be at most ",
        ),
        ("/admin/invitations", {"role": "god"}, "Role must be "),
        (
            "/admin/invitations",
            {"role": "user", "note": "x" * 101},
            "Note must have at most 100 characters.",
        ),
        (
            "/admin/people/ID/limits",
            {"concurrent_streams": "-1"},
            "Answers at once must be at least 0.",
        ),
        ("/admin/people/ID/role", {}, "Role is required."),
    ],
)
def test_a_form_that_is_wrong_is_told_by_field_and_changes_nothing(
    server: PeopleServer, path: str, form: dict[str, object], told: str
) -> None:
    owner, ada = server.people_of["owner"], server.people_of["user"]
    before = (server.database.accounts.list(), server.database.settings.get())
    reply = server.ask("POST", path.replace("ID", ada.id), who=owner, data=form)
    assert reply.status_code == 400
    assert re.search(rf"\W{re.escape(told.strip())}", reply.text)
    assert (server.database.accounts.list(), server.database.settings.get()) == before
    assert server.database.api_keys.list(owner.id) == []
    assert server.database.invitations.list() == []


@pytest.mark.parametrize("body", [b"name=%FF", b"&".join([b"a=b"] * 51), b"\xff=1"])
def test_a_form_of_no_browser_is_told_to_load_the_page_again(
    server: PeopleServer, body: bytes
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    who = server.people_of["user"]
    reply = server.ask("POST", "/account/profile", who=who, headers=headers, content=body)
    assert reply.status_code == 400 and "reload the page" in reply.text


def test_a_login_renews_a_hash_that_was_made_with_other_parameters(server: PeopleServer) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    accounts = server.database.accounts
    accounts.create("bob", name="Bob", role="user", password_hash=old)
    assert log_in(server, "bob", "a wrong password") == 401
    assert accounts.password_hash("bob")[1] == old
    assert log_in(server, "bob") == 303
    new = accounts.password_hash("bob")[1]
    assert new != old and "t=1," in new
    assert log_in(server, "bob") == 303
    assert accounts.password_hash("bob")[1] == new, "once is enough"


def test_thirty_wrong_passwords_in_an_hour_shut_the_door_for_an_hour(
    server: PeopleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.clock.now = 1_750_000_000.0
    monkeypatch.setattr("time.time", server.clock)
    for minute in range(6):
        server.clock.now = 1_750_000_000.0 + 61 * minute
        assert [log_in(server, "the-user", "a wrong one") for _ in range(6)] == [401] * 5 + [429]
    server.clock.now += 61
    form = {"login": "the-user", "password": PASSWORD}
    shut = server.ask("POST", "/login", data=form)
    assert shut.status_code == 429 and "Try again in 54 minutes." in shut.text
    assert shut.headers["retry-after"] == str(3_600 - 366), "an hour after the first"
    assert log_in(server, "the-admin") == 303, "others get in from the same place"
    server.clock.now = 1_750_000_000.0 + 3_662
    assert log_in(server, "the-user") == 303


def test_a_form_that_is_refused_for_a_while_says_for_how_long(server: PeopleServer) -> None:
    form = {"current": "a wrong one", "new": PASSWORD}
    who = server.people_of["user"]
    replies = [server.ask("POST", "/account/password", who=who, data=form) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [400] * 5 + [429]
    assert 55 <= int(seconds := replies[-1].headers["retry-after"]) <= 60
    assert f"Try again in {seconds} seconds." in replies[-1].text
    assert replies[-1].headers["content-type"].startswith("text/html")


def test_limits_of_a_person_may_be_zero_and_empty_is_the_default(
    server: PeopleServer, admin: Account
) -> None:
    ada = server.people_of["user"]
    path = f"/admin/people/{ada.id}/limits"

    def limits(**form: str) -> tuple[int | None, ...]:
        assert server.ask("POST", path, who=admin, data=form).status_code == 303
        kept = server.database.accounts.get(ada.id)
        return (
            kept.requests_per_minute,
            kept.tokens_per_minute,
            kept.concurrent_streams,
            kept.daily_tokens,
        )

    assert limits(requests_per_minute="0", daily_tokens=str(2**31 - 1)) == (
        0,
        None,
        None,
        2**31 - 1,
    )
    assert limits(tokens_per_minute=" 7 ", concurrent_streams="2") == (None, 7, 2, None)
    assert limits() == (None, None, None, None)
