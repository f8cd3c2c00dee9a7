"""Sources under an answer: the passages that it uses, and no others."""

from collections.abc import Callable

import httpx
import pytest

from fledge.database.full_text import telling_words
from fledge.serve.web.sources import Citation, cited_numbers, used_passages
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine

BULBS = Citation(
    number=1,
    name="bulbs.md: Which bulb fits",
    text="Desk lamps take a small screw bulb, E14, of at most 40 watts. Floor lamps take a large "
    "screw bulb, E27, of at most 60 watts.",
)
DIMMING = Citation(
    number=2,
    name="bulbs.md: Dimming",
    text='Only the floor lamps can be dimmed, with a bulb that says "dimmable" on its box.',
)
RETURNS = Citation(
    number=3,
    name="shop.md: Returns",
    text="A lamp can be sent back within 30 days of delivery. Keep the receipt.",
)
TOKYO = Citation(number=4, name="shop.md", text="東京の店は九時に開きます。")
PASSAGES = (BULBS, DIMMING, RETURNS, TOKYO)


def used(question: str, answer: str) -> list[int]:
    return [each.number for each in used_passages(answer, PASSAGES, telling_words(question))]


@pytest.mark.parametrize(
    ("question", "answer", "numbers"),
    [
        ("Can I return it?", "Yes, you can [3].", [3]),
        ("Can I return it?", "Yes [3][1], but not if dimmed.", [1, 3]),
        ("Which bulb?", "See [1, 2].", [1, 2]),
        ("Which bulb?", "See [1-3].", [1, 2, 3]),
        ("Which bulb?", "See [9], which there is not.", []),
        ("Which bulb?", "Use `bulbs[1]`, or\n```\nbulbs[2]\n```", []),
    ],
)
def test_a_passage_is_used_that_is_named(question: str, answer: str, numbers: list[int]) -> None:
    assert used(question, answer) == numbers


@pytest.mark.parametrize(
    ("question", "answer", "numbers"),
    [
        ("Which bulb fits a floor lamp?", "A large screw bulb of at most 60 watts.", [1]),
        ("Which bulb fits a floor lamp?", "E27.", [1]),
        ("Which lamps can be dimmed?", "Only the floor lamps can be dimmed.", [2]),
        ("Can I return it?", "Sure! Send it back within 30 days, and keep the receipts.", [3]),
        (
            "Which bulb do I need, and can I return it?",
            "You need a large screw bulb.\nYou can send it back within 30 days.",
            [1, 3],
        ),
        ("いつ開きますか", "店は九時に開きます。", [4]),
    ],
)
def test_a_passage_is_used_that_an_answer_speaks_from(
    question: str, answer: str, numbers: list[int]
) -> None:
    assert used(question, answer) == numbers


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Can lamps be dimmed or sent back?", "I don't find that."),
        ("Can I dim a desk lamp?", "I don't find anything about dimming desk lamps."),
        ("Do lamps have a receipt?", "I'm sorry, I can't tell you about the receipt of a lamp."),
        ("When are you open on Saturday?", "On Saturday we're open from 9 to 16."),
        ("How many lamps are there?", "40 here, 60 there, and 30 to come."),
        ("What does a lamp cost?", "The lamp is 24 euros, plus 5 euros for its delivery."),
        ("Who are you?", "I'm Vera, and I sell lamps."),
        ("Hello", ""),
    ],
)
def test_refusals_and_near_misses_use_none(question: str, answer: str) -> None:
    assert used(question, answer) == []


def test_numbers_are_read_from_square_brackets_alone() -> None:
    assert cited_numbers("It has 3 rooms (see 4) and costs 5.") == set()
    assert cited_numbers("[1], [2 and 3], [5–7] [12;14]") == {1, 2, 3, 5, 6, 7, 12, 14}


@pytest.fixture
def shop(client: httpx.Client) -> str:
    """An assistant that knows two files."""
    made = client.post("/api/assistants", json={"name": "Vera", "model": "tiny", "shared": True})
    for each in (BULBS, RETURNS):
        body = {"name": each.name.partition(":")[0], "text": f"# About lamps\n{each.text}"}
        path = f"/api/assistants/{made.json()['id']}/documents"
        assert client.post(path, json=body).status_code == 201
    return str(made.json()["id"])


def test_stream_api_and_saved_chat_show_the_same_sources(
    client: httpx.Client,
    shop: str,
    begin: Callable[..., dict],
    say: Callable[..., list[dict]],
    written: Callable[[dict], dict],
    engine: ScriptedEngine,
    tiny_tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both files are found by the word "lamp"; the answer is from one of them."""
    answer = "You may send it back within 30 days."
    monkeypatch.setattr(engine, "script", ScriptedEngine(tiny_tokenizer, answer).script)
    chat = begin(assistant_id=shop)["id"]
    running = say(chat, "What about my lamp?")[1]
    assert running["citations"] == [], "nothing is used before the answer is whole"
    streamed = written(running)["citations"]
    assert [each["name"] for each in streamed] == ["shop.md: About lamps"]
    saved = client.get(f"/api/conversations/{chat}").json()["messages"][1]["citations"]
    assert saved == streamed
    page = client.get(f"/c/{chat}").text
    assert "shop.md: About lamps" in page and "bulbs.md" not in page
