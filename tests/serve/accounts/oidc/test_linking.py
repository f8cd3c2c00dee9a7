"""Accounts and logins at a provider: who is let in, and how the two are linked."""

import re

import httpx
import pytest

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
)
from people_server import PASSWORD, PeopleServer


def test_nobody_is_let_in_without_a_linked_account() -> None:
    with serving() as served:
        server, fake = served.server, served.fake
        before = people(server)
        back = log_in(Browser(server), fake)
        assert back.status_code == 401 and "link Owl ID on the account page" in problem_of(back)
        assert people(server) == before


DOMAINS = {
    "another domain": ({"email": "ada@evil.example"}, 401),
    "a longer domain": ({"email": "ada@evil-example.org"}, 401),
    "a domain in the name": ({"email": "ada@example.org@evil.example"}, 401),
    "not verified": ({"email_verified": False}, 401),
    "verified by nobody": ({"email_verified": None}, 401),
    "no address": ({"email": None, "email_verified": True}, 401),
    "allowed": ({"email": "ada@EXAMPLE.org"}, 303),
    "verified in words": ({"email_verified": "true"}, 303),
}


@pytest.mark.parametrize(("claims", "status"), DOMAINS.values(), ids=DOMAINS)
def test_only_verified_addresses_of_allowed_domains_log_in(
    claims: dict[str, object], status: int
) -> None:
    with serving(creates_accounts=True, allowed_domains=("example.org",)) as served:
        server, fake = served.server, served.fake
        fake.claims = claims
        fake.userinfo = {"sub": fake.person["sub"]}
        back = log_in(Browser(server), fake)
        assert back.status_code == status
        if status == 401:
            assert "e-mail addresses of example.org" in problem_of(back)


def test_the_address_may_come_from_the_userinfo_of_the_same_person() -> None:
    with serving(creates_accounts=True, allowed_domains=("example.org",)) as served:
        server, fake = served.server, served.fake
        fake.claims = {"email": None, "email_verified": None}
        fake.userinfo = {"sub": "another", "email": "ada@example.org", "email_verified": True}
        assert log_in(Browser(server), fake).status_code == 502
        fake.userinfo["sub"] = fake.person["sub"]
        assert log_in(Browser(server), fake).status_code == 303


def test_a_disabled_account_stays_shut(server: PeopleServer, fake: FakeProvider) -> None:
    log_in(Browser(server), fake)
    ada = server.database.identities.account("https://login.example.org", fake.person["sub"])
    assert ada is not None
    server.database.accounts.change(ada.id, disabled_at=server.clock())
    back = log_in(Browser(server), fake)
    assert back.status_code == 401 and "disabled" in problem_of(back)


def begin_link(browser: Browser, password: str = PASSWORD) -> httpx.Response:
    return browser.send("POST", "/account/identities/link", password=password)


def page_to(response: httpx.Response) -> str:
    """The provider's page that a page of ours links to."""
    found = re.search(r'href="(https://login[^"]+)"', response.text)
    assert found is not None, response.text
    return found[1].replace("&amp;", "&")


def test_a_person_links_uses_and_unlinks_a_login(server: PeopleServer, fake: FakeProvider) -> None:
    browser, labeller = logged_in(server, "labeller"), server.people_of["labeller"]
    assert begin_link(browser, "wrong password").status_code == 400
    back = browser.get(fake.log_in(page_to(begin_link(browser))))
    assert back.headers["location"] == "/account?done=linked#identities"
    (linked,) = server.database.identities.list(labeller.id)
    assert linked.label == "ada@example.org"
    other = Browser(server)
    assert log_in(other, fake).headers["location"] == "/"
    assert "logged in as the-labeller" in other.get("/account").text
    export = server.ask("GET", "/account/export", who=labeller)
    assert b"identities.json" in export.content
    unlinked = browser.send("POST", f"/account/identities/{linked.id}/unlink")
    assert unlinked.headers["location"] == "/account?done=unlinked#identities"
    assert server.database.identities.list(labeller.id) == []
    said = [each.sentence for each in newest(server.database, 2)]
    assert said == ["Unlinked ada@example.org from their account", "Linked Owl ID to their account"]


def test_a_login_is_linked_to_one_account(server: PeopleServer, fake: FakeProvider) -> None:
    user = logged_in(server, "user")
    for _ in range(2):  # linking it again changes nothing
        assert user.get(fake.log_in(page_to(begin_link(user)))).status_code == 303
    other = logged_in(server, "labeller")
    back = other.get(fake.log_in(page_to(begin_link(other))))
    assert back.status_code == 401 and "linked to another account" in problem_of(back)
    assert 'href="/account"' in back.text
    assert server.database.identities.list(server.people_of["labeller"].id) == []


def test_a_planted_flow_links_nothing(server: PeopleServer, fake: FakeProvider) -> None:
    """An attacker's flow, with the attacker's login, in the browser of somebody else."""
    attacker, owner = logged_in(server, "user"), logged_in(server, "owner")
    back = fake.log_in(page_to(begin_link(attacker)))
    owner.cookies[FLOW_COOKIE] = attacker.cookies[FLOW_COOKIE]
    assert owner.get(back).status_code == 401
    assert server.database.identities.list(server.people_of["owner"].id) == []
    assert Browser(server).get("/account/identities/link").status_code == 405


def test_another_site_cannot_begin_to_link(server: PeopleServer) -> None:
    cookie = {"cookie": f"{COOKIE}={server.cookie(server.people_of['owner'])}"}
    headers = {**cookie, "origin": "https://evil.example"}
    answer = server.ask(
        "POST", "/account/identities/link", headers=headers, data={"password": PASSWORD}
    )
    assert answer.status_code == 403


def test_a_person_without_a_password_sets_one_soon_after_a_login(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    log_in(browser, fake)
    (linked,) = server.database.identities.list(
        next(each.id for each in server.database.accounts.list() if each.login == "ada")
    )
    unlink = f"/account/identities/{linked.id}/unlink"
    refused = browser.send("POST", unlink)
    assert refused.status_code == 400 and "set a password" in problem_of(refused).lower()
    server.clock.now += 601
    for path, form in (("password", {"new": PASSWORD}), ("erase-chats", {}), ("delete", {})):
        late = browser.send("POST", f"/account/{path}", **form)
        assert late.status_code == 400 and "log in again" in problem_of(late)
    browser = Browser(server)
    log_in(browser, fake)
    assert browser.send("POST", "/account/password", new=PASSWORD).status_code == 303
    assert browser.send("POST", unlink).status_code == 303
    form = {"login": "ada", "password": PASSWORD}
    assert Browser(server).send("POST", "/login", **form).status_code == 303


def test_a_person_without_a_password_erases_the_account(
    server: PeopleServer, fake: FakeProvider, browser: Browser
) -> None:
    log_in(browser, fake)
    assert browser.send("POST", "/account/delete").status_code == 303
    assert "ada" not in people(server)
    account = server.database.identities.account("https://login.example.org", fake.person["sub"])
    assert account is None


def test_a_password_is_needed_by_those_who_have_one(server: PeopleServer) -> None:
    browser = logged_in(server, "user")
    assert browser.send("POST", "/account/password", new="another password").status_code == 400
    assert browser.send("POST", "/account/delete").status_code == 400
