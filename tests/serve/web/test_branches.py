"""A chat as a tree: edits, second answers, answers that go on, and the branch that is shown."""

import pytest

from fledge.database import Account
from people_server import PeopleServer
from serve.web.people_chats import ANSWER, begin, read, say, turns


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


def again(people: PeopleServer, who: Account, chat: str, question: str, **body: object) -> list:
    """Other answers to a question, which have ended."""
    asked = {"parent_id": question, "models": ["tiny"], **body}
    reply = people.ask("POST", f"/api/conversations/{chat}/answers", who=who, json=asked)
    assert reply.status_code == 201, reply.text
    messages = reply.json()["messages"]
    for message in messages:
        people.ask("GET", f"/api/runs/{message['run_id']}/events", who=who)
    return messages


def edges(people: PeopleServer, who: Account, chat: str) -> list[tuple[str, str | None]]:
    return [(turn["id"], turn["parent_id"]) for turn in read(people, who, chat)["messages"]]


def test_an_edit_is_a_sibling_and_the_old_branch_stays(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada)
    first, answer = say(people, ada, chat, "Why?")
    second, other = say(people, ada, chat, "Why not?", answer)
    edited, new = say(people, ada, chat, "Why, then?", answer)
    assert edges(people, ada, chat) == [
        (first, None),
        (answer, first),
        (second, answer),
        (other, second),
        (edited, answer),
        (new, edited),
    ]
    assert read(people, ada, chat)["current_message_id"] == new
    path = f"/api/conversations/{chat}"
    shown = people.ask("PATCH", path, who=ada, json={"current_message_id": other})
    assert shown.json()["current_message_id"] == other
    assert read(people, ada, chat)["current_message_id"] == other


def test_every_other_answer_stands_beside_the_first(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada)
    question, first = say(people, ada, chat, "Why?")
    (second,) = again(people, ada, chat, question)
    third, fourth = again(people, ada, chat, question, models=["tiny", "tiny"])
    answers = [first, second["id"], third["id"], fourth["id"]]
    assert edges(people, ada, chat)[1:] == [(answer, question) for answer in answers]
    assert (second["compare"], third["compare"]) == (None, fourth["compare"])
    assert third["compare"] is not None


def test_a_choice_between_two_answers_ends_the_comparison_of_both(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada)
    question, first, second = say(people, ada, chat, "Why?", models=["tiny", "tiny"])
    shown = {turn["id"]: turn["compare"] for turn in read(people, ada, chat)["messages"]}
    assert shown[first] == shown[second] is not None and shown[question] is None
    body = {"prompt_id": question, "ranking": [[second, first]]}  # equally good
    assert people.ask("POST", "/api/preferences", who=ada, json=body).status_code == 204
    assert [turn["compare"] for turn in read(people, ada, chat)["messages"]] == [None] * 3


def test_the_answer_of_a_person_is_read_by_the_model_that_follows(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada)
    question, answer = say(people, ada, chat, "Why?")
    path = f"/api/messages/{answer}/demonstration"
    own = people.ask("POST", path, who=ada, json={"content": "OK!"}).json()["message"]
    assert (own["parent_id"], own["by"], own["model"]) == (question, "The-User", None)
    assert read(people, ada, chat)["current_message_id"] == own["id"]
    _, follow = say(people, ada, chat, "And?", own["id"])
    *_, last = read(people, ada, chat)["messages"]
    # <|user|>Why?<|end|><|assistant|>OK!<|end|><|user|>And?<|end|><|assistant|>, letter by letter
    assert (last["id"], last["prompt_tokens"]) == (follow, 4 + 4 + 3 + 4 + 3)


def test_an_answer_that_was_cut_off_goes_on_in_its_place(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada, sampling={"max_tokens": 2})
    question, answer = say(people, ada, chat, "Why?")
    cut = read(people, ada, chat)["messages"][1]
    assert (cut["content"], cut["finish_reason"], cut["completion_tokens"]) == (
        "The mo",
        "length",
        2,
    )
    people.ask("PATCH", f"/api/conversations/{chat}", who=ada, json={"sampling": {}})
    (begun,) = again(people, ada, chat, question, continues=answer)
    assert (begun["id"], begun["content"]) == (answer, "The mo")
    ended = read(people, ada, chat)["messages"][1]
    assert (ended["content"], ended["finish_reason"]) == (f"The mo{ANSWER}", "stop")
    assert (ended["prompt_tokens"], ended["status"]) == (7 + 2, "finished")
    assert len(read(people, ada, chat)["messages"]) == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"title": ""}, 400),
        ({"title": "   "}, 400),
        ({"title": "x" * 201}, 400),
        ({"title": "x" * 200}, 200),
        ({"title": None}, 400),
        ({"model": "x" * 201}, 400),
        ({"model": None}, 200),
        ({"system_prompt": "x" * 200_001}, 400),
        ({"system_prompt": None}, 200),
        ({"sampling": None}, 400),
        ({"sampling": {"temperature": 3}}, 400),
        ({"pinned": "perhaps"}, 400),
        ({"temporary": True}, 400),
        ({"title": "a\0b"}, 400),
        ({"current_message_id": "0" * 32}, 404),
        ({}, 200),
    ],
)
def test_a_change_of_a_chat_is_whole_or_not_at_all(
    people: PeopleServer, ada: Account, change: dict[str, object], status: int
) -> None:
    chat = begin(people, ada, title="Before", sampling={"top_p": 0.5})
    before = read(people, ada, chat)
    both = {"archived": True, **change}
    reply = people.ask("PATCH", f"/api/conversations/{chat}", who=ada, json=both)
    assert reply.status_code == status, reply.text
    after = read(people, ada, chat)
    assert after == (before if status >= 400 else {**before, "archived": True, **change})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": ""}, 400),
        ({"content": "x" * 200_001}, 400),
        ({"content": "a\0b"}, 400),
        ({"models": []}, 400),
        ({"models": ["tiny"] * 3}, 400),
        ({"models": "tiny"}, 400),
        ({"models": ["tiny", "gone"]}, 404),
        ({"parent_id": "0" * 32}, 404),
        ({"role": "assistant"}, 400),
    ],
)
def test_what_cannot_be_said_leaves_nothing_behind(
    people: PeopleServer, ada: Account, body: dict[str, object], status: int
) -> None:
    chat = begin(people, ada)
    asked = {"content": "Why?", "models": ["tiny"], **body}
    reply = people.ask("POST", f"/api/conversations/{chat}/messages", who=ada, json=asked)
    assert reply.status_code == status, reply.text
    kept = read(people, ada, chat)
    assert (kept["messages"], kept["title"], kept["current_message_id"]) == ([], "", None)


def test_half_of_a_surrogate_pair_is_no_text(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada)
    reply = people.ask(
        "POST",
        f"/api/conversations/{chat}/messages",
        who=ada,
        headers={"content-type": "application/json"},
        content=b'{"content": "a\\ud800", "models": ["tiny"]}',
    )
    assert reply.status_code == 400 and "half of a surrogate pair" in reply.text


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("  Why\n\ntides?  ", "Why tides?"),
        ("x" * 48, "x" * 48),
        ("x" * 49, "x" * 47 + "…"),
        ("y" * 46 + " z w", "y" * 46 + "…"),  # no blank before the dots
    ],
)
def test_the_first_words_name_the_chat(
    people: PeopleServer, ada: Account, said: str, title: str
) -> None:
    chat = begin(people, ada)
    say(people, ada, chat, said)
    assert read(people, ada, chat)["title"] == title
    _, last = [turn["id"] for turn in read(people, ada, chat)["messages"]]
    say(people, ada, chat, "Another thing", last)
    assert read(people, ada, chat)["title"] == title


def test_a_branch_of_another_chat_is_no_place_to_speak(people: PeopleServer, ada: Account) -> None:
    here, there = begin(people, ada), begin(people, ada)
    question, answer = say(people, ada, there, "Why?")
    asked = {"content": "Hi", "models": ["tiny"], "parent_id": answer}
    path = f"/api/conversations/{here}"
    assert people.ask("POST", f"{path}/messages", who=ada, json=asked).status_code == 404
    asked = {"parent_id": question, "models": ["tiny"]}
    assert people.ask("POST", f"{path}/answers", who=ada, json=asked).status_code == 404
    assert turns(people, ada, here) == []
    assert len(turns(people, ada, there)) == 2


def test_a_temporary_chat_is_read_by_its_address_only(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada, temporary=True)
    say(people, ada, chat, "A whisper")
    for query in ("", "?query=whisper", "?archived=true"):
        reply = people.ask("GET", f"/api/conversations{query}", who=ada).json()
        assert reply["conversations"] == [], query
    assert read(people, ada, chat)["temporary"] is True
    assert turns(people, ada, chat) == [("user", "A whisper"), ("assistant", ANSWER)]
    page = people.ask("GET", f"/c/{chat}", who=ada)
    assert page.status_code == 200 and "A whisper" in page.text


def test_a_search_finds_the_place_and_no_deleted_chat(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada, title="Tides")
    say(people, ada, chat, "The ebb begins at noon")
    begin(people, ada, title="Something else")

    def found(query: str) -> list[tuple[str, str | None]]:
        reply = people.ask("GET", f"/api/conversations?query={query}", who=ada).json()
        return [(each["id"], each["snippet"]) for each in reply["conversations"]]

    ((id_, snippet),) = found("noon ebb")
    assert id_ == chat and "noon" in (snippet or "")
    assert found("noon midnight") == [] and found("%20") != []
    people.ask("DELETE", f"/api/conversations/{chat}", who=ada)
    assert found("noon") == []
    assert people.ask("GET", "/api/conversations?query=" + "x" * 201, who=ada).status_code == 400
    assert people.ask("GET", f"/api/conversations?after={chat}", who=ada).status_code == 404
