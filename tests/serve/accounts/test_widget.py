"""An embedded assistant and its visitors: who may frame it, what they see, what ends it."""

import re

import pytest

from fledge.database import Account
from people_server import PeopleServer

ORIGINS = ["https://shop.example", "http://localhost:3000"]
SAY = "/api/widget/chat/messages"


@pytest.fixture
def owner(server: PeopleServer) -> Account:
    return server.people_of["owner"]


def shop(server: PeopleServer, owner: Account, **fields: object) -> str:
    asked = {
        "name": "Diana <b>",
        "greeting": "Hello & welcome",
        "suggestions": ["Are you open?"],
        "system_prompt": "The word is zebra.",
        "shared": True,
        "allowed_origins": ORIGINS,
        **fields,
    }
    reply = server.ask("POST", "/api/assistants", who=owner, json=asked)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


def visitor(server: PeopleServer, assistant: str) -> dict[str, str]:
    """The headers of somebody new."""
    reply = server.ask("POST", f"/api/widget/{assistant}/visits")
    assert reply.status_code == 201
    assert list(reply.json()) == ["token"] and len(reply.json()["token"]) >= 32
    return {"x-visitor": reply.json()["token"]}


def ask(server: PeopleServer, who: dict[str, str], content: str) -> dict:
    """What a message has added, after its answer has ended."""
    reply = server.ask("POST", SAY, headers=who, json={"content": content})
    assert reply.status_code == 201, reply.text
    if reply.json()["run_id"]:
        path = f"/api/widget/runs/{reply.json()['run_id']}/events"
        assert "event: end" in server.ask("GET", path, headers=who).text
    return reply.json()


def chat(server: PeopleServer, who: dict[str, str]) -> dict:
    reply = server.ask("GET", "/api/widget/chat", headers=who)
    assert reply.status_code == 200
    return reply.json()


def test_the_page_may_be_framed_by_the_named_sites_and_shows_text_as_text(
    server: PeopleServer, owner: Account
) -> None:
    page = server.ask("GET", f"/widget/{shop(server, owner)}")
    assert page.headers["content-security-policy"] == (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors https://shop.example http://localhost:3000"
    )
    assert "Diana &lt;b&gt;" in page.text and "Hello &amp; welcome" in page.text
    assert "Are you open?" in page.text and "zebra" not in page.text
    assert re.findall(r"<script(?![^>]*src=)", page.text) == []


def test_a_visitor_s_chat_is_told_whole_and_without_what_is_the_owner_s(
    server: PeopleServer, owner: Account
) -> None:
    who = visitor(server, shop(server, owner))
    assert chat(server, who) == {"hand_over": None, "messages": []}
    first = ask(server, who, "Why *tides*?")
    second = ask(server, who, "And then?")
    shown = chat(server, who)
    assert [(turn["role"], turn["content"]) for turn in shown["messages"]] == [
        ("user", "Why *tides*?"),
        ("assistant", "The moon."),
        ("user", "And then?"),
        ("assistant", "The moon."),
    ]
    ids = [turn["id"] for turn in shown["messages"]]
    assert [turn["parent_id"] for turn in shown["messages"]] == [None, *ids[:3]]
    assert [turn["id"] for each in (first, second) for turn in each["messages"]] == ids
    assert "zebra" not in str(shown)


def test_the_owner_neither_lists_nor_searches_nor_trains_on_visitors_chats(
    server: PeopleServer, owner: Account
) -> None:
    ask(server, visitor(server, shop(server, owner)), "A secret wish")
    for path in ("/api/conversations", "/api/conversations?query=secret"):
        assert server.ask("GET", path, who=owner).json()["conversations"] == []
    assert server.ask("GET", "/api/exports/demonstrations.jsonl", who=owner).text == ""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": "x" * 4_000}, 201),
        ({"content": "x" * 4_001}, 400),
        ({"content": ""}, 400),
        ({"content": "a\0b"}, 400),
        ({"content": "Hi", "models": ["tiny"]}, 400),
        ({"content": "Hi", "parent_id": None}, 400),
        ({}, 400),
    ],
)
def test_a_visitor_says_text_of_a_decent_length_and_chooses_nothing_else(
    server: PeopleServer, owner: Account, body: dict[str, object], status: int
) -> None:
    who = visitor(server, shop(server, owner))
    assert server.ask("POST", SAY, headers=who, json=body).status_code == status
    assert len(chat(server, who)["messages"]) == (2 if status == 201 else 0)


def test_an_assistant_whose_model_is_not_served_answers_by_the_default(
    server: PeopleServer, owner: Account
) -> None:
    who = visitor(server, shop(server, owner, model="gone"))
    _, answer = ask(server, who, "Why?")["messages"]
    assert answer["model"] == "tiny"


@pytest.mark.parametrize("change", [{"shared": False}, {"allowed_origins": []}])
def test_an_assistant_that_is_taken_back_opens_to_nobody_old_or_new(
    server: PeopleServer, owner: Account, change: dict[str, object]
) -> None:
    assistant = shop(server, owner)
    old = visitor(server, assistant)
    run_id = ask(server, old, "Are you open?")["run_id"]
    server.ask("PATCH", f"/api/assistants/{assistant}", who=owner, json=change)
    for method, path, body in (
        ("GET", "/api/widget/chat", None),
        ("POST", SAY, {"content": "?"}),
        ("POST", "/api/widget/chat/person", {}),
        ("GET", f"/api/widget/runs/{run_id}/events", None),
    ):
        assert server.ask(method, path, headers=old, json=body).status_code == 404, path
    assert server.ask("GET", f"/widget/{assistant}").status_code == 404
    assert server.ask("POST", f"/api/widget/{assistant}/visits").status_code == 404


def test_a_chat_opens_again_with_its_assistant_and_ends_with_it(
    server: PeopleServer, owner: Account
) -> None:
    assistant = shop(server, owner)
    who = visitor(server, assistant)
    ask(server, who, "Are you open?")
    path = f"/api/assistants/{assistant}"
    for shared, status in ((False, 404), (True, 200)):
        server.ask("PATCH", path, who=owner, json={"shared": shared})
        assert server.ask("GET", "/api/widget/chat", headers=who).status_code == status
    server.ask("DELETE", path, who=owner)
    assert server.ask("GET", "/api/widget/chat", headers=who).status_code == 404


def test_a_token_opens_one_chat_and_an_erased_one_no_more(
    server: PeopleServer, owner: Account
) -> None:
    assistant = shop(server, owner)
    ada, bob = visitor(server, assistant), visitor(server, assistant)
    ask(server, ada, "Ada was here")
    assert chat(server, bob)["messages"] == []
    assert server.ask("GET", "/api/widget/chat").status_code == 404
    server.database.conversations.delete_all(owner.id)
    for who in (ada, bob):
        assert server.ask("GET", "/api/widget/chat", headers=who).status_code == 404
        assert server.ask("POST", SAY, headers=who, json={"content": "?"}).status_code == 404


def test_a_visitor_asks_for_a_person_who_then_answers_by_name(
    server: PeopleServer, owner: Account
) -> None:
    who, admin = visitor(server, shop(server, owner)), server.people_of["admin"]
    wanted = server.ask("POST", "/api/widget/chat/person", headers=who).json()
    assert wanted == {"hand_over": {"status": "waiting", "name": None}, "messages": []}
    said = ask(server, who, "Are you human?")
    assert said["run_id"] is None and len(said["messages"]) == 1
    (line,) = server.ask("GET", "/api/queue", who=admin).json()
    path = f"/api/queue/{line['id']}"
    server.ask("POST", f"{path}/messages", who=admin, json={"content": "Yes."})
    shown = chat(server, who)
    assert shown["hand_over"] == {"status": "taken", "name": "The-Admin"}
    assert [(turn["content"], turn["by"]) for turn in shown["messages"]] == [
        ("Are you human?", None),
        ("Yes.", "The-Admin"),
    ]
    server.ask("POST", f"{path}/close", who=admin)
    assert chat(server, who)["hand_over"] is None
    assert ask(server, who, "Bye")["run_id"] is not None


def test_a_visitor_is_told_when_the_owner_s_day_is_spent(
    server: PeopleServer, owner: Account
) -> None:
    who = visitor(server, shop(server, owner, system_prompt=""))
    server.database.accounts.change(owner.id, daily_tokens=12)
    ask(server, who, "Why?")  # 7 tokens read, 5 written
    ask(server, who, "Why?")
    errors = [turn["error"] for turn in chat(server, who)["messages"] if turn["role"] != "user"]
    assert errors[0] is None
    assert errors[1].startswith("This assistant may use 12 tokens per day and has used 12")


def test_an_address_has_twenty_answers_a_minute(
    server: PeopleServer, owner: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.clock.now = 1_750_000_020.0  # a whole number of minutes
    monkeypatch.setattr("time.time", server.clock)
    server.database.accounts.change(owner.id, requests_per_minute=0)
    who = visitor(server, shop(server, owner))
    for _ in range(21):
        ask(server, who, "W")
    errors = [turn["error"] for turn in chat(server, who)["messages"] if turn["role"] != "user"]
    assert errors == [None] * 20 + [
        "Your network may make 20 requests per minute. Try again in 60 seconds."
    ]


def test_what_visitors_use_is_the_owner_s_usage(server: PeopleServer, owner: Account) -> None:
    who = visitor(server, shop(server, owner, system_prompt=""))
    ask(server, who, "Why?")
    page = server.ask("GET", "/usage", who=owner).text
    assert "12 tokens in 1 requests" in page
