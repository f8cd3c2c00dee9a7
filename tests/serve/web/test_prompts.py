"""The library of prompts: its API and its page."""

import pytest

from fledge.database import Account
from people_server import PeopleServer


def make(people: PeopleServer, who: Account, **body: object) -> dict:
    asked = {"title": "Translate", "content": "Say {{text}}", **body}
    reply = people.ask("POST", "/api/prompts", who=who, json=asked)
    assert reply.status_code == 201, reply.text
    return reply.json()


def change(people: PeopleServer, who: Account, prompt: dict, **body: object) -> int:
    return people.ask("PATCH", f"/api/prompts/{prompt['id']}", who=who, json=body).status_code


def listed(people: PeopleServer, who: Account) -> list[tuple[str, bool]]:
    prompts = people.ask("GET", "/api/prompts", who=who).json()["prompts"]
    return [(each["title"], each["is_own"]) for each in prompts]


def test_a_prompt_from_its_making_to_its_end(people: PeopleServer) -> None:
    ada = people.people_of["user"]
    made = make(people, ada, title="  Translate ")
    assert (made["title"], made["shared"], made["is_own"]) == ("Translate", False, True)
    assert change(people, ada, made, content="Say {{text}} aloud") == 200
    page = people.ask("GET", "/prompts", who=ada).text
    assert "Say {{text}} aloud" in page and "Share with everyone" not in page
    assert listed(people, people.people_of["owner"]) == []
    assert people.ask("DELETE", f"/api/prompts/{made['id']}", who=ada).status_code == 204
    assert "You have no prompts yet." in people.ask("GET", "/prompts", who=ada).text


def test_who_may_share_assistants_may_share_prompts(people: PeopleServer) -> None:
    ada, admin = people.people_of["user"], people.people_of["admin"]
    shared = make(people, admin, title="Greeting", shared=True)
    own = make(people, ada)
    assert listed(people, ada) == [("Greeting", False), ("Translate", True)]
    page = people.ask("GET", "/prompts", who=ada).text
    assert "Shared by others" in page and "Edit Greeting" not in page
    assert change(people, ada, own, shared=True) == 403
    refused = people.ask(
        "POST", "/api/prompts", who=ada, json={"title": "x", "content": "x", "shared": True}
    )
    assert refused.status_code == 403
    people.database.accounts.change(admin.id, role="user")
    assert change(people, admin, shared, title="Other words") == 403, "everybody reads it"
    assert change(people, admin, shared, shared=False) == 200
    assert change(people, admin, shared, title="Mine alone") == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"title": "x" * 101},
        {"content": " \n "},
        {"content": "x" * 20_001},
        {"content": "a\0b"},
        {"shared": "maybe"},
        {"owner": "me"},
    ],
)
def test_a_wrong_prompt_is_refused(people: PeopleServer, wrong: dict[str, object]) -> None:
    body = {"title": "Translate", "content": "Say", **wrong}
    ada = people.people_of["user"]
    assert people.ask("POST", "/api/prompts", who=ada, json=body).status_code == 400
    made = make(people, ada)
    assert change(people, ada, made, **wrong) == 400


def test_a_prompt_is_text_on_its_page(people: PeopleServer) -> None:
    ada = people.people_of["user"]
    make(people, ada, title="<b>'\"", content="</li><script>alert(1)</script>'\"")
    page = people.ask("GET", "/prompts", who=ada).text
    assert "<b>" not in page and "<script>alert" not in page
