"""The page of people: who may change whom, and what the change does."""

import re

import pytest

from people_server import PASSWORD, PeopleServer, secret_of, session_of


def change(server: PeopleServer, who: str, target: str, action: str, **form: object):
    account = server.people_of[target]
    return server.ask(
        "POST", f"/admin/people/{account.id}/{action}", who=server.people_of[who], data=form
    )


def test_admins_reach_below_themselves_and_owners_everywhere(server: PeopleServer) -> None:
    for action, form in (
        ("role", {"role": "user"}),
        ("disable", {}),
        ("password", {}),
        ("delete", {}),
        ("limits", {"daily_tokens": "5"}),
        ("change", {"role": "user", "daily_tokens": "5"}),
    ):
        refused = change(server, "admin", "owner", action, **form)
        assert refused.status_code == 400, action
        assert "Only an owner" in refused.text
    second = server.account("second-admin", "admin")
    server.people_of["second"] = second
    assert change(server, "admin", "second", "disable").status_code == 400
    assert change(server, "owner", "second", "role", role="user").status_code == 303
    assert server.database.accounts.get(second.id).role == "user"


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_an_admin_appoints_and_invites_nobody_to_their_own_height(
    server: PeopleServer, role: str
) -> None:
    assert change(server, "admin", "user", "role", role=role).status_code == 400
    invited = server.ask(
        "POST", "/admin/invitations", who=server.people_of["admin"], data={"role": role}
    )
    assert invited.status_code == 400
    assert server.database.invitations.list() == []
    assert change(server, "owner", "user", "role", role=role).status_code == 303
    unknown = change(server, "owner", "user", "role", role="god")
    assert unknown.status_code == 400


def test_nobody_changes_themselves_here(server: PeopleServer) -> None:
    for action in ("disable", "delete", "password"):
        refused = change(server, "owner", "owner", action)
        assert refused.status_code == 400 and "This is your own account" in refused.text


def test_disabling_logs_out_and_enabling_lets_in(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["user"])
    assert change(server, "admin", "user", "disable").status_code == 303
    assert server.database.sessions.find(cookie) is None
    form = {"login": "the-user", "password": PASSWORD}
    assert server.ask("POST", "/login", data=form).status_code == 401
    change(server, "admin", "user", "enable")
    assert server.ask("POST", "/login", data=form).status_code == 303


def test_a_lost_password_is_replaced_and_shown_once(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["user"])
    password = secret_of(change(server, "admin", "user", "password"))
    assert server.database.sessions.find(cookie) is None
    form = {"login": "the-user", "password": password}
    assert server.ask("POST", "/login", data=form).status_code == 303
    assert password not in server.ask("GET", "/admin", who=server.people_of["admin"]).text


def test_a_person_is_erased(server: PeopleServer) -> None:
    user = server.people_of["user"]
    server.database.conversations.create(user.id)
    assert change(server, "admin", "user", "delete").status_code == 303
    assert user.id not in {account.id for account in server.database.accounts.list()}


def test_an_invitation_is_taken_back(server: PeopleServer) -> None:
    admin = server.people_of["admin"]
    link = secret_of(server.ask("POST", "/admin/invitations", who=admin, data={"note": "Bob"}))
    (invitation,) = server.database.invitations.list()
    assert "Bob" in server.ask("GET", "/admin", who=admin).text
    server.ask("POST", f"/admin/invitations/{invitation.id}/delete", who=admin)
    assert server.ask("GET", link).status_code == 404


def test_what_was_done_is_in_the_audit_log(server: PeopleServer) -> None:
    change(server, "owner", "user", "role", role="labeller")
    change(server, "owner", "user", "limits", requests_per_minute="5")
    actions = [(entry.who, entry.action, entry.target) for entry in server.database.audit.newest(2)]
    assert actions == [
        ("the-owner", "limits.changed", "the-user"),
        ("the-owner", "role.changed", "the-user"),
    ]
    page = server.ask("GET", "/admin", who=server.people_of["owner"]).text
    assert "Changed the role of the-user from user to labeller" in page
    assert "Changed the limits of the-user: 5 requests per minute" in page
    assert "role.changed" not in page


def test_settings_are_the_owners_and_hold_at_once(server: PeopleServer) -> None:
    user = server.people_of["user"]
    form = {"requests_per_minute": "2", "concurrent_streams": ""}
    changed = server.ask("POST", "/admin/settings", who=server.people_of["owner"], data=form)
    assert changed.headers["location"] == "/admin?done=settings#settings"
    settings = server.database.settings.get()
    assert (settings.requests_per_minute, settings.concurrent_streams) == (2, None)
    assert settings.allows_training is False
    _, key = server.database.api_keys.create(user.id, name="laptop")
    body = {"model": "tiny", "messages": [{"role": "user", "content": "tides"}]}
    codes = [
        server.call("POST", "/v1/chat/completions", key, json=body).status_code for _ in range(3)
    ]
    assert codes == [200, 200, 429]


def test_new_people_start_with_the_consent_that_the_owner_set(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    server.ask("POST", "/admin/settings", who=owner, data={})
    link = secret_of(server.ask("POST", "/admin/invitations", who=owner, data={}))
    token = link.rpartition("/")[2]
    form = {"login": "bob", "password": PASSWORD, "token": token}
    entered = server.ask("POST", f"/invitation/{token}", data=form)
    page = server.ask("GET", "/account", cookie=session_of(entered))
    assert "Currently not allowed." in page.text


def test_an_admin_does_not_lift_their_own_limits(server: PeopleServer) -> None:
    refused = change(server, "admin", "admin", "limits", daily_tokens="0")
    assert refused.status_code == 400 and "Only an owner" in refused.text
    assert change(server, "owner", "owner", "limits", daily_tokens="0").status_code == 303


@pytest.mark.parametrize("action", ["disable", "delete", "role"])
def test_who_is_put_out_leaves_no_open_door(server: PeopleServer, action: str) -> None:
    admin = server.people_of["admin"]
    _, token = server.database.invitations.create(admin.id, "user")
    form = {"role": "user"} if action == "role" else {}
    assert change(server, "owner", "admin", action, **form).status_code == 303
    assert server.ask("GET", f"/invitation/{token}").status_code == 404


def test_an_admin_leaves_the_invitations_of_owners_alone(server: PeopleServer) -> None:
    made, _ = server.database.invitations.create(server.people_of["owner"].id, "admin")
    path = f"/admin/invitations/{made.id}/delete"
    assert server.ask("POST", path, who=server.people_of["admin"]).status_code == 400
    assert server.ask("POST", path, who=server.people_of["owner"]).status_code == 303


def test_the_page_asks_for_no_limit_that_its_form_refuses(server: PeopleServer) -> None:
    """0 is "no limit" for a person; the defaults say it by an empty field."""
    owner = server.people_of["owner"]
    html = server.ask("GET", "/admin", who=owner).text
    forms = re.findall(
        r'<form [^>]*action="([^"]+/change|/admin/settings)"[^>]*>(.*?)</form>', html, re.S
    )
    assert len(forms) > 1
    for action, form in forms:
        (least,) = set(re.findall(r'type="number" min="(\d)"', form))
        role = {"role": "user"} if action.endswith("/change") else {}
        lower = {**role, "daily_tokens": int(least) - 1}
        assert server.ask("POST", action, who=owner, data=lower).status_code == 400, action
        taken = server.ask("POST", action, who=owner, data={**role, "daily_tokens": least})
        assert taken.status_code == 303, action


def test_a_screen_reader_hears_which_invitation_a_button_revokes(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    server.database.invitations.create(owner.id, "user", "Carol")
    server.database.invitations.create(owner.id, "user", "")
    html = server.ask("GET", "/admin", who=owner).text
    heard = [re.sub(r"<[^>]+>", "", each) for each in re.findall(r">(Revoke<.*?)</button>", html)]
    assert [each.partition(", created ")[0] for each in heard] == [
        "Revoke the invitation",
        "Revoke the invitation “Carol”",
    ]
