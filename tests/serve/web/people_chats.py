"""Chats of people with accounts; every answer is waited for."""

from fledge.database import Account
from people_server import PeopleServer

ANSWER = "The moon."


def begin(people: PeopleServer, who: Account, **body: object) -> str:
    """The id of a new chat."""
    reply = people.ask("POST", "/api/conversations", who=who, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


def say(
    people: PeopleServer, who: Account, chat: str, content: str, parent: str | None = None, **body
) -> list[str]:
    """The ids of a question and its answers, which have ended."""
    asked = {"content": content, "parent_id": parent, "models": ["tiny"], **body}
    reply = people.ask("POST", f"/api/conversations/{chat}/messages", who=who, json=asked)
    assert reply.status_code == 201, reply.text
    messages = reply.json()["messages"]
    for message in messages:
        if message["run_id"] is not None:
            people.ask("GET", f"/api/runs/{message['run_id']}/events", who=who)
    return [message["id"] for message in messages]


def read(people: PeopleServer, who: Account, chat: str) -> dict:
    """The chat as its page shows it."""
    reply = people.ask("GET", f"/api/conversations/{chat}", who=who)
    assert reply.status_code == 200, reply.text
    return reply.json()


def turns(people: PeopleServer, who: Account, chat: str) -> list[tuple[str, str]]:
    """Role and content of every turn, the oldest first."""
    return [(each["role"], each["content"]) for each in read(people, who, chat)["messages"]]
