"""Files of chats, read back by what trains on them."""

import json
from pathlib import Path

import pytest

from databases import answered
from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.database import Account
from fledge.errors import DataError
from fledge.text.conversation import Message
from people_server import PeopleServer
from serve.web.people_chats import ANSWER, begin, say

COMPARISONS = "/api/exports/comparisons.jsonl"
DEMONSTRATIONS = "/api/exports/demonstrations.jsonl"


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


def exported(people: PeopleServer, who: Account, chat: str, format: str) -> str:
    reply = people.ask("GET", f"/api/conversations/{chat}/export?format={format}", who=who)
    assert reply.status_code == 200, reply.text
    return reply.text


def kept(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kept.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_chat_trains_as_its_shown_branch_up_to_its_last_answer(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    chat = begin(people, ada, system_prompt="Be kind.")
    _, first = say(people, ada, chat, 'Why "tides"?\n\u2028Really?')
    say(people, ada, chat, "An edit", None)
    _, second = say(people, ada, chat, "And then?", first)
    people.database.messages.add(
        ada.id, chat, role="user", content="Are you there?", parent_id=second
    )
    text = exported(people, ada, chat, "sft")
    assert text.count("\n") == 1 and text.endswith("\n")
    (conversation,) = load_demonstrations(kept(tmp_path, text))
    assert conversation.messages == (
        Message("system", "Be kind."),
        Message("user", 'Why "tides"?\n\u2028Really?'),
        Message("assistant", ANSWER),
        Message("user", "And then?"),
        Message("assistant", ANSWER),
    )


def test_a_chat_without_an_answer_trains_nothing(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    chat = begin(people, ada, system_prompt="Be kind.")
    assert exported(people, ada, chat, "sft") == ""
    people.database.messages.add(ada.id, chat, role="user", content="Why?", parent_id=None)
    assert exported(people, ada, chat, "sft") == ""
    with pytest.raises(DataError):
        load_demonstrations(kept(tmp_path, ""))


def test_the_branch_that_is_looked_at_is_the_one_that_is_saved(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada, title="Tides")
    _, first = say(people, ada, chat, "One")
    say(people, ada, chat, "Two", None)
    two = f"# Tides\n\n**You**\n\nTwo\n\n**tiny**\n\n{ANSWER}\n"
    assert exported(people, ada, chat, "markdown") == two
    path = f"/api/conversations/{chat}"
    people.ask("PATCH", path, who=ada, json={"current_message_id": first})
    assert exported(people, ada, chat, "markdown") == two.replace("Two", "One")


def test_markdown_quotes_every_line_of_the_prompt_and_names_who_wrote(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada, system_prompt="Be kind.\nBe short.")
    assert exported(people, ada, chat, "markdown") == "# Chat\n\n> Be kind.\n> Be short.\n"
    _, answer = say(people, ada, chat, "Why *tides*?")
    path = f"/api/messages/{answer}/demonstration"
    people.ask("POST", path, who=ada, json={"content": "Because."})
    assert exported(people, ada, chat, "markdown") == (
        "# Why *tides*?\n\n> Be kind.\n> Be short.\n\n"
        "**You**\n\nWhy *tides*?\n\n**Assistant**\n\nBecause.\n"
    )


def test_json_has_every_branch_and_the_settings(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada, title="Été", sampling={"temperature": 0.5, "seed": 3})
    question, answer = say(people, ada, chat, "One")
    other, second = say(people, ada, chat, "Two", None)
    file = json.loads(exported(people, ada, chat, "json"))
    times = [message.pop("created_at") for message in file["messages"]]
    assert times == sorted(times)
    assert file == {
        "title": "Été",
        "model": "tiny",
        "system_prompt": None,
        "sampling": {"temperature": 0.5, "seed": 3},
        "folder": None,
        "current_message_id": second,
        "messages": [
            turn(question, None, "user", "One"),
            turn(answer, question, "assistant", ANSWER),
            turn(other, None, "user", "Two"),
            turn(second, other, "assistant", ANSWER),
        ],
    }
    assert "Été" in exported(people, ada, chat, "json"), "readable, not escaped"


def turn(id_: str, parent: str | None, role: str, content: str) -> dict:
    is_answer = role == "assistant"
    return {
        "id": id_,
        "parent_id": parent,
        "role": role,
        "content": content,
        "model": "tiny" if is_answer else None,
        "status": "finished",
        "finish_reason": "stop" if is_answer else None,
    }


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Élan / vital?", "elan-vital"),
        ("???", "chat"),
        ("月", "chat"),
        ("--A  b--", "a-b"),
        ('x"; filename="y', "x-filename-y"),
        ("a" * 100, "a" * 60),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(
    people: PeopleServer, ada: Account, title: str, name: str
) -> None:
    chat = begin(people, ada, title=title)
    for format, suffix, kind in (
        ("markdown", "md", "text/markdown"),
        ("json", "json", "application/json"),
        ("sft", "jsonl", "application/jsonl"),
    ):
        path = f"/api/conversations/{chat}/export?format={format}"
        headers = people.ask("GET", path, who=ada).headers
        assert headers["content-disposition"] == f'attachment; filename="{name}.{suffix}"'
        assert headers["content-type"] == f"{kind}; charset=utf-8"


def test_a_format_that_is_none_is_a_400(people: PeopleServer, ada: Account) -> None:
    chat = begin(people, ada)
    reply = people.ask("GET", f"/api/conversations/{chat}/export?format=pdf", who=ada)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, "format")
    assert error["message"].startswith("format: ") and "'markdown'" in error["message"]


def judged(people: PeopleServer, who: Account, **chat: object) -> tuple[str, list[str]]:
    """A question with three answers "one", "two" and "three", of which two beats the others."""
    id_ = begin(people, who, **chat)
    answers = [answered(people.database, who.id, id_, text) for text in ("one", "two", "three")]
    question = people.database.messages.tree(who.id, id_)[0].id
    for worse in (answers[0], answers[2]):
        body = {"prompt_id": question, "ranking": [[answers[1]], [worse]], "seconds": 4.5}
        assert people.ask("POST", "/api/preferences", who=who, json=body).status_code == 204
    return id_, answers


def pairs(people: PeopleServer, who: Account, tmp_path: Path) -> list[tuple[str, str]]:
    """Better and worse, as the reward stage reads the file."""
    text = people.ask("GET", COMPARISONS, who=who).text
    if not text:
        return []
    rankings = load_rankings(kept(tmp_path, text))
    return [pair for ranking in rankings for pair in ranking.pairs()]


def test_choices_train_as_pairs_under_the_prompt_that_was_read(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    judged(people, ada, system_prompt="Be kind.")
    text = people.ask("GET", COMPARISONS, who=ada).text
    assert [json.loads(line) for line in text.splitlines()] == [
        {
            "prompt": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Why tides?"},
            ],
            "chosen": [{"role": "assistant", "content": "two"}],
            "rejected": [{"role": "assistant", "content": worse}],
        }
        for worse in ("one", "three")
    ]
    assert sorted(pairs(people, ada, tmp_path)) == [("two", "one"), ("two", "three")]


def test_thumbs_up_and_down_at_one_question_make_pairs(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    chat = begin(people, ada)
    answers = [answered(people.database, ada.id, chat, text) for text in ("a", "b", "c", "d")]
    for answer, value in zip(answers, (1, -1, -1), strict=False):
        path = f"/api/messages/{answer}/rating"
        people.ask("PUT", path, who=ada, json={"value": value})
    assert sorted(pairs(people, ada, tmp_path)) == [("a", "b"), ("a", "c")]
    people.ask("PUT", f"/api/messages/{answers[0]}/rating", who=ada, json={"value": 0})
    assert pairs(people, ada, tmp_path) == []


def test_an_answer_of_one_s_own_trains_as_a_demonstration(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    chat = begin(people, ada, system_prompt="Be kind.")
    _, first = say(people, ada, chat, "Why?")
    _, second = say(people, ada, chat, "And then?", first)
    path = f"/api/messages/{second}/demonstration"
    people.ask("POST", path, who=ada, json={"content": "Then it\nebbs."})
    text = people.ask("GET", DEMONSTRATIONS, who=ada).text
    (conversation,) = load_demonstrations(kept(tmp_path, text))
    assert [message.content for message in conversation.messages] == [
        "Be kind.",
        "Why?",
        ANSWER,
        "And then?",
        "Then it\nebbs.",
    ]


@pytest.mark.parametrize("without", ["consent", "keeping", "the chat"])
def test_nothing_trains_without_consent_or_from_what_was_not_to_be_kept(
    people: PeopleServer, ada: Account, tmp_path: Path, without: str
) -> None:
    chat, (answer, *_) = judged(people, ada, temporary=without == "keeping")
    people.ask("POST", f"/api/messages/{answer}/demonstration", who=ada, json={"content": "Mine"})
    if without == "consent":
        people.ask("POST", "/account/training", who=ada, data={})
    elif without == "the chat":
        people.ask("DELETE", f"/api/conversations/{chat}", who=ada)
    assert people.ask("GET", COMPARISONS, who=ada).text == ""
    assert people.ask("GET", DEMONSTRATIONS, who=ada).text == ""
    if without == "consent":
        people.ask("POST", "/account/training", who=ada, data={"allows_training": "yes"})
    elif without == "the chat":
        people.ask("POST", f"/api/conversations/{chat}/restore", who=ada)
    else:
        return
    assert len(pairs(people, ada, tmp_path)) == 2
    assert "Mine" in people.ask("GET", DEMONSTRATIONS, who=ada).text


def test_the_owner_exports_what_everybody_allows_under_pseudonyms(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    owner, admin = people.people_of["owner"], people.people_of["admin"]
    for who in (ada, people.people_of["labeller"], admin):
        _, (answer, *_) = judged(people, who)
        body = {"content": f"Mine, {who.name}"}
        people.ask("POST", f"/api/messages/{answer}/demonstration", who=who, json=body)
        people.ask("PUT", f"/api/messages/{answer}/rating", who=who, json={"value": -1})
    people.ask("POST", "/account/training", who=admin, data={})

    def team(name: str) -> list[dict]:
        reply = people.ask("GET", f"/api/exports/team/{name}", who=owner)
        assert reply.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert not any(each.id in reply.text for each in people.people_of.values())
        return [json.loads(line) for line in reply.text.splitlines()]

    rankings, ratings = team("rankings.jsonl"), team("ratings.jsonl")
    labelers = {each["labeler"] for each in rankings}
    assert len(labelers) == 2 and all(each.startswith("labeller-") for each in labelers)
    assert all(each["consent"] for each in (*rankings, *ratings))
    assert {answer["model"] for each in rankings for answer in each["responses"]} == {"tiny"}
    assert {(each["labeler"], each["rating"]) for each in ratings} == {
        (one, -1) for one in labelers
    }
    written = team("demonstrations.jsonl")
    assert {each["author"] for each in written} == labelers
    assert len(load_rankings(kept(tmp_path, "\n".join(map(json.dumps, rankings))))) == 2
    assert people.database.audit.by(owner.id)[0].action == "feedback.exported"
    assert people.ask("GET", "/api/exports/team/users.jsonl", who=owner).status_code == 404
    for who in (ada, admin):
        reply = people.ask("GET", "/api/exports/team/rankings.jsonl", who=who)
        assert reply.status_code == 403 and "responses" not in reply.text


def test_each_person_exports_their_own_judgements_only(
    people: PeopleServer, ada: Account, tmp_path: Path
) -> None:
    judged(people, ada)
    for role in ("labeller", "admin", "owner"):
        assert pairs(people, people.people_of[role], tmp_path) == []
    assert len(pairs(people, ada, tmp_path)) == 2


@pytest.mark.parametrize(
    ("ranking", "status"),
    [
        ([["A"], ["A"]], 404),
        ([["A"]], 404),
        ([["A", "A"]], 404),
        ([["A"], ["0"]], 404),
        ([["A"], ["ELSEWHERE"]], 404),
        ([["A"], ["QUESTION"]], 404),
        ([["A"], ["B"], ["C"]], 400),
        ([], 400),
        ([[]], 404),
        ([["A"], ["B"]], 400),  # answers, but not to the message that is named
    ],
)
def test_what_is_no_choice_between_two_answers_is_not_kept(
    people: PeopleServer, ada: Account, ranking: list[list[str]], status: int
) -> None:
    chat, elsewhere = begin(people, ada), begin(people, ada)
    names = {name: answered(people.database, ada.id, chat, name) for name in ("A", "B", "C")}
    names["ELSEWHERE"] = answered(people.database, ada.id, elsewhere, "D")
    names["QUESTION"] = people.database.messages.tree(ada.id, chat)[0].id
    other = people.database.messages.tree(ada.id, elsewhere)[0].id
    is_misplaced = ranking == [["A"], ["B"]]
    body = {
        "prompt_id": other if is_misplaced else names["QUESTION"],
        "ranking": [[names.get(name, name) for name in group] for group in ranking],
    }
    assert people.ask("POST", "/api/preferences", who=ada, json=body).status_code == status
    assert people.ask("GET", COMPARISONS, who=ada).text == ""
    assert people.database.ratings.given(ada.id).preferences == ()
