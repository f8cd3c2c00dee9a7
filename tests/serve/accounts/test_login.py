"""Logging in: what it takes, what it costs, and what another site cannot do."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from fledge.database.temporary import TemporaryDatabase
from fledge.serve.accounts.cookies import local
from fledge.serve.people.address import place
from fledge.serve.people.identity import COOKIE
from fledge.serve.people.limits import LimitReached
from people_server import ORIGIN, PASSWORD, PeopleServer, people_server, secret_of, session_of

T = TypeVar("T")
TRY_AGAIN = r"Too many failed logins\. Try again in (\d+) seconds\."


@pytest.fixture
def fresh() -> Iterator[PeopleServer]:
    """A server that nobody owns yet."""
    with people_server() as server:
        yield server


def log_in(server: PeopleServer, login: str, password: str = PASSWORD, **options: object):
    form = {"login": login, "password": password, "next": "/account"}
    return server.ask("POST", "/login", data=form, **options)


def test_a_right_password_opens_the_page_that_was_asked_for(server: PeopleServer) -> None:
    closed = server.ask("GET", "/account?done=x")
    assert closed.status_code == 303
    assert closed.headers["location"] == "/login?next=/account%3Fdone%3Dx"
    entered = log_in(server, "The-User")
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert "secure" not in cookie, "over http the browser would not send it back"
    page = server.ask("GET", "/account", cookie=session_of(entered))
    assert page.status_code == 200 and "The-User" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_behind_tls_the_cookie_is_secure(server: PeopleServer) -> None:
    entered = log_in(server, "the-user")
    server.client.base_url = "https://localhost:8000"
    secure = log_in(server, "the-user", headers={"origin": "https://localhost:8000"})
    assert "secure" not in entered.headers["set-cookie"].lower()
    assert "secure" in secure.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/c/1?x=2", "/c/1?x=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\n/evil.example", "/"),
        ("", "/"),
    ],
)
def test_a_login_leads_nowhere_else(wanted: str, led_to: str) -> None:
    assert local(wanted) == led_to


@pytest.mark.parametrize("login", ["the-user", "nobody", "disabled", "without-password"])
def test_every_wrong_login_is_answered_alike_and_costs_the_same(
    server: PeopleServer, login: str
) -> None:
    disabled = server.account("disabled")
    server.database.accounts.change(disabled.id, disabled_at=1.0)
    server.database.accounts.create("without-password", name="", role="user", password_hash=None)
    assert server.parts.passwords.nobody
    before = server.parts.passwords.work
    refused = log_in(server, login, "wrong" if login in ("the-user", "disabled") else PASSWORD)
    assert server.parts.passwords.work == before + 1
    assert refused.status_code == 401
    assert "Incorrect username or password." in refused.text and "set-cookie" not in refused.headers


def test_a_right_login_costs_the_same_too(server: PeopleServer) -> None:
    before = server.parts.passwords.work
    assert log_in(server, "the-user").status_code == 303
    assert server.parts.passwords.work == before + 1


def test_a_session_of_before_the_login_is_worth_nothing_after_it(server: PeopleServer) -> None:
    """Fixation: whoever planted a cookie in a browser does not share what is logged in there."""
    eve = server.people_of["labeller"]
    planted = server.cookie(eve)
    entered = log_in(server, "the-user", cookie=planted)
    assert session_of(entered) != planted
    assert server.database.sessions.find(planted) is None
    unknown = "x" * 43
    assert session_of(log_in(server, "the-user", cookie=unknown)) != unknown
    assert server.database.sessions.find(unknown) is None


def test_logging_out_ends_the_session_on_the_server(server: PeopleServer) -> None:
    cookie = session_of(log_in(server, "the-user"))
    out = server.ask("POST", "/logout", cookie=cookie)
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert server.database.sessions.find(cookie) is None
    assert server.ask("GET", "/account", cookie=cookie).status_code == 303


def test_a_disabled_account_is_out_at_once(server: PeopleServer) -> None:
    user = server.people_of["user"]
    cookie = server.cookie(user)
    _, key = server.database.api_keys.create(user.id, name="laptop")
    assert server.call("GET", "/v1/models", key).status_code == 200
    server.database.accounts.change(user.id, disabled_at=1.0)
    assert server.ask("GET", "/api/conversations", cookie=cookie).status_code == 401
    assert server.call("GET", "/v1/models", key).status_code == 401


def test_a_few_wrong_passwords_shut_the_door_for_a_while(server: PeopleServer) -> None:
    for _ in range(5):
        assert log_in(server, "the-user", "wrong").status_code == 401
    before = server.parts.passwords.work
    shut = log_in(server, "the-user")
    assert shut.status_code == 429 and re.search(TRY_AGAIN, shut.text)
    assert server.parts.passwords.work == before, "what is refused costs no hash"
    assert log_in(server, "the-owner").status_code == 303, "others get in from there"
    failures = [entry for entry in server.database.audit.newest() if entry.action == "login.failed"]
    assert [entry.target for entry in failures] == ["the-user"] * 5


def at_once(call: Callable[[int], T], times: int) -> list[T]:
    together = threading.Barrier(times)

    def run(index: int) -> T:
        together.wait()
        return call(index)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def test_many_wrong_passwords_at_once_are_no_more_than_a_few(server: PeopleServer) -> None:
    attempts, looked_at = server.parts.attempts, threading.Semaphore(0)

    def guess(_: int) -> bool:
        try:
            with attempts.attempt("192.0.2.7", "the-user"):
                looked_at.acquire()  # as long as a hash takes
                attempts.failed("192.0.2.7", "the-user")
                return True
        except LimitReached:
            looked_at.release()  # one that is refused lets one of the others go on
            return False

    assert sum(at_once(guess, 10)) == 5
    with (
        pytest.raises(LimitReached, match=r"Try again in \d+ seconds"),
        attempts.attempt("192.0.2.7", "the-user"),
    ):
        pass


def test_passwords_are_not_guessed_from_a_browser_left_open(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["user"])
    form = {"current": "wrong", "new": PASSWORD}
    asked = [server.ask("POST", "/account/password", cookie=cookie, data=form) for _ in range(6)]
    assert [each.status_code for each in asked] == [400] * 5 + [429]
    right = {"password": PASSWORD}
    shut = server.ask("POST", "/account/erase-chats", cookie=cookie, data=right)
    assert shut.status_code == 429 and re.search(TRY_AGAIN, shut.text)


def test_a_session_that_ended_under_a_form_leads_back_to_its_page(server: PeopleServer) -> None:
    gone = server.ask("POST", "/account/keys", data={"name": "laptop"})
    assert gone.headers["location"] == "/login?next=/account"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_who_has_a_whole_network_is_counted_once(address: str, counted: str) -> None:
    assert place(address) == counted


def test_of_two_who_set_up_at_once_one_is_the_owner(fresh: PeopleServer) -> None:
    hashed, setup = fresh.parts.passwords.hash(PASSWORD), fresh.parts.setup
    made = at_once(lambda index: setup.make_owner(("ada", "eve")[index], "", hashed), 2)
    (owner,) = [account for account in made if account is not None]
    assert [account.login for account in fresh.database.accounts.list()] == [owner.login]


def test_a_password_set_elsewhere_closes_the_setup_page(fresh: PeopleServer) -> None:
    token = fresh.parts.setup.token
    fresh.account("ada", "owner")  # as `fledge password` beside a server that runs
    assert fresh.ask("GET", f"/setup?token={token}").headers["location"] == "/login"
    form = {"login": "eve", "password": PASSWORD, "token": token}
    assert fresh.ask("POST", "/setup", data=form).headers["location"] == "/login"
    assert [account.login for account in fresh.database.accounts.list()] == ["ada"]
    assert "no owner yet" not in fresh.ask("GET", "/login").text


def test_a_right_password_forgets_the_wrong_ones(server: PeopleServer) -> None:
    for _ in range(3):
        for _ in range(4):
            assert log_in(server, "the-user", "wrong").status_code == 401
        assert log_in(server, "the-user").status_code == 303


def test_the_first_visit_makes_the_owner_once(fresh: PeopleServer) -> None:
    token = fresh.parts.setup.token
    assert "no owner yet" in fresh.ask("GET", "/login").text
    assert fresh.ask("GET", "/setup?token=wrong").status_code == 303
    form = {"login": "ada", "name": "Ada", "password": PASSWORD, "token": "wrong"}
    assert fresh.ask("POST", "/setup", data=form).headers["location"] == "/login"
    assert fresh.database.accounts.list() == []
    assert fresh.ask("GET", f"/setup?token={token}").status_code == 200
    short = fresh.ask("POST", "/setup", data={**form, "password": "short", "token": token})
    assert short.status_code == 400 and "this one has 5" in short.text
    made = fresh.ask("POST", "/setup", data={**form, "token": token})
    assert made.headers["location"] == "/"
    assert fresh.ask("GET", "/admin", cookie=session_of(made)).status_code == 200
    again = fresh.ask("POST", "/setup", data={**form, "login": "eve", "token": token})
    assert again.headers["location"] == "/login"
    assert [account.role for account in fresh.database.accounts.list()] == ["owner"]


def test_the_owner_takes_over_the_chats_of_the_time_without_login() -> None:
    with people_server(login=False) as server:
        local_owner = server.database.accounts.owner()
        assert server.ask("GET", "/").status_code == 200
        assert server.ask("GET", "/login").status_code == 404
    assert local_owner is not None
    with people_server() as server:
        adopted = server.database.accounts.create(
            "owner", name="You", role="owner", password_hash=None
        )
        server.database.conversations.create(adopted.id, title="From before")
        form = {"login": "ada", "password": PASSWORD, "token": server.parts.setup.token}
        made = server.ask("POST", "/setup", data=form)
        chats = server.ask("GET", "/api/conversations", cookie=session_of(made))
        assert "From before" in chats.text


def test_an_invitation_lets_one_person_in(server: PeopleServer) -> None:
    page = server.ask(
        "POST", "/admin/invitations", who=server.people_of["admin"], data={"role": "labeller"}
    )
    link = secret_of(page)
    assert link.startswith(f"{ORIGIN}/invitation/")
    path = link.removeprefix(ORIGIN)
    assert "been invited" in server.ask("GET", path).text
    token = path.rpartition("/")[2]
    form = {"login": "bob", "name": "Bob", "password": PASSWORD, "token": token}
    taken = server.ask("POST", path, data={**form, "login": "THE-user"})
    assert taken.status_code == 400 and "is already taken" in taken.text
    entered = server.ask("POST", path, data=form)
    assert entered.headers["location"] == "/"
    assert "Bob" in server.ask("GET", "/account", cookie=session_of(entered)).text
    assert server.ask("GET", path).status_code == 404
    assert server.ask("POST", path, data={**form, "login": "eve"}).status_code == 404
    assert link not in server.ask("GET", "/admin", who=server.people_of["admin"]).text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN, "sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_act_for_a_person(
    server: PeopleServer, headers: dict[str, str]
) -> None:
    cookie = server.cookie(server.people_of["owner"])
    for path in ("/account/erase-chats", "/api/conversations", "/v1/chat/completions", "/logout"):
        response = server.ask("POST", path, cookie=cookie, headers=headers)
        assert response.status_code == 403, path
        assert response.json()["error"]["code"] == "cross_site"
    assert server.database.sessions.find(cookie) is not None


def test_a_cookie_without_any_origin_is_not_meant(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["owner"])
    headers = {"cookie": f"other=1; {COOKIE}={cookie}"}
    response = server.client.post("/api/conversations", headers=headers, json={})
    assert response.json()["error"]["code"] == "cross_site"


def test_our_own_pages_and_programs_are_let_through(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    fetch = {"sec-fetch-site": "same-origin"}
    assert server.ask("POST", "/api/conversations", who=owner, headers=fetch, json={}).is_success
    _, key = server.database.api_keys.create(owner.id, name="laptop")
    body = {"input": "tides"}
    assert server.call("POST", "/v1/moderations", key, json=body).is_success


def test_no_secret_reaches_a_log(server: PeopleServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cookie = session_of(log_in(server, "the-owner"))
    page = server.ask("POST", "/account/keys", cookie=cookie, data={"name": "laptop"})
    key = secret_of(page)
    link = secret_of(server.ask("POST", "/admin/invitations", cookie=cookie, data={}))
    log_in(server, "the-user", "a wrong password")
    server.call("GET", "/v1/models", key)
    server.call("GET", "/v1/models", key + "x")
    text = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    for secret in (cookie, key, link.rpartition("/")[2], PASSWORD, "a wrong password"):
        assert secret not in text


def test_statements_are_logged_without_what_people_say(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="sqlalchemy.engine")
    database = TemporaryDatabase()
    database.accounts.create("private-login", name="", role="user", password_hash="private-hash")
    database.close()
    assert "INSERT INTO accounts" in caplog.text
    assert "private" not in caplog.text
