"""Lost passwords: a link by e-mail, which tells strangers nothing and opens once."""

from collections.abc import Iterator
from html import unescape

import pytest

from people_server import PASSWORD, ROLES, PeopleServer, people_server
from smtp_server import PUBLIC, SmtpServer, smtp_server

NEW = "staple of another horse"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def server(smtp: SmtpServer) -> Iterator[PeopleServer]:
    """A server whose user has an e-mail address."""
    with people_server(roles=ROLES, mail=smtp.settings()) as made:
        made.database.accounts.change(made.people_of["user"].id, email="user@example.org")
        yield made


def ask(server: PeopleServer, login: str, **headers: str):
    return server.ask("POST", "/password", data={"login": login}, headers=headers)


def link(server: PeopleServer, smtp: SmtpServer, login: str = "the-user") -> str:
    """The path of the link that is sent."""
    assert ask(server, login).headers["location"] == "/password?done=sent"
    found = smtp.taken().link
    assert found.startswith(f"{PUBLIC}/password/")
    return found.removeprefix(PUBLIC)


def use(server: PeopleServer, path: str, password: str = NEW):
    form = {"password": password, "token": path.rpartition("/")[2]}
    return server.ask("POST", path, data=form)


def may_log_in(server: PeopleServer, password: str) -> bool:
    form = {"login": "the-user", "password": password}
    return server.ask("POST", "/login", data=form).status_code == 303


def log(server: PeopleServer) -> str:
    return unescape(server.ask("GET", "/admin", who=server.people_of["owner"]).text)


@pytest.mark.parametrize("name", ["the-user", " The-User ", "USER@example.org"])
def test_a_link_sets_a_new_password_and_ends_all_sessions(
    server: PeopleServer, smtp: SmtpServer, name: str
) -> None:
    cookie = server.cookie(server.people_of["user"])
    assert 'href="/password">Forgot your password?' in server.ask("GET", "/login").text
    assert "Username or e-mail address" in server.ask("GET", "/password").text
    path = link(server, smtp, name)
    for _ in range(2):  # a program that looks at links in mail uses nothing up
        page = server.ask("GET", path)
        assert page.status_code == 200 and "Choose a new password" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert server.ask("GET", "/", cookie=cookie).status_code == 200
    assert use(server, path).headers["location"] == "/login?done=reset"
    assert "Password changed. Log in with" in server.ask("GET", "/login?done=reset").text
    assert server.ask("GET", "/", cookie=cookie).status_code == 303
    assert may_log_in(server, NEW) and not may_log_in(server, PASSWORD)
    shown = log(server)
    assert "Asked to reset the password of the-user from testclient" in shown
    assert "Reset their password by e-mail" in shown


def test_the_letter_is_plain_and_names_the_server_and_the_account(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    ask(server, "the-user")
    letter = smtp.taken()
    assert letter.recipients == ["user@example.org"]
    assert letter.message["subject"] == "Reset your password for fledge"
    assert letter.message.get_content_type() == "text/plain"
    assert "account “the-user” on fledge" in letter.text and "one hour" in letter.text


@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "the-admin", "a\r\nBcc: b@c.de"])
def test_strangers_learn_nothing_and_get_nothing(
    server: PeopleServer, smtp: SmtpServer, name: str
) -> None:
    known, unknown = ask(server, "the-user"), ask(server, name)
    smtp.taken()
    server.parts.post.wait()
    assert smtp.letters.empty()
    assert (known.status_code, known.headers["location"], known.text) == (
        unknown.status_code,
        unknown.headers["location"],
        unknown.text,
    )
    drop = ("date", "x-request-id")
    assert [each for each in known.headers.items() if each[0] not in drop] == [
        each for each in unknown.headers.items() if each[0] not in drop
    ]


def test_the_answer_waits_neither_for_the_account_nor_for_the_mail(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    smtp.replies["connect"] = ""
    assert ask(server, "the-user").status_code == 303
    smtp.released.set()
    server.parts.post.wait()


def test_a_failure_is_told_to_the_owner_only(server: PeopleServer, smtp: SmtpServer) -> None:
    smtp.replies["rcpt"] = "550 no such user"
    assert ask(server, "the-user").headers["location"] == "/password?done=sent"
    server.parts.post.wait()
    assert "550" not in server.ask("GET", "/password?done=sent").text
    assert (
        "Failed to reset the password of the-user: the e-mail was not sent: 127.0.0.1:"
        f"{smtp.port} refused the recipient (550 no such user); check the address"
    ) in log(server)


@pytest.mark.parametrize("header", ["host", "x-forwarded-host"])
def test_the_link_never_has_the_host_of_the_request(
    server: PeopleServer, smtp: SmtpServer, header: str
) -> None:
    reply = ask(server, "the-user", **{header: "evil.example", "sec-fetch-site": "same-origin"})
    if header == "host":
        assert reply.status_code == 400
        ask(server, "the-user")
    letter = smtp.taken()
    assert letter.link.startswith(f"{PUBLIC}/password/") and "evil" not in letter.text


def test_a_link_works_once(server: PeopleServer, smtp: SmtpServer) -> None:
    path = link(server, smtp)
    assert use(server, path, "short").status_code == 400
    assert use(server, path).status_code == 303
    again = use(server, path, "an attacker's password")
    assert again.status_code == 404 and "used or replaced, or has expired" in again.text
    assert server.ask("GET", path).status_code == 404
    assert may_log_in(server, NEW)


def test_a_link_expires_after_an_hour(server: PeopleServer, smtp: SmtpServer) -> None:
    path = link(server, smtp)
    server.clock.now += 3_601
    assert server.ask("GET", path).status_code == 404
    assert use(server, path).status_code == 404
    assert may_log_in(server, PASSWORD)


def test_a_newer_link_voids_the_older(server: PeopleServer, smtp: SmtpServer) -> None:
    older, newer = link(server, smtp), link(server, smtp)
    assert use(server, older).status_code == 404
    assert use(server, newer).status_code == 303


def test_a_link_opens_only_itself(server: PeopleServer, smtp: SmtpServer) -> None:
    path = link(server, smtp)
    form = {"password": NEW, "token": "other"}
    assert server.ask("POST", path, data=form).status_code == 404
    form["token"] = path.rpartition("/")[2]
    assert server.ask("POST", "/password/other", data=form).status_code == 404
    assert may_log_in(server, PASSWORD)


def test_the_token_is_stored_as_a_hash_only(server: PeopleServer, smtp: SmtpServer) -> None:
    token = link(server, smtp).rpartition("/")[2]
    with server.database.transactions.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM password_resets").all()
    assert len(rows) == 1 and token not in str(rows)


def test_a_disabled_account_gets_nothing_and_its_link_closes(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    path, user = link(server, smtp), server.people_of["user"]
    disable = f"/admin/people/{user.id}/disable"
    assert server.ask("POST", disable, who=server.people_of["owner"]).status_code == 303
    assert use(server, path).status_code == 404
    assert ask(server, "the-user").headers["location"] == "/password?done=sent"
    server.parts.post.wait()
    assert smtp.letters.empty()


def test_asking_is_limited_alike_for_those_who_exist_and_those_who_do_not(
    server: PeopleServer,
) -> None:
    for name in ("the-user", "nobody"):
        server.parts.reset_limits.__init__()
        statuses = [ask(server, name).status_code for _ in range(6)]
        assert statuses == [303] * 5 + [429], name
        refusal = ask(server, name)
        assert int(refusal.headers["retry-after"]) > 0
        assert "Too many requests for a new password. Try again in" in refusal.text
    assert ask(server, "somebody-else").status_code == 429  # from the same address


def test_an_account_gets_ten_letters_an_hour_wherever_they_are_asked_for(
    server: PeopleServer, smtp: SmtpServer
) -> None:
    may_send = server.parts.reset_limits.may_send
    user = server.people_of["user"].id
    assert [may_send(user) for _ in range(11)] == [True] * 10 + [False]
    assert ask(server, "the-user").headers["location"] == "/password?done=sent"
    server.parts.post.wait()
    assert smtp.letters.empty()
