"""A chat that wants a person: from the wish to the answer and back to the model."""

import pytest

from fledge.database import Account
from people_server import PeopleServer
from serve.web.people_chats import ANSWER, begin, read, say, turns


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


@pytest.fixture
def admin(people: PeopleServer) -> Account:
    return people.people_of["admin"]


def want(people: PeopleServer, who: Account, chat: str) -> dict:
    reply = people.ask("POST", f"/api/conversations/{chat}/hand-over", who=who)
    assert reply.status_code == 200, reply.text
    return reply.json()


def queue(people: PeopleServer, staff: Account) -> list[dict]:
    return people.ask("GET", "/api/queue", who=staff).json()


def test_a_chat_goes_to_a_person_and_comes_back(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada, title="Tides")
    _, answer = say(people, ada, chat, "Why?")
    assert read(people, ada, chat)["hand_over"] is None
    assert want(people, ada, chat) == {"status": "waiting", "name": None}

    (question,) = say(people, ada, chat, "Is anybody there?", answer)
    (line,) = queue(people, admin)
    since = line.pop("since")
    assert line == {
        "id": chat,
        "title": "Tides",
        "status": "waiting",
        "name": None,
        "last": "Is anybody there?",
        "by": ada.name,
        "page": None,
    }
    assert people.ask("GET", "/api/queue/count", who=admin).json() == {"waiting": 1}
    assert people.ask("GET", "/api/queue/count", who=ada).status_code == 403
    assert 1_750_000_000 < since < people.clock.now

    path = f"/api/queue/{chat}"
    taken = people.ask("POST", f"{path}/take", who=admin).json()
    assert taken["hand_over"] == {"status": "taken", "name": "The-Admin"}
    assert (taken["by"], taken["page"]) == (ada.name, None)
    assert people.ask("GET", "/api/queue/count", who=admin).json() == {"waiting": 0}
    assert [turn["content"] for turn in taken["messages"]] == ["Why?", ANSWER, "Is anybody there?"]
    assert read(people, ada, chat)["hand_over"] == {"status": "taken", "name": "The-Admin"}

    said = people.ask("POST", f"{path}/messages", who=admin, json={"content": "*I* am."}).json()
    assert (said["role"], said["by"], said["model"]) == ("assistant", "The-Admin", None)
    assert (said["parent_id"], said["status"]) == (question, "finished")
    assert said["html"] == "<p><em>I</em> am.</p>\n"
    assert turns(people, ada, chat)[-1] == ("assistant", "*I* am.")

    assert people.ask("POST", f"{path}/close", who=admin).status_code == 204
    assert queue(people, admin) == []
    assert read(people, ada, chat)["hand_over"] is None
    say(people, ada, chat, "Thanks.", said["id"])
    assert turns(people, ada, chat)[-2:] == [("user", "Thanks."), ("assistant", ANSWER)]


def test_who_answers_takes_the_chat_over_from_a_colleague(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada)
    want(people, ada, chat)
    people.ask("POST", f"/api/queue/{chat}/take", who=admin)
    owner = people.people_of["owner"]
    path = f"/api/queue/{chat}/messages"
    said = people.ask("POST", path, who=owner, json={"content": "Hello."}).json()
    assert (said["by"], said["parent_id"]) == ("The-Owner", None)
    (line,) = queue(people, admin)
    assert (line["status"], line["name"], line["last"]) == ("taken", "The-Owner", "Hello.")
    assert line["title"] == "New chat"


def test_who_has_waited_longest_comes_first_and_asking_again_changes_nothing(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    first, second, third = (begin(people, ada) for _ in range(3))
    for chat in (second, first, third, second):
        want(people, ada, chat)
    assert [line["id"] for line in queue(people, admin)] == [second, first, third]
    people.ask("POST", f"/api/queue/{second}/take", who=admin)
    assert [line["id"] for line in queue(people, admin)] == [second, first, third]
    assert want(people, ada, second) == {"status": "taken", "name": "The-Admin"}
    people.ask("POST", f"/api/queue/{second}/close", who=admin)
    assert want(people, ada, second) == {"status": "waiting", "name": None}
    assert [line["id"] for line in queue(people, admin)] == [first, third, second]


def test_who_no_longer_wants_a_person_is_out_of_the_queue(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada)
    path = f"/api/conversations/{chat}/hand-over"
    assert people.ask("DELETE", path, who=ada).status_code == 404
    want(people, ada, chat)
    assert people.ask("DELETE", path, who=ada).status_code == 204
    assert queue(people, admin) == []
    assert people.ask("DELETE", path, who=ada).status_code == 404
    assert len(say(people, ada, chat, "Why?")) == 2, "the model answers again"


def test_a_deleted_chat_waits_no_longer_until_it_is_had_back(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada)
    want(people, ada, chat)
    people.ask("DELETE", f"/api/conversations/{chat}", who=ada)
    assert queue(people, admin) == []
    assert people.ask("GET", f"/api/queue/{chat}", who=admin).status_code == 404
    people.ask("POST", f"/api/conversations/{chat}/restore", who=ada)
    assert [line["id"] for line in queue(people, admin)] == [chat]


def test_the_staff_see_the_branch_that_the_person_sees(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada, system_prompt="Never say zebra.")
    _, first = say(people, ada, chat, "Private thought")
    say(people, ada, chat, "Public question", None)
    want(people, ada, chat)
    shown = people.ask("GET", f"/api/queue/{chat}", who=admin)
    assert [turn["content"] for turn in shown.json()["messages"]] == ["Public question", ANSWER]
    assert "zebra" not in shown.text
    path = f"/api/conversations/{chat}"
    people.ask("PATCH", path, who=ada, json={"current_message_id": first})
    shown = people.ask("GET", f"/api/queue/{chat}", who=admin).json()
    assert [turn["content"] for turn in shown["messages"]] == ["Private thought", ANSWER]


def test_a_line_shows_the_beginning_of_a_long_message(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada)
    want(people, ada, chat)
    assert queue(people, admin)[0]["last"] == ""
    say(people, ada, chat, "tide " * 100)
    assert queue(people, admin)[0]["last"] == ("tide " * 100)[:200]


@pytest.mark.parametrize("role", ["user", "labeller"])
def test_who_is_not_staff_sees_no_queue(people: PeopleServer, ada: Account, role: str) -> None:
    chat = begin(people, ada)
    want(people, ada, chat)
    who = people.people_of[role]
    for method, path, options in (
        ("GET", "/api/queue", {}),
        ("GET", f"/api/queue/{chat}", {}),
        ("POST", f"/api/queue/{chat}/take", {}),
        ("POST", f"/api/queue/{chat}/messages", {"json": {"content": "Hi"}}),
        ("POST", f"/api/queue/{chat}/close", {}),
        ("GET", "/queue", {}),
    ):
        reply = people.ask(method, path, who=who, **options)
        assert reply.status_code == 403, path
        assert f"Your role ({role}) doesn't allow" in reply.text
        assert "answering for the team" in reply.text
    assert read(people, ada, chat)["hand_over"] == {"status": "waiting", "name": None}
    assert turns(people, ada, chat) == []


def test_a_chat_that_wants_nobody_is_closed_to_the_staff(
    people: PeopleServer, ada: Account, admin: Account
) -> None:
    chat = begin(people, ada)
    say(people, ada, chat, "Private")
    for method, path in (
        ("GET", f"/api/queue/{chat}"),
        ("POST", f"/api/queue/{chat}/take"),
        ("POST", f"/api/queue/{chat}/messages"),
        ("POST", f"/api/queue/{chat}/close"),
    ):
        reply = people.ask(method, path, who=admin, json={"content": "Hi"})
        assert reply.status_code == 404 and "Private" not in reply.text
    want(people, ada, chat)
    people.ask("POST", f"/api/queue/{chat}/close", who=admin)
    assert people.ask("GET", f"/api/queue/{chat}", who=admin).status_code == 404
    assert len(turns(people, ada, chat)) == 2


@pytest.mark.parametrize(
    "body", [{}, {"content": ""}, {"content": 3}, {"content": "a\0b"}, {"content": "x", "by": "me"}]
)
def test_the_staff_answer_with_text_under_their_own_name(
    people: PeopleServer, ada: Account, admin: Account, body: dict[str, object]
) -> None:
    chat = begin(people, ada)
    want(people, ada, chat)
    reply = people.ask("POST", f"/api/queue/{chat}/messages", who=admin, json=body)
    assert reply.status_code == 400
    assert turns(people, ada, chat) == []


def test_no_model_is_asked_again_until_the_chat_is_given_back(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada)
    question, answer = say(people, ada, chat, "Why?")
    want(people, ada, chat)
    path = f"/api/conversations/{chat}/answers"
    for body in (
        {"parent_id": question, "models": ["tiny"]},
        {"parent_id": question, "models": ["tiny"], "continues": answer},
    ):
        reply = people.ask("POST", path, who=ada, json=body)
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "handed_over")
    people.ask("DELETE", f"/api/conversations/{chat}/hand-over", who=ada)
    body = {"parent_id": question, "models": ["tiny"]}
    assert people.ask("POST", path, who=ada, json=body).status_code == 201
