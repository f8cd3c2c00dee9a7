"""Thumbs, comparisons and people's own answers, and the files that training reads."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from serve.web.conftest import ANSWER, OTHER

Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]


@pytest.fixture
def pair(begin: Begin, say: Say, written: Written) -> tuple[dict, dict, dict]:
    """A question with two answers that have ended."""
    question, first, second = say(
        begin(system_prompt="Be kind.")["id"], "Why?", None, "tiny", "other"
    )
    written(first)
    written(second)
    return question, first, second


def shown(client: httpx.Client, message: dict) -> dict:
    chats = client.get("/api/conversations").json()["conversations"]
    chat = client.get(f"/api/conversations/{chats[0]['id']}").json()
    return next(each for each in chat["messages"] if each["id"] == message["id"])


def test_a_thumb_is_kept_changed_and_taken_back(
    client: httpx.Client, pair: tuple[dict, dict, dict]
) -> None:
    answer = pair[1]
    path = f"/api/messages/{answer['id']}/rating"
    client.put(path, json={"value": 1})
    client.put(path, json={"value": -1, "reasons": ["Wrong"], "comment": "It is the sun."})
    wanted = {"value": -1, "reasons": ["Wrong"], "comment": "It is the sun."}
    assert shown(client, answer)["rating"] == wanted
    client.put(path, json={"value": 0})
    assert shown(client, answer)["rating"] is None
    assert client.put(path, json={"value": 2}).status_code == 400


def test_a_question_cannot_be_rated(client: httpx.Client, pair: tuple[dict, dict, dict]) -> None:
    assert client.put(f"/api/messages/{pair[0]['id']}/rating", json={"value": 1}).status_code == 404


def test_a_choice_ends_the_comparison_and_exports_as_chosen_and_rejected(
    client: httpx.Client, pair: tuple[dict, dict, dict], tmp_path: Path
) -> None:
    question, first, second = pair
    assert shown(client, first)["compare"] is not None
    body = {"prompt_id": question["id"], "ranking": [[second["id"]], [first["id"]]]}
    assert client.post("/api/preferences", json=body).status_code == 204
    assert shown(client, first)["compare"] is None
    text = client.get("/api/exports/comparisons.jsonl").text
    assert json.loads(text) == {
        "prompt": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Why?"},
        ],
        "chosen": [{"role": "assistant", "content": OTHER}],
        "rejected": [{"role": "assistant", "content": ANSWER}],
    }
    (tmp_path / "pairs.jsonl").write_text(text, encoding="utf-8")
    (ranking,) = load_rankings(tmp_path / "pairs.jsonl")
    assert ranking.pairs() == [(OTHER, ANSWER)]


def test_a_tie_gives_no_pair(client: httpx.Client, pair: tuple[dict, dict, dict]) -> None:
    question, first, second = pair
    body = {"prompt_id": question["id"], "ranking": [[first["id"], second["id"]]]}
    assert client.post("/api/preferences", json=body).status_code == 204
    assert client.get("/api/exports/comparisons.jsonl").text == ""


def test_an_answer_of_one_s_own_stands_beside_the_model_s_and_exports_as_a_demonstration(
    client: httpx.Client, pair: tuple[dict, dict, dict], tmp_path: Path
) -> None:
    question, first, _ = pair
    path = f"/api/messages/{first['id']}/demonstration"
    written = client.post(path, json={"content": "Because of the *moon*."}).json()["message"]
    assert written["by"] == "You"
    assert (written["parent_id"], written["html"]) == (
        question["id"],
        "<p>Because of the <em>moon</em>.</p>\n",
    )
    exported = tmp_path / "demonstrations.jsonl"
    exported.write_text(client.get("/api/exports/demonstrations.jsonl").text, encoding="utf-8")
    (conversation,) = load_demonstrations(exported)
    said = [(message.role, message.content) for message in conversation.messages]
    assert said == [
        ("system", "Be kind."),
        ("user", "Why?"),
        ("assistant", "Because of the *moon*."),
    ]


@pytest.mark.parametrize("format", ["markdown", "json", "sft"])
def test_a_chat_is_saved_as_a_file(
    client: httpx.Client, begin: Begin, say: Say, written: Written, format: str, tmp_path: Path
) -> None:
    chat = begin(title="Élan / vital?", system_prompt="Be kind.")["id"]
    written(say(chat, "Why?")[1])
    say_again = say(chat, "And then?", None)
    written(say_again[1])
    reply = client.get(f"/api/conversations/{chat}/export", params={"format": format})
    suffix = {"markdown": "md", "json": "json", "sft": "jsonl"}[format]
    assert reply.headers["content-disposition"] == f'attachment; filename="elan-vital.{suffix}"'
    if format == "markdown":
        assert reply.text == (
            f"# Élan / vital?\n\n> Be kind.\n\n**You**\n\nAnd then?\n\n**tiny**\n\n{ANSWER}\n"
        )
    elif format == "json":
        contents = [message["content"] for message in reply.json()["messages"]]
        assert contents == ["Why?", ANSWER, "And then?", ANSWER]
    else:
        (tmp_path / "chat.jsonl").write_text(reply.text, encoding="utf-8")
        (conversation,) = load_demonstrations(tmp_path / "chat.jsonl")
        roles = [message.role for message in conversation.messages]
        assert roles == ["system", "user", "assistant"]
