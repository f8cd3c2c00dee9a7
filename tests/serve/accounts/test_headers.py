"""What every answer carries, whichever route, role and ending it has."""

import re

import pytest
from fastapi.routing import iter_route_contexts

from people_server import PASSWORD, PeopleServer

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


@pytest.mark.parametrize("role", ["nobody", "user", "owner"])
def test_every_page_and_every_refusal_is_guarded_and_kept_by_no_cache(
    server: PeopleServer, role: str
) -> None:
    seen = set()
    for route in iter_route_contexts(server.app.routes):
        for method in route.methods or ():
            path = re.sub(r"\{[^}]+\}", "0" * 32, route.path)
            reply = server.ask(method, path, who=server.people_of.get(role))
            seen.add(reply.status_code)
            where = f"{method} {path} {reply.status_code}"
            assert reply.headers["content-security-policy"] == POLICY, where
            assert reply.headers["x-content-type-options"] == "nosniff", where
            assert reply.headers["referrer-policy"] == "no-referrer", where
            assert reply.headers["cache-control"] == "no-store", where
            assert re.fullmatch(r"req_[0-9a-f]{32}", reply.headers["x-request-id"]), where
    assert seen >= {200, 303, 400, 401 if role == "nobody" else 404}


def test_each_request_has_an_id_of_its_own(server: PeopleServer) -> None:
    ids = {server.ask("GET", "/health").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/health", 405), ("GET", "/v1/nowhere", 404)],
)
def test_what_is_not_there_is_guarded_too(
    server: PeopleServer, method: str, path: str, status: int
) -> None:
    reply = server.ask(method, path)
    assert reply.status_code == status
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["cache-control"] == "no-store"


def test_a_strange_host_learns_nothing_but_is_guarded(server: PeopleServer) -> None:
    reply = server.ask("GET", "/", who=server.people_of["user"], headers={"host": "evil.example"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unknown_host")
    assert reply.headers["content-security-policy"] == POLICY


def test_a_script_or_style_is_asked_for_again_but_sent_only_when_it_changed(
    server: PeopleServer,
) -> None:
    for path in ("/static/main.js", "/static/style.css", "/static/icon.svg"):
        reply = server.ask("GET", path)
        assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-cache")
        again = server.ask("GET", path, headers={"if-none-match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == POLICY


def test_a_stream_is_neither_cached_nor_held_back_by_a_proxy(server: PeopleServer) -> None:
    user = server.people_of["user"]
    reply = server.ask("POST", "/v1/chat/completions", who=user, json={**CHAT, "stream": True})
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-accel-buffering"] == "no"
    assert reply.headers["content-security-policy"] == POLICY


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(
    server: PeopleServer,
) -> None:
    form = {"login": "the-user", "password": PASSWORD}
    cookie = server.ask("POST", "/login", data=form).headers["set-cookie"]
    name, *rest = cookie.split("; ")
    assert name.startswith("fledge_session=")
    assert {each.lower() for each in rest} == {
        "httponly",
        "max-age=34560000",
        "path=/",
        "samesite=lax",
    }


def test_a_page_that_tells_a_secret_tells_it_once(server: PeopleServer) -> None:
    owner, user = server.people_of["owner"], server.people_of["user"]
    pages = [
        server.ask("POST", "/account/keys", who=user, data={"name": "a"}),
        server.ask("POST", "/admin/invitations", who=owner, data={"role": "user"}),
        server.ask("POST", f"/admin/people/{user.id}/password", who=owner),
    ]
    for page in pages:
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        (secret,) = re.findall(r"data-secret>([^<]+)<", page.text)
        for path in ("/account", "/admin", "/usage"):
            for who in (owner, user):
                assert secret not in server.ask("GET", path, who=who).text
