"""Login through an OpenID Connect provider: there, back, and all that can go wrong."""

import re

import pytest

from fledge.errors import ConfigError
from fledge.serve.accounts.activity import newest
from fledge.serve.accounts.oidc import FLOW_COOKIE
from fledge.serve.people.identity import COOKIE
from oidc_provider import (
    Browser,
    FakeProvider,
    log_in,
    logged_in,
    people,
    problem_of,
    serving,
    settings,
)
from people_server import PASSWORD, ROLES, PeopleServer, people_server


def test_the_first_login_makes_an_account_and_the_second_opens_it(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    back = log_in(browser, fake, "/usage?days=7")
    assert (back.status_code, back.headers["location"]) == (303, "/usage?days=7")
    (ada,) = (each for each in server.database.accounts.list() if each.login == "ada")
    assert (ada.name, ada.role) == ("Ada Lovelace", "user")
    page = browser.get("/account").text
    assert "Owl ID" in page and "ada@example.org" in page and 'name="current"' not in page
    assert newest(server.database, 1)[0].sentence == "Created their account with Owl ID"
    before = people(server)
    again = Browser(server)
    assert log_in(again, fake).status_code == 303
    assert again.get("/account").status_code == 200 and people(server) == before


def test_a_session_of_before_ends_and_the_flow_is_forgotten(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    begun = browser.get("/login/oidc")
    (line,) = begun.headers.get_list("set-cookie")
    assert line.startswith(f"{FLOW_COOKIE}=")
    for part in ("HttpOnly", "Max-Age=600", "Path=/login/oidc", "SameSite=lax"):
        assert part in line
    planted = server.cookie(server.people_of["user"])
    browser.cookies[COOKIE] = planted
    browser.get(fake.log_in(begun.headers["location"]))
    assert FLOW_COOKIE not in browser.cookies and browser.cookies[COOKIE] != planted
    assert server.database.sessions.find(planted) is None


def test_the_flow_is_encrypted_where_the_page_is(server: PeopleServer, browser: Browser) -> None:
    server.client.base_url = "https://localhost:8000"
    begun = browser.get("/login/oidc")
    assert "Secure" in begun.headers["set-cookie"]
    assert "redirect_uri=https%3A" in begun.headers["location"]


def test_usernames_are_made_free_and_plain(server: PeopleServer, fake: FakeProvider) -> None:
    wanted = [
        ({"preferred_username": "the-user"}, "the-user-2"),
        ({"preferred_username": "the-user"}, "the-user-3"),
        ({"preferred_username": None}, "ada"),
        ({"preferred_username": "Bob@Corp.example"}, "bob"),
        ({"preferred_username": None, "email": None, "name": "Grace  Hopper"}, "grace-hopper"),
        ({"preferred_username": None, "email": None, "name": None}, "user"),
        ({"preferred_username": "a\nb\u202ec" + "d" * 99}, "abc" + "d" * 47),
    ]
    for number, (claims, login) in enumerate(wanted):
        fake.claims = {"sub": f"person {number}", **claims}
        fake.userinfo = {"sub": f"person {number}"}
        assert log_in(Browser(server), fake).status_code == 303
        account = server.database.identities.account(
            "https://login.example.org", f"person {number}"
        )
        assert account is not None and account.login == login


def test_a_foreign_a_missing_or_a_used_state_opens_nothing(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    mine = fake.log_in(browser.get("/login/oidc").headers["location"])
    assert "another browser" in problem_of(Browser(server).get(mine))  # led here by an attacker
    other = Browser(server)
    other.get("/login/oidc")
    assert other.get(mine).status_code == 401
    assert browser.get(mine).status_code == 303
    again = browser.get(mine)
    assert again.status_code == 401 and "another browser" in problem_of(again)
    for path in ("", "?code=a", "?state=&code=", "?state=%C3%A9&code=a"):
        assert Browser(server).get(f"/login/oidc/callback{path}").status_code == 401
    broken = Browser(server)
    broken.cookies[FLOW_COOKIE] = "zz"
    assert broken.get(mine).status_code == 401


def test_a_code_that_was_used_opens_nothing(fake: FakeProvider, browser: Browser) -> None:
    back = fake.log_in(browser.get("/login/oidc").headers["location"])
    fake.codes.clear()
    assert browser.get(back).status_code == 502 and COOKIE not in browser.cookies


def test_the_answer_of_another_provider_is_refused(fake: FakeProvider, browser: Browser) -> None:
    back = fake.log_in(browser.get("/login/oidc").headers["location"])
    answer = browser.get(re.sub("iss=[^&]*", "iss=https://evil.example", back))
    assert answer.status_code == 401 and "/token" not in fake.asked


@pytest.mark.parametrize(
    ("error", "told"),
    [("access_denied", "you cancelled"), ("<b>server_error", "refused the login (&lt;b&gt;ser")],
)
def test_an_error_of_the_provider_is_told(
    fake: FakeProvider, browser: Browser, error: str, told: str
) -> None:
    back = fake.log_in(browser.get("/login/oidc").headers["location"])
    answer = browser.get(re.sub("code=[^&]*", f"error={error}", back))
    assert answer.status_code == 401 and told in problem_of(answer)


def test_a_provider_that_is_down_leaves_the_password(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    fake.is_down = True
    begun = browser.get("/login/oidc?next=/usage")
    assert begun.status_code == 502 and "cannot be reached" in problem_of(begun)
    form = {"login": "the-owner", "password": PASSWORD, "next": "/usage"}
    assert browser.send("POST", "/login", **form).headers["location"] == "/usage"
    fake.is_down = False
    other = Browser(server)
    back = fake.log_in(other.get("/login/oidc").headers["location"])
    fake.is_down = True
    assert other.get(back).status_code == 502


@pytest.mark.parametrize(
    ("discovery", "told"),
    [
        ({"issuer": "https://login.example.org/"}, "another issuer"),
        ({"token_endpoint": "http://login.example.org/token"}, "without https"),
        ({"jwks_uri": None}, "incomplete"),
    ],
)
def test_a_wrong_discovery_document_is_refused(
    fake: FakeProvider, browser: Browser, discovery: dict[str, object], told: str
) -> None:
    fake.discovery = discovery
    begun = browser.get("/login/oidc")
    assert begun.status_code == 502 and told in problem_of(begun)


def test_a_secret_may_go_in_the_form(fake: FakeProvider, browser: Browser) -> None:
    fake.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert log_in(browser, fake).status_code == 303


def test_failed_logins_are_limited_by_address(server: PeopleServer) -> None:
    statuses = [Browser(server).get("/login/oidc/callback").status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    shut = Browser(server).get("/login/oidc")
    assert shut.status_code == 429 and shut.headers["retry-after"]


def test_pages_show_the_provider_only_where_there_is_one(
    server: PeopleServer, browser: Browser
) -> None:
    assert "Continue with Owl ID" in browser.get("/login").text
    assert "Link Owl ID" in logged_in(server, "user").get("/account").text
    assert (
        logged_in(server, "user").get("/login/oidc?next=//evil.example").headers["location"] == "/"
    )
    with people_server(roles=ROLES) as plain:
        assert "/login/oidc" not in Browser(plain).get("/login").text
        assert "Linked logins" not in logged_in(plain, "user").get("/account").text
        assert Browser(plain).get("/login/oidc").status_code == 404


def test_login_works_below_a_prefix() -> None:
    with serving("/fledge", creates_accounts=True) as served:
        server, fake = served.server, served.fake
        browser = Browser(server)
        begun = browser.get("/fledge/login/oidc?next=/usage")
        assert "Path=/fledge/login/oidc" in begun.headers["set-cookie"]
        back = fake.log_in(begun.headers["location"])
        assert back.startswith("/fledge/login/oidc/callback?")
        assert browser.get(back).headers["location"] == "/fledge/usage"


def test_an_issuer_must_be_private() -> None:
    for issuer in ("http://login.example.org", "login.example.org", "https://", "ftp://a"):
        with pytest.raises(ConfigError, match="https://"):
            settings(issuer=issuer)
    assert settings(issuer="http://localhost:9000").issuer
    assert "s3cret" not in repr(settings())
