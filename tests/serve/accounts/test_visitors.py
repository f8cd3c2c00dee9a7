"""Strangers at an embedded assistant: what they may ask, and what is left to its owner."""

from dataclasses import replace

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
    assert "retry-after" in server.ask("POST", path).headers


def test_strangers_leave_the_owner_their_own_limit(server: PeopleServer) -> None:
    owner = server.people_of["owner"]
    visitor = server.people.acting_for(owner.id, "192.0.2.7")
    admitted = [server.people.admit(visitor, "tiny", 1) for _ in range(2)]
    mine = replace(visitor.limits[0], id=f"account {owner.id}")
    assert server.people.limiter.used(mine).streams == 0
    assert [server.people.limiter.used(scope).streams for scope in visitor.limits] == [2, 2]
    other = server.people.acting_for(owner.id, "192.0.2.8")
    assert [server.people.limiter.used(scope).streams for scope in other.limits] == [0, 2]
    for admission in admitted:
        admission.close(1)
    server.people.meter.flush()
    assert server.database.usage.tokens_today(owner.id) == 4, "it is the owner who pays"
