"""Assistants: made, ready-made, what they know, and the chats that they hold."""

from collections.abc import Callable
from random import Random

import httpx
import pytest

from fledge.serve.web.assistants.knowledge import PASSAGE_CHARACTERS, passages_of
from fledge.serve.web.assistants.ready import READY, drawn
from fledge.serve.web.sources import Citation
from fledge.starter.kinds import KINDS as ALL_KINDS
from fledge.starter.shop import Shop, told
from fledge.text.passages import with_passages
from serving import ScriptedEngine

KINDS = {kind.name: kind for kind in ALL_KINDS}
Begin = Callable[..., dict]
Say = Callable[..., list[dict]]
Written = Callable[[dict], dict]

MANUAL = """Our shop is small.

# Returns
A parcel can be sent back within 30 days. Keep the receipt.

# Opening hours
We are open from nine to six."""


@pytest.fixture
def assistant(client: httpx.Client) -> dict:
    fields = {
        "name": "Diana",
        "system_prompt": "You are Diana. The word is {moon|moon}.",
        "greeting": "Welcome!",
        "suggestions": ["Who are you?"],
        "sampling": {"temperature": 0.2},
        "model": "tiny",
        "shared": True,
        "allowed_origins": ["https://Shop.example/"],
    }
    return client.post("/api/assistants", json=fields).json()


def test_an_assistant_brings_prompt_model_and_sampling_and_keeps_its_secret(
    client: httpx.Client,
    assistant: dict,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    tiny_tokenizer,
) -> None:
    chat = begin(assistant_id=assistant["id"], model="other")
    assert (chat["model"], chat["system_prompt"]) == ("tiny", None)
    assert chat["assistant"]["greeting"] == "Welcome!"
    written(say(chat["id"], "Who are you?")[1])
    request = engine.requests[-1]
    assert request.sampling.temperature == 0.2
    prompt = tiny_tokenizer.decode_marked(request.prompt)
    assert prompt.startswith("<|system|>You are Diana. The word is moon.<|end|>")


def test_what_an_assistant_knows_is_read_and_cited(
    client: httpx.Client,
    assistant: dict,
    begin: Begin,
    say: Say,
    written: Written,
    engine: ScriptedEngine,
    tiny_tokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    citing = ScriptedEngine(tiny_tokenizer, "Within 30 days [1].")
    monkeypatch.setattr(engine, "script", citing.script)
    path = f"/api/assistants/{assistant['id']}/documents"
    document = client.post(path, json={"name": "manual.md", "text": MANUAL}).json()
    assert document["name"] == "manual.md"
    chat = begin(assistant_id=assistant["id"])["id"]
    ended = written(say(chat, "When can a parcel be returned?")[1])
    (citation, *_) = ended["citations"]
    assert (citation["number"], citation["name"]) == (1, "manual.md: Returns")
    assert "within 30 days" in citation["text"]
    assert "[1] manual.md: Returns" in tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    client.delete(f"{path}/{document['id']}")
    other = written(say(begin(assistant_id=assistant["id"])["id"], "A parcel?")[1])
    assert other["citations"] == []


def test_a_text_is_cut_into_passages_under_their_headings() -> None:
    long = "A sentence of some words. " * 60
    passages = passages_of(f"{MANUAL}\n\n# Long\n{long}")
    assert [passage.heading for passage in passages[:3]] == ["", "Returns", "Opening hours"]
    assert all(len(passage.content) <= PASSAGE_CHARACTERS for passage in passages)
    joined = " ".join(passage.content for passage in passages if passage.heading == "Long")
    assert joined.split() == long.split()
    assert passages_of(" \n\n# Only a heading\n") == []
    assert len(passages_of("x" * 2_000)) == 3


def test_only_headings_are_headings() -> None:
    text = "\ufeff# Shop ##\r\n#hashtag\r\n \r\n```sh\n# a comment\n```\n##\nlast"
    passages = [(passage.heading, passage.content) for passage in passages_of(text)]
    assert passages == [("Shop", "#hashtag\n\n```sh\n# a comment\n```"), ("", "last")]


def test_a_long_text_without_any_break_is_cut_quickly() -> None:
    passages = passages_of("Word. " * 300_000)
    assert sum(len(passage.content.split()) for passage in passages) == 300_000


def test_passages_stand_under_the_system_prompt() -> None:
    citation = Citation(number=1, name="a.md", text="Text.")
    prompt = with_passages("Be kind.", [citation])
    assert prompt is not None
    assert prompt.startswith("Be kind.\n\nAnswer from these passages")
    assert prompt.endswith("[1] a.md\nText.")
    assert with_passages("Be kind.", []) == "Be kind."


def test_a_ready_made_assistant_becomes_one_s_own_once(client: httpx.Client) -> None:
    first = client.post("/api/assistants/ready/hangman").json()
    assert first["is_own"] and first["name"] == "Hangman"
    assert client.post("/api/assistants/ready/hangman").json()["id"] == first["id"]
    assert client.post("/api/assistants/ready/chess").status_code == 404


@pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.key)
def test_a_ready_made_prompt_is_drawn_and_has_no_braces_left(ready) -> None:
    prompts = {drawn(ready.system_prompt, Random(seed)) for seed in range(20)}
    assert all("{" not in prompt and "|" not in prompt for prompt in prompts)
    assert (len(prompts) > 5) == ("{" in ready.system_prompt)


BY_KEY = {ready.key: ready for ready in READY}


@pytest.mark.parametrize(
    ("key", "kind"), [("hangman", "hangman"), ("twenty-questions", "twenty_questions")]
)
def test_a_ready_made_game_is_hosted_in_the_words_that_are_taught(key: str, kind: str) -> None:
    random = Random(0)
    taught = {
        KINDS[kind].draw(split, random).conversation.messages[0].content
        for split in ("train", "held_out")
        for _ in range(3000)
    }
    prompts = {drawn(BY_KEY[key].system_prompt, Random(seed)) for seed in range(60)}
    assert len(prompts) > 15
    assert prompts <= taught


def test_the_ready_made_shop_tells_its_facts_as_the_taught_shops_do() -> None:
    facts = Shop("Diana", "9", "18", "Sunday", {"lamp": "25"}, expert="")
    assert BY_KEY["shop"].system_prompt in {told(facts, Random(seed)) for seed in range(3000)}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("hangman", "hangman"),
        ("twenty-questions", "twenty_questions"),
        ("shop", "shop"),
        ("french", "french"),
    ],
)
def test_what_a_ready_made_assistant_suggests_is_taught(key: str, kind: str) -> None:
    random = Random(1)
    asked = {KINDS[kind].draw("train", random).question for _ in range(4000)}
    assert set(BY_KEY[key].suggestions) <= asked


@pytest.mark.parametrize(
    "fields",
    [
        {"name": " "},
        {"allowed_origins": ["javascript:alert(1)"]},
        {"allowed_origins": ["https://a.example; script-src *"]},
        {"allowed_origins": ["https://a b"]},
        {"allowed_origins": ["*"]},
        {"suggestions": ["x"] * 13},
        {"sampling": None},
        {"greeting": "a\0b"},
        {"colour": "red"},
    ],
)
def test_a_senseless_assistant_is_a_400(client: httpx.Client, fields: dict) -> None:
    assert client.post("/api/assistants", json=fields).status_code == 400


def test_an_origin_is_kept_without_its_path(assistant: dict) -> None:
    assert assistant["allowed_origins"] == ["https://shop.example"]
