"""Requests that another site makes a browser send, tried at every route that changes something."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select

from fledge.database.tables import Base
from people_server import ORIGIN, PeopleServer, secret_of

SAFE = {"GET", "HEAD", "OPTIONS"}
ELSEWHERE = (
    {"origin": "https://evil.example"},
    {"origin": "http://localhost:8001"},
    {"origin": "http://localhost:8000.evil.example"},
    {"origin": "null"},
    {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    {"origin": ORIGIN, "sec-fetch-site": "same-site"},
)
"""Headers that a browser sends from a page of another site."""


def changing_routes(server: PeopleServer) -> Iterator[tuple[str, str]]:
    """Method and path of every route that is more than reading."""
    for route in iter_route_contexts(server.app.routes):
        for method in (route.methods or set()) - SAFE:
            yield method, re.sub(r"\{[^}]+\}", "0" * 32, route.path)


def rows(server: PeopleServer) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the database but sessions, which cookies renew, and the server's own pulse."""
    with server.database.transactions.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in Base.metadata.sorted_tables
            if table.name not in ("sessions", "servers")
        }


def test_the_walk_finds_the_routes_of_every_kind(server: PeopleServer) -> None:
    found = set(changing_routes(server))
    assert len(found) > 40
    assert {
        ("POST", "/login"),
        ("POST", "/account/delete"),
        ("POST", "/admin/settings"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/api/conversations"),
        ("PUT", f"/api/messages/{'0' * 32}/rating"),
        ("PATCH", f"/api/conversations/{'0' * 32}"),
        ("DELETE", f"/api/assistants/{'0' * 32}"),
    } <= found


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_no_route_takes_an_order_from_another_site(
    server: PeopleServer, headers: dict[str, str]
) -> None:
    owner = server.people_of["owner"]
    before = rows(server)
    for method, path in changing_routes(server):
        for who in (owner, None):
            reply = server.ask(method, path, who=who, headers=headers)
            assert reply.status_code == 403, f"{method} {path}"
            assert "came from another site" in reply.text
            assert "set-cookie" not in reply.headers
    assert rows(server) == before


def test_a_cookie_without_a_word_where_from_opens_no_route(server: PeopleServer) -> None:
    cookie = server.cookie(server.people_of["owner"])
    server.client.cookies.clear()
    for method, path in changing_routes(server):
        headers = {"cookie": f"fledge_session={cookie}"}
        reply = server.client.request(method, path, headers=headers, follow_redirects=False)
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "cross_site"), path


def test_our_own_pages_get_past_that_door_everywhere(server: PeopleServer) -> None:
    for method, path in changing_routes(server):
        for site in ("same-origin", "none"):
            reply = server.ask(method, path, headers={"sec-fetch-site": site})
            assert "another site" not in reply.text, f"{method} {path}"


def test_a_page_of_another_site_may_link_here(server: PeopleServer) -> None:
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    user = server.people_of["user"]
    for path in ("/", "/account", "/usage", "/assistants"):
        assert server.ask("GET", path, who=user, headers=headers).status_code == 200


def test_a_key_is_not_asked_where_it_comes_from(server: PeopleServer) -> None:
    page = server.ask("POST", "/account/keys", who=server.people_of["user"], data={"name": "a"})
    headers = {
        "authorization": f"Bearer {secret_of(page)}",
        "origin": "https://evil.example",
        "sec-fetch-site": "cross-site",
    }
    reply = server.ask("POST", "/v1/moderations", headers=headers, json={"input": "x"})
    assert reply.status_code == 200


def test_a_key_buys_no_way_past_the_door_of_the_pages(server: PeopleServer) -> None:
    """A script cannot add the header to another site's form, and the pages read no key."""
    headers = {"authorization": "Bearer sk-fl-anything", "origin": "https://evil.example"}
    reply = server.ask("POST", "/api/conversations", headers=headers, json={})
    assert reply.status_code == 401


@pytest.mark.parametrize("scheme", ["Basic YTpi", "bearer", "Token x"])
def test_other_kinds_of_authorization_are_no_key(server: PeopleServer, scheme: str) -> None:
    headers = {"authorization": scheme, "origin": "https://evil.example"}
    reply = server.ask("POST", "/v1/moderations", headers=headers, json={"input": "x"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "cross_site")


def test_an_origin_is_ours_by_host_and_port_and_not_by_scheme(server: PeopleServer) -> None:
    """Behind a proxy that speaks TLS the page is https where the server sees http."""
    user = server.people_of["user"]
    headers = {"origin": "https://localhost:8000"}
    made = server.ask("POST", "/api/conversations", who=user, headers=headers, json={})
    assert made.status_code == 201
