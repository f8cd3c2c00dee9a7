"""Strangers at an embedded assistant: what they may ask, and what is left to its owner."""

from dataclasses import replace

import pytest

from people_server import PeopleServer

QUESTION = {"content": "Why tides?"}


def shop(server: PeopleServer) -> str:
    owner = server.people_of["owner"]
    return server.database.assistants.create(
        owner.id, name="Shop", shared=True, allowed_origins=("https://shop.example",)
    ).id


def test_chats_that_strangers_begin_are_limited_by_address(server: PeopleServer) -> None:
    path = f"/api/widget/{shop(server)}/visits"
    codes = [server.ask("POST", path).status_code for _ in range(11)]
    assert codes == [201] * 10 + [429]
    refused = server.ask("POST", path)
    seconds = int(refused.headers["retry-after"])
    assert 55 <= seconds <= 60, "when the first of them is a minute old"
    assert refused.json()["error"]["message"].endswith(f"Try again in {seconds} seconds.")


def test_strangers_leave_the_owner_their_own_limit(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    visitor = server.parts.identity.acting_for(owner.id, "192.0.2.7")
    admitted = [server.parts.quota.count(visitor).admit("tiny", 1) for _ in range(2)]
    mine = replace(visitor.limits[0], id=f"account {owner.id}")
    assert server.parts.quota.used(mine).streams == 0
    assert [server.parts.quota.used(scope).streams for scope in visitor.limits] == [2, 2]
    other = server.parts.identity.acting_for(owner.id, "192.0.2.8")
    assert [server.parts.quota.used(scope).streams for scope in other.limits] == [0, 2]
    for admission in admitted:
        admission.close(1)
    server.parts.meter.flush()
    assert server.database.usage.tokens_today(owner.id) == 4, "it is the owner who pays"


def test_what_strangers_say_is_limited_even_where_nobody_answers(server: PeopleServer) -> None:
    token = server.ask("POST", f"/api/widget/{shop(server)}/visits").json()["token"]
    visitor = {"x-visitor": token}
    server.ask("POST", "/api/widget/chat/person", headers=visitor)
    said = [
        server.ask("POST", "/api/widget/chat/messages", headers=visitor, json=QUESTION).status_code
        for _ in range(31)
    ]
    assert said == [201] * 30 + [429]
    assert len(server.ask("GET", "/api/widget/chat", headers=visitor).json()["messages"]) == 30


@pytest.mark.parametrize("change", [{"disabled_at": 1.0}, {"role": "user"}])
def test_the_assistant_of_who_was_put_out_is_closed_to_strangers(
    server: PeopleServer, change: dict[str, object]
) -> None:
    admin = server.people_of["admin"]
    made = server.database.assistants.create(
        admin.id, name="Shop", shared=True, allowed_origins=("https://shop.example",)
    )
    visitor = server.ask("POST", f"/api/widget/{made.id}/visits").json()
    server.database.accounts.change(admin.id, **change)
    headers = {"x-visitor": visitor["token"]}
    for method, path, options in (
        ("GET", f"/widget/{made.id}", {}),
        ("POST", f"/api/widget/{made.id}/visits", {}),
        ("GET", "/api/widget/chat", {"headers": headers}),
        ("POST", "/api/widget/chat/messages", {"headers": headers, "json": QUESTION}),
    ):
        assert server.ask(method, path, **options).status_code == 404, path


def test_who_may_no_longer_share_only_takes_back_what_is_shared(server: PeopleServer) -> None:
    admin = server.people_of["admin"]
    made = server.database.assistants.create(admin.id, name="Shop", shared=True)
    server.database.accounts.change(admin.id, role="user")
    path = f"/api/assistants/{made.id}"
    assert server.ask("PATCH", path, who=admin, json={"greeting": "Ha"}).status_code == 403
    document = {"name": "a.md", "text": "Ha"}
    assert server.ask("POST", f"{path}/documents", who=admin, json=document).status_code == 403
    assert server.ask("PATCH", path, who=admin, json={"shared": False}).status_code == 200
    assert server.ask("PATCH", path, who=admin, json={"greeting": "Ha"}).status_code == 200
