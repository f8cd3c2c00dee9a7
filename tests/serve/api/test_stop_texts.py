"""Where an answer ends: stop texts across the borders of tokens, and lengths."""

import pytest

from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY, saying, streamed

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("answer", "stop", "shown", "tokens"),
    [
        ("one STOP two", ["STOP"], "one ", 8),  # each character is a token, and so read
        ("ababac", ["abac"], "ab", 6),
        ("xyz abc", ["z abc", "y"], "x", 2),  # complete first, though it begins later
        ("xyz", ["yz", "xyz"], "", 3),  # complete together: the longer one
        ("STOP", ["STOP"], "", 4),
        ("Été!", ["té"], "É", 5),
        ("one ST", ["STOP"], "one ST", 7),  # the beginning of a stop text is text in the end
        ("one STOP", ["stop"], "one STOP", 9),
        ("a\nb", "\n", "a", 2),
        ("one", [], "one", 4),
        ("one", "", "one", 4),
        ("one STOP two", ["", "STOP"], "one ", 8),
        ("one", None, "one", 4),
    ],
)
def test_an_answer_ends_before_its_stop_text(
    tiny_tokenizer: Tokenizer, answer: str, stop: object, shown: str, tokens: int
) -> None:
    with saying(tiny_tokenizer, answer) as (client, engine):
        reply = client.post(CHAT, json={**BODY, "stop": stop}).json()
        (choice,) = reply["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == (shown, "stop")
        assert reply["usage"]["completion_tokens"] == tokens
        assert not engine.rows, "the row is free"


def test_nothing_of_a_stop_text_is_streamed_and_what_only_looked_like_one_is(
    tiny_tokenizer: Tokenizer,
) -> None:
    with saying(tiny_tokenizer, "a ST b STOP c") as (client, _):
        chunks = streamed(client.post(CHAT, json={**BODY, "stop": ["STOP"], "stream": True}))
        deltas = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
        assert deltas == ["", "a", " ", "ST ", "b", " ", None]
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_length_gives_back_what_waited_for_a_stop_text(tiny_tokenizer: Tokenizer) -> None:
    with saying(tiny_tokenizer, "one STOP") as (client, _):
        reply = client.post(CHAT, json={**BODY, "stop": ["STOP"], "max_tokens": 7}).json()
        (choice,) = reply["choices"]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("one STO", "length")
        assert reply["usage"]["completion_tokens"] == 7


def test_each_choice_stops_on_its_own(tiny_tokenizer: Tokenizer) -> None:
    with saying(tiny_tokenizer, "one.two") as (client, engine):
        body = {"model": "tiny", "prompt": ["A", "B"], "n": 2, "stop": ".", "max_tokens": 50}
        reply = client.post("/v1/completions", json=body).json()
        assert [each["text"] for each in reply["choices"]] == ["one"] * 4
        assert [each["finish_reason"] for each in reply["choices"]] == ["stop"] * 4
        assert not engine.rows


def test_an_echo_is_no_part_of_the_answer_and_stops_nothing(tiny_tokenizer: Tokenizer) -> None:
    with saying(tiny_tokenizer, "one.two") as (client, _):
        body = {"model": "tiny", "prompt": "A.", "echo": True, "stop": ".", "max_tokens": 50}
        assert client.post("/v1/completions", json=body).json()["choices"][0]["text"] == "A.one"


@pytest.mark.parametrize(
    ("stop", "status"),
    [
        (["a", "b", "c", "d"], 200),
        (["a", "b", "c", "d", "e"], 400),
        (["x" * 500], 200),
        (["x" * 501], 400),
        ([""], 200),
        (["", "a", "b", "", "c", "d"], 200),
        ([1], 400),
        ({"text": "a"}, 400),
    ],
)
def test_stop_texts_are_at_most_four_of_at_most_500_characters(
    tiny_tokenizer: Tokenizer, stop: object, status: int
) -> None:
    with saying(tiny_tokenizer, "one") as (client, engine):
        reply = client.post(CHAT, json={**BODY, "stop": stop})
        assert reply.status_code == status
        assert len(engine.requests) == (status == 200)


def test_a_chat_of_the_pages_stops_and_ends_by_the_same_rules(tiny_tokenizer: Tokenizer) -> None:
    with saying(tiny_tokenizer, "one STOP two") as (client, _):
        sampling = {"stop": ["STOP"], "max_tokens": 100}
        chat = client.post("/api/conversations", json={"sampling": sampling}).json()["id"]
        path = f"/api/conversations/{chat}/messages"
        body = {"content": "Why?", "models": ["tiny"]}
        run_id = client.post(path, json=body).json()["messages"][1]["run_id"]
        client.get(f"/api/runs/{run_id}/events")
        answer = client.get(f"/api/conversations/{chat}").json()["messages"][1]
        assert (answer["content"], answer["finish_reason"]) == ("one ", "stop")
        assert (answer["prompt_tokens"], answer["completion_tokens"]) == (7, 8)
