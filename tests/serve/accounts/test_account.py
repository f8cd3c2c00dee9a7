"""The account page: names, password, keys, sessions, consent, and one's data."""

import io
import json
import re
import zipfile

import pytest

from databases import answered
from fledge.database import Passage, UsageOfDay
from fledge.errors import DatabaseUnavailable
from people_server import PASSWORD, PeopleServer, people_server, secret_of, session_of

NEW = "another fine password"


def test_names_are_changed_and_checked(server: PeopleServer) -> None:
    user = server.people_of["user"]
    done = server.ask("POST", "/account/profile", who=user, data={"name": " Bo ", "login": "BO"})
    assert done.headers["location"] == "/account?done=profile"
    changed = server.database.accounts.get(user.id)
    assert (changed.name, changed.login) == ("Bo", "bo")
    (entry,) = server.database.audit.newest()
    assert (entry.who, entry.action, entry.detail) == ("bo", "login.changed", {"from": user.login})
    taken = {"name": "Bo", "login": "the-owner"}
    refused = server.ask("POST", "/account/profile", who=user, data=taken)
    assert refused.status_code == 400 and "is already taken" in refused.text
    empty = server.ask("POST", "/account/profile", who=user, data={"name": " ", "login": "bo"})
    assert empty.status_code == 400 and "Name is required." in empty.text


def test_a_new_password_logs_every_other_browser_out(server: PeopleServer) -> None:
    user = server.people_of["user"]
    here, there = server.cookie(user), server.cookie(user)
    wrong = {"current": "wrong", "new": NEW}
    refused = server.ask("POST", "/account/password", cookie=here, data=wrong)
    assert refused.status_code == 400 and "The password is incorrect" in refused.text
    right = {"current": PASSWORD, "new": NEW}
    changed = server.ask("POST", "/account/password", cookie=here, data=right)
    new = session_of(changed)
    assert server.ask("GET", "/account", cookie=new).status_code == 200
    for old in (here, there):
        assert server.ask("GET", "/account", cookie=old).status_code == 303
    form = {"login": "the-user", "password": NEW}
    assert server.ask("POST", "/login", data=form).status_code == 303


def test_a_key_is_shown_once_and_works_until_it_is_revoked(server: PeopleServer) -> None:
    user = server.people_of["user"]
    form = {"name": "laptop", "scopes": ["models", "chat"], "days": "30", "daily_tokens": "500"}
    page = server.ask("POST", "/account/keys", who=user, data=form)
    key = secret_of(page)
    assert server.call("GET", "/v1/models", key).status_code == 200
    later = server.ask("GET", "/account", who=user).text
    assert key not in later and "models, chat" in later and "500 tokens" in later
    (stored,) = server.database.api_keys.list(user.id)
    assert stored.last_used_at is not None
    server.ask("POST", f"/account/keys/{stored.id}/revoke", who=user)
    refused = server.call("GET", "/v1/models", key)
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"


def test_a_key_ends_on_its_day(server: PeopleServer) -> None:
    page = server.ask(
        "POST", "/account/keys", who=server.people_of["user"], data={"name": "a", "days": "1"}
    )
    key = secret_of(page)
    server.clock.now += 86_000
    assert server.call("GET", "/v1/models", key).status_code == 200
    server.clock.now += 500
    assert server.call("GET", "/v1/models", key).status_code == 401


CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "tides"}]}
CALLS = {
    "models": ("GET", "/v1/models", None),
    "chat": ("POST", "/v1/chat/completions", CHAT),
    "embeddings": ("POST", "/v1/embeddings", {"model": "tiny", "input": "tides"}),
    "moderations": ("POST", "/v1/moderations", {"input": "tides"}),
}


@pytest.mark.parametrize("scope", CALLS)
def test_a_key_opens_what_its_scopes_name(server: PeopleServer, scope: str) -> None:
    owner = server.people_of["owner"]
    _, key = server.database.api_keys.create(owner.id, name="narrow", scopes=[scope])
    for other, (method, path, body) in CALLS.items():
        response = server.call(method, path, key, json=body)
        if other == scope:
            assert response.status_code != 403, response.text
        else:
            assert response.status_code == 403
            assert response.json()["error"]["code"] == "scope_missing"


def test_no_key_and_a_wrong_key_are_told_apart_from_nothing(server: PeopleServer) -> None:
    for key in (None, "sk-fl-wrong", ""):
        refused = server.call("GET", "/v1/models", key)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "invalid_api_key"


def test_a_key_opens_no_page(server: PeopleServer) -> None:
    _, key = server.database.api_keys.create(server.people_of["owner"].id, name="laptop")
    for path in ("/api/conversations", "/api/exports/demonstrations.jsonl"):
        assert server.call("GET", path, key).status_code == 401


def test_sessions_are_ended_one_by_one_and_all_others(server: PeopleServer) -> None:
    user = server.people_of["user"]
    here, there, elsewhere = (server.cookie(user) for _ in range(3))
    other = server.database.sessions.find(there)
    assert other is not None
    server.ask("POST", f"/account/sessions/{other.id}/end", cookie=here)
    assert server.database.sessions.find(there) is None
    server.ask("POST", "/account/sessions/end-others", cookie=here)
    assert server.database.sessions.find(elsewhere) is None
    this = server.database.sessions.find(here)
    assert this is not None
    ended = server.ask("POST", f"/account/sessions/{this.id}/end", cookie=here)
    assert ended.headers["location"] == "/login"


def test_consent_is_shown_and_changed_and_holds_for_the_past(server: PeopleServer) -> None:
    user, database = server.people_of["user"], server.database
    chat = database.conversations.create(user.id)
    database.ratings.write(user.id, answered(database, user.id, chat.id), "Mine")
    assert len(list(database.training_data.demonstrations())) == 1
    assert "Currently allowed." in server.ask("GET", "/account", who=user).text
    server.ask("POST", "/account/training", who=user, data={})
    assert "Currently not allowed." in server.ask("GET", "/account", who=user).text
    assert list(database.training_data.demonstrations()) == []
    server.ask("POST", "/account/training", who=user, data={"allows_training": "yes"})
    assert len(list(database.training_data.demonstrations())) == 1


def test_the_export_has_everything_but_secrets(server: PeopleServer) -> None:
    user, database = server.people_of["user"], server.database
    chat = database.conversations.create(user.id, title="Tides")
    answer = answered(database, user.id, chat.id)
    database.ratings.rate(user.id, answer, 1, reasons=["clear"])
    key, text = database.api_keys.create(user.id, name="laptop")
    database.usage.add([UsageOfDay(user.id, "2025-06-15", "", "tiny", 1, 2, 3)])
    shop = database.assistants.create(user.id, name="Shop")
    database.knowledge.add(user.id, shop.id, "hours.md", [Passage("Hours", "From 9 to 18.")])
    database.api_keys.revoke(user.id, key.id)
    database.desk.ask(user.id, chat.id)
    deleted = database.conversations.create(user.id, title="Gone")
    answered(database, user.id, deleted.id, "Deleted, not purged.")
    database.conversations.delete(user.id, deleted.id)
    folder = database.folders.create(user.id, "Sea")
    database.conversations.change(user.id, chat.id, folder_id=folder.id)
    database.prompts.create(user.id, "Translate", "Say {{text}}")
    link, _ = database.shares.put(user.id, chat.id)
    database.audit.add(user.id, "training.refused", user.login)
    hers = database.conversations.create(server.people_of["owner"].id, title="Hers")
    sent = server.ask("GET", "/account/export", who=user)
    assert sent.headers["content-type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="fledge-\d{4}-\d\d-\d\d\.zip"', sent.headers["content-disposition"]
    )
    with zipfile.ZipFile(io.BytesIO(sent.content)) as file:
        files = {name: json.loads(file.read(name)) for name in file.namelist()}
    assert [turn["content"] for turn in files[f"chats/{chat.id}.json"]["messages"]] == [
        "Why tides?",
        "The moon.",
    ]
    assert files["opinions.json"]["ratings"][0]["reasons"] == ["clear"]
    assert files["usage.json"][0]["completion_tokens"] == 3
    assert files["prompts.json"][0]["content"] == "Say {{text}}"
    assert files["folders.json"][0]["name"] == "Sea"
    assert files[f"chats/{chat.id}.json"]["folder_id"] == folder.id
    assert files["shares.json"][0]["share"]["token"] == link.token
    assert files["shares.json"][0]["turns"][1]["content"] == "The moon."
    assert files["assistants.json"][0]["name"] == "Shop"
    known = files["assistants.json"][0]["documents"]
    assert known == {"hours.md": [{"heading": "Hours", "content": "From 9 to 18."}]}
    assert files[f"chats/{chat.id}.json"]["hand_over"]["status"] == "waiting"
    kept = files[f"deleted-chats/{deleted.id}.json"]["messages"]
    assert kept[1]["content"] == "Deleted, not purged."
    assert [entry["action"] for entry in files["audit.json"]] == ["training.refused"]
    assert files["api_keys.json"][0]["prefix"] == key.prefix
    whole = json.dumps(files)
    assert text not in whole and hers.id not in whole and "password" not in whole


def test_erasing_takes_the_password_and_leaves_nothing(server: PeopleServer) -> None:
    user, database = server.people_of["user"], server.database
    for title in "ab":
        answered(database, user.id, database.conversations.create(user.id, title=title).id)
    for form in ({}, {"password": "wrong"}):
        refused = server.ask("POST", "/account/erase-chats", who=user, data=form)
        assert refused.status_code == 400
    assert len(database.conversations.every(user.id)) == 2
    erased = server.ask("POST", "/account/erase-chats", who=user, data={"password": PASSWORD})
    assert erased.headers["location"] == "/account?done=erased#privacy"
    assert database.conversations.every(user.id) == []
    assert database.conversations.search(user.id, "moon") == []


def test_an_account_is_deleted_by_its_person(server: PeopleServer) -> None:
    user = server.people_of["user"]
    cookie = server.cookie(user)
    refused = server.ask("POST", "/account/delete", cookie=cookie, data={"password": "wrong"})
    assert refused.status_code == 400
    gone = server.ask("POST", "/account/delete", cookie=cookie, data={"password": PASSWORD})
    assert gone.headers["location"] == "/login"
    assert server.ask("GET", "/account", cookie=cookie).status_code == 303
    owner = server.people_of["owner"]
    only = server.ask("POST", "/account/delete", who=owner, data={"password": PASSWORD})
    assert only.status_code == 400 and "the only owner" in only.text


def test_without_login_there_are_data_and_consent_but_no_keys() -> None:
    with people_server(login=False) as server:
        page = server.ask("GET", "/account").text
        assert "without login" in page and "Export all my data" in page
        assert "API keys" not in page and "password" not in page.lower()
        assert server.ask("POST", "/account/keys", data={"name": "a"}).status_code == 404
        assert server.ask("GET", "/admin").status_code == 404
        owner = server.database.accounts.owner()
        assert owner is not None
        server.database.conversations.create(owner.id)
        assert server.ask("POST", "/account/erase-chats", data={}).status_code == 303
        assert server.database.conversations.every(owner.id) == []
        assert server.call("GET", "/v1/models", "any").status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"name=%ff", 400), (b"name=\xff", 400), (b"&" * 99, 400), (b"a=1&" * 99, 400), (b"", 400)],
)
def test_a_form_that_cannot_be_read_is_refused_on_a_page(
    server: PeopleServer, content: bytes, status: int
) -> None:
    page = server.ask("POST", "/account/profile", who=server.people_of["user"], content=content)
    assert page.status_code == status
    assert "Something went wrong" in page.text


def test_names_are_text_on_every_page(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    wild = "<img src=x onerror=alert(1)>\"'"
    server.database.accounts.change(owner.id, name=wild, login=wild)
    server.database.api_keys.create(owner.id, name=wild)
    server.database.sessions.create(owner.id, wild)
    server.database.audit.add(owner.id, wild, wild, {wild: wild})
    server.database.invitations.create(owner.id, "user", wild)
    for path in ("/account", "/admin", "/usage", "/"):
        assert "<img" not in server.ask("GET", path, who=owner).text, path


def test_a_database_that_is_away_is_told_as_such_and_is_used_when_it_is_back(
    server: PeopleServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    user = server.people_of["user"]
    cookie = server.cookie(user)

    def away(token: str) -> None:
        raise DatabaseUnavailable("no route to db.internal as user fledge")

    with monkeypatch.context() as patch:
        patch.setattr(server.database.sessions, "find", away)
        for path in ("/api/conversations", "/account", "/"):
            refused = server.ask("GET", path, cookie=cookie)
            assert refused.status_code == 503, path
            assert "is not responding" in refused.text and "internal" not in refused.text
        assert server.ask("GET", "/api/conversations", cookie=cookie).headers["retry-after"] == "2"
    assert "db.internal" in caplog.text
    assert server.ask("GET", "/account", cookie=cookie).status_code == 200


def test_erasing_forgets_the_responses_of_the_api_too(server: PeopleServer) -> None:
    def respond(login: str) -> tuple[str, str]:
        _, key = server.database.api_keys.create(server.people_of[login].id, name="laptop")
        asked = server.call("POST", "/v1/responses", key, json={"model": "tiny", "input": "Why?"})
        return key, f"/v1/responses/{asked.json()['id']}"

    (key, path), (hers, kept) = respond("user"), respond("owner")
    assert server.call("GET", path, key).status_code == 200
    form = {"password": PASSWORD}
    server.ask("POST", "/account/erase-chats", who=server.people_of["user"], data=form)
    assert server.call("GET", path, key).status_code == 404
    assert server.call("GET", kept, hers).status_code == 200
