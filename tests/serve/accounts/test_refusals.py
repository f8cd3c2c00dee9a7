"""What people are told who are not let in, and that it is true."""

import re

import pytest

from databases import Clock
from people_server import PASSWORD, PeopleServer, secret_of

TRY_AGAIN = r"Try again in (\d+) seconds\."


def log_in(server: PeopleServer, login: str, password: str = PASSWORD):
    return server.ask("POST", "/login", data={"login": login, "password": password})


def test_a_disabled_account_is_told_so_with_its_right_password_only(server: PeopleServer) -> None:
    disabled = server.account("disabled")
    server.database.accounts.change(disabled.id, disabled_at=1.0)
    told, wrong = log_in(server, "disabled"), log_in(server, "disabled", "wrong")
    assert told.status_code == wrong.status_code == 401
    assert "This account has been disabled." in told.text and "set-cookie" not in told.headers
    assert "Incorrect username or password." in wrong.text and "disabled." not in wrong.text
    failures = [entry.target for entry in server.database.audit.newest()]
    assert failures == ["disabled", "disabled"], "the log has both"


def test_the_seconds_that_are_told_pass_and_the_door_opens(
    server: PeopleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("time.time", clock)
    for _ in range(5):
        log_in(server, "the-user", "wrong")
        clock.now += 5.2
    shut = log_in(server, "the-user")
    assert shut.headers["retry-after"] == "34"
    (seconds,) = re.findall(TRY_AGAIN, shut.text)
    assert seconds == "34", "60 seconds after the first, of which 26 have passed"
    clock.now += 33
    assert log_in(server, "the-user").status_code == 429
    clock.now += 1
    assert log_in(server, "the-user").status_code == 303


@pytest.mark.parametrize("taken", ["the-owner", "THE-OWNER"])
def test_a_username_that_exists_already_is_told_as_such(server: PeopleServer, taken: str) -> None:
    owner, user = server.people_of["owner"], server.people_of["user"]
    link = secret_of(server.ask("POST", "/admin/invitations", who=owner, data={"role": "user"}))
    token = link.rpartition("/")[2]
    form = {"login": taken, "name": "Bob", "password": PASSWORD, "token": token}
    for refused in (
        server.ask("POST", f"/invitation/{token}", data=form),
        server.ask("POST", "/account/profile", who=user, data={"login": taken, "name": "Bob"}),
    ):
        assert refused.status_code == 400
        told = "the username &#39;the-owner&#39; is already taken; choose another."
        assert told in refused.text.lower()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Name is required."),
        ({"name": "a" * 101}, "Name must have at most 100 characters."),
        ({"name": "a", "days": "0"}, "Expiry in days must be at least 1."),
        ({"name": "a", "days": "9999"}, "Expiry in days must be at most 3,650."),
        ({"name": "a", "daily_tokens": "x"}, "Tokens per day must be a whole number."),
        ({"name": "a", "colour": "{red}"}, "Colour is not a field of this form."),
        ({"days": "x"}, "Name is required. Expiry in days must be a whole number."),
    ],
)
def test_a_form_says_which_field_is_wrong_and_why(
    server: PeopleServer, form: dict[str, str], told: str
) -> None:
    refused = server.ask("POST", "/account/keys", who=server.people_of["user"], data=form)
    assert refused.status_code == 400 and told in refused.text
