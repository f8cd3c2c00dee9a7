"""Invitations, test mails and addresses of accounts on a server that sends e-mail."""

import io
import json
import zipfile
from collections.abc import Iterator
from html import unescape

import pytest

from people_server import PASSWORD, ROLES, PeopleServer, people_server, secret_of
from smtp_server import PUBLIC, SENDER, SmtpServer, smtp_server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def server(smtp: SmtpServer) -> Iterator[PeopleServer]:
    with people_server(roles=ROLES, mail=smtp.settings()) as made:
        yield made


def post(server: PeopleServer, path: str, who: str = "owner", **form: str):
    return server.ask("POST", path, who=server.people_of[who], data=form)


def activities(server: PeopleServer) -> str:
    return unescape(server.ask("GET", "/admin", who=server.people_of["owner"]).text)


def test_an_invitation_is_sent_and_its_address_becomes_the_accounts(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    server.parts.settings.change({"server_name": "Übersee & Co"})
    reply = post(server, "/admin/invitations", "admin", role="user", email="Bob@Example.org")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin?done=sent#invitations")
    letter = smtp.taken()
    assert (letter.sender, letter.recipients) == (SENDER, ["bob@example.org"])
    message = letter.message
    assert message["subject"] == "You're invited to Übersee & Co"
    assert message["from"] == f"Übersee & Co <{SENDER}>" and message["to"] == "bob@example.org"
    assert message["auto-submitted"] == "auto-generated" and message["date"] is not None
    assert message["message-id"].endswith("@example.org>")
    assert message.get_content_type() == "text/plain" and letter.content.isascii()
    assert "The-Admin has invited you to Übersee & Co." in letter.text
    path = letter.link.removeprefix(PUBLIC)
    assert path.startswith("/invitation/")
    account = {"login": "bob", "password": PASSWORD, "token": path.rpartition("/")[2]}
    assert server.ask("POST", path, data=account).status_code == 303
    bob = server.database.accounts.reached_by("bob@example.org")
    assert bob is not None and bob.login == "bob"
    assert "bob@example.org" in server.ask("GET", "/account", who=bob).text


def test_an_invitation_that_does_not_leave_shows_its_link_and_the_reason(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    smtp.replies["rcpt"] = "550 no such user"
    page = post(server, "/admin/invitations", email="bob@example.org")
    assert page.status_code == 200
    problem = f"127.0.0.1:{smtp.port} refused the recipient (550 no such user); check the address"
    assert problem in page.text
    assert secret_of(page).startswith(f"{PUBLIC}/invitation/")
    assert "Revoke" in page.text


def test_an_invitation_without_an_address_is_a_link_as_ever(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    page = post(server, "/admin/invitations", note="Bob")
    assert secret_of(page).startswith(f"{PUBLIC}/invitation/")
    assert smtp.letters.empty()


def test_an_address_that_an_account_has_is_not_invited(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    server.database.accounts.change(server.people_of["user"].id, email="bob@example.org")
    page = post(server, "/admin/invitations", email="BOB@example.org")
    assert (
        page.status_code >= 400 and "another account uses the e-mail address" in page.text.lower()
    )
    assert server.database.invitations.list() == [] and smtp.letters.empty()


@pytest.mark.parametrize(
    "address",
    [
        *("bob", "@example.org", "bob@", "bob@-a.org", "bob@a..org", ".bob@a.org", "b..b@a.org"),
        *("bob@example.org\r\nBcc: eve@example.org", "bob@example.org,eve@example.org"),
        *("bob@example.org\n", "<bob@example.org>", "Bob <bob@example.org>", "bob @example.org"),
        *(
            "b\u00f6b@example.org",
            "bob@exa\u0301mple.org",
            "bob\0@example.org",
            "a" * 65 + "@b.org",
        ),
        "a@" + ".".join(["b" * 60] * 5),
    ],
)
def test_an_address_with_anything_else_in_it_is_refused(
    server: PeopleServer, smtp: SmtpServer, address: str
) -> None:
    person = server.people_of["user"]
    for path, field in (
        ("/admin/invitations", "email"),
        ("/server/mail", "to"),
        (f"/admin/people/{person.id}/change", "email"),
        ("/account/email", "email"),
    ):
        if address.endswith("\n"):  # blanks around a value are dropped
            continue
        form = {field: address, "current": PASSWORD} if "account" in path else {field: address}
        if "people" in path:
            form["role"] = "user"
        page = post(server, path, **form)
        assert page.status_code == 400, path
        assert "enter an e-mail address such as ada@example.org" in page.text
    assert smtp.said == [] and server.database.invitations.list() == []
    assert server.database.accounts.get(person.id).email is None


def test_a_test_mail_reaches_the_owner_or_names_the_fault(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    page = server.ask("GET", "/server", who=server.people_of["owner"])
    assert f"sent from {SENDER} through 127.0.0.1:{smtp.port}" in page.text
    assert post(server, "/server/mail", "admin", to="a@example.org").status_code == 403
    reply = post(server, "/server/mail", to="ada@example.org")
    assert reply.headers["location"] == "/server?done=mail#mail"
    letter = smtp.taken()
    assert letter.message["subject"] == "Test e-mail from fledge"
    assert letter.recipients == ["ada@example.org"]
    assert "Sent a test e-mail" in activities(server)
    smtp.replies["mail"] = "451 <later>"
    page = post(server, "/server/mail", to="ada@example.org")
    assert page.status_code == 502 and "(451 &lt;later&gt;)" in page.text


def test_ones_own_address_needs_the_password_and_is_in_the_export(server: PeopleServer) -> None:
    ada = server.people_of["user"]
    form = {"email": "Ada@example.org", "current": "wrong password"}
    assert post(server, "/account/email", "user", **form).status_code == 400
    assert server.database.accounts.get(ada.id).email is None
    reply = post(server, "/account/email", "user", **{**form, "current": PASSWORD})
    assert reply.headers["location"] == "/account?done=email"
    assert 'value="ada@example.org"' in server.ask("GET", "/account", who=ada).text
    export = server.ask("GET", "/account/export", who=ada).content
    with zipfile.ZipFile(io.BytesIO(export)) as file:
        assert json.loads(file.read("account.json"))["email"] == "ada@example.org"
    other = post(server, "/account/email", "admin", email="ADA@example.org", current=PASSWORD)
    assert other.status_code >= 400 and "Another account uses" in other.text
    assert post(server, "/account/email", "user", current=PASSWORD).status_code == 303
    assert server.database.accounts.get(ada.id).email is None
    assert "Changed their own e-mail address" in activities(server)


def test_managers_set_the_address_of_those_below_them(server: PeopleServer) -> None:
    user, admin = server.people_of["user"], server.people_of["admin"]
    path = f"/admin/people/{user.id}/change"
    assert post(server, path, "admin", role="user", email="u@example.org").status_code == 303
    assert server.database.accounts.get(user.id).email == "u@example.org"
    assert "Changed the e-mail address of the-user" in activities(server)
    assert post(server, path, "admin", role="user").status_code == 303
    assert server.database.accounts.get(user.id).email is None
    own = f"/admin/people/{server.people_of['owner'].id}/change"
    assert post(server, own, "admin", role="owner", email="a@example.org").status_code == 400
    assert post(server, f"/admin/people/{admin.id}/change", "labeller").status_code == 403


def test_without_smtp_nothing_of_it_shows() -> None:
    with people_server(roles=ROLES) as server:
        owner, user = server.people_of["owner"], server.people_of["user"]
        server.database.accounts.change(user.id, email="user@example.org")
        for path, who in (
            ("/login", None),
            ("/account", user),
            ("/admin", owner),
            ("/server", owner),
        ):
            page = server.ask("GET", path, who=who).text.lower()
            assert "e-mail" not in page and "email" not in page, path
            assert "user@example.org" not in page and 'href="/password"' not in page
        for method, path, form in (
            ("GET", "/password", {}),
            ("POST", "/password", {"login": "the-user"}),
            ("GET", "/password/x", {}),
            ("POST", "/server/mail", {"to": "ada@example.org"}),
            ("POST", "/account/email", {"email": "a@example.org", "current": PASSWORD}),
            ("POST", "/admin/invitations", {"email": "a@example.org"}),
        ):
            page = server.ask(method, path, who=owner, data=form)
            assert page.status_code == 404 and "This server sends no e-mail." in page.text, path
        path = f"/admin/people/{user.id}/change"
        assert server.ask("POST", path, who=owner, data={"role": "user"}).status_code == 303
        assert server.database.accounts.get(user.id).email == "user@example.org"
