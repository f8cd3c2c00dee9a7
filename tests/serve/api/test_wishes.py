"""Wishes of a request, defaults of the server, and the sampling that the engine gets of both."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.generate.request import SamplingParams
from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY, QUESTION, saying
from serving import ScriptedEngine

CHAT = "/v1/chat/completions"
CONTEXT, PROMPT = 128, 7
DEFAULT = SamplingParams(
    temperature=0.7,
    top_p=0.9,
    top_k=40,
    min_p=0.05,
    repetition_penalty=1.1,
    presence_penalty=0.2,
    frequency_penalty=0.3,
    stop=("zz",),
)
USUAL = DEFAULT.model_copy(update={"max_new_tokens": CONTEXT - PROMPT, "stop_repetition": True})
"""The default as it reaches the engine: no answer goes on for ever."""
Asked = tuple[TestClient, ScriptedEngine]


@pytest.fixture(scope="module")
def server(tiny_tokenizer: Tokenizer) -> Iterator[Asked]:
    with saying(tiny_tokenizer, "Hi", sampling=DEFAULT) as made:
        yield made


def sampled(server: Asked, **wishes: object) -> SamplingParams:
    """How the engine samples the answer to a chat with these wishes."""
    client, engine = server
    reply = client.post(CHAT, json={**BODY, **wishes})
    assert reply.status_code == 200, reply.text
    return engine.requests[-1].sampling


def test_without_a_wish_the_server_s_default_holds(server: Asked) -> None:
    assert sampled(server) == USUAL
    nulls = dict.fromkeys(("temperature", "top_p", "top_k", "stop", "seed", "max_tokens"))
    assert sampled(server, **nulls) == USUAL


@pytest.mark.parametrize(
    ("wish", "field", "value"),
    [
        ({"temperature": 1.5}, "temperature", 1.5),
        ({"temperature": 0}, "temperature", 0.0),
        ({"temperature": 0.00009}, "temperature", 0.0),  # logits divided by less are no numbers
        ({"temperature": 0.0001}, "temperature", 0.0001),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"top_p": 0}, "top_p", 0.0),
        ({"top_k": 3}, "top_k", 3),
        ({"top_k": 0}, "top_k", None),
        ({"top_k": -1}, "top_k", None),
        ({"min_p": 0}, "min_p", 0.0),
        ({"min_p": 1}, "min_p", 1.0),
        ({"repetition_penalty": 1}, "repetition_penalty", 1.0),
        ({"repeat_penalty": 1.3}, "repetition_penalty", 1.3),
        ({"presence_penalty": 0}, "presence_penalty", 0.0),
        ({"frequency_penalty": -2}, "frequency_penalty", -2.0),
        ({"stop": "q"}, "stop", ("q",)),
        ({"stop": []}, "stop", ()),
        ({"stop": ""}, "stop", ()),
        ({"stop": [""]}, "stop", ()),
        ({"stop": ["", "q", "", "r", "", ""]}, "stop", ("q", "r")),
        ({"seed": -3}, "seed", -3),
        ({"seed": -1}, "seed", None),
        ({"seed": 2**63 - 1}, "seed", 2**63 - 1),
        ({"logit_bias": {}}, "logit_bias", {}),
        ({"logit_bias": {"5": -100}}, "logit_bias", {5: -100.0}),
        ({"max_tokens": 3}, "max_new_tokens", 3),
        ({"max_tokens": 500}, "max_new_tokens", CONTEXT - PROMPT),
        ({"max_tokens": -1}, "max_new_tokens", CONTEXT - PROMPT),
        ({"max_tokens": 0}, "max_new_tokens", CONTEXT - PROMPT),
        ({"max_completion_tokens": -1}, "max_new_tokens", CONTEXT - PROMPT),
        ({"max_completion_tokens": -1, "max_tokens": 9}, "max_new_tokens", 9),
        ({"max_completion_tokens": 2, "max_tokens": 9}, "max_new_tokens", 2),
        ({"stop_repetition": False}, "stop_repetition", False),
        ({"logprobs": True, "top_logprobs": 4}, "num_alternatives", 4),
        ({"logprobs": True}, "num_alternatives", 0),
    ],
)
def test_a_wish_changes_its_own_field_and_no_other(
    server: Asked, wish: dict[str, object], field: str, value: object
) -> None:
    assert sampled(server, **wish) == USUAL.model_copy(update={field: value})


def test_choices_of_one_seed_differ_and_begin_anew_with_each_prompt(server: Asked) -> None:
    client, engine = server
    client.post(CHAT, json={**BODY, "seed": 5, "n": 3})
    assert [request.sampling.seed for request in engine.requests[-3:]] == [5, 6, 7]
    body = {"model": "tiny", "prompt": ["A", "B"], "seed": 5, "n": 2}
    client.post("/v1/completions", json=body)
    assert [request.sampling.seed for request in engine.requests[-4:]] == [5, 6, 5, 6]
    assert len({request.id for request in engine.requests[-7:]}) == 7


def test_a_completion_writes_16_tokens_where_nothing_or_null_is_said(server: Asked) -> None:
    client, engine = server
    for limit in ({}, {"max_tokens": None}):
        client.post("/v1/completions", json={"model": "tiny", "prompt": "A", **limit})
        assert engine.requests[-1].sampling.max_new_tokens == 16


def test_best_of_asks_for_probabilities_though_nobody_is_told_them(server: Asked) -> None:
    client, engine = server
    body = {"model": "tiny", "prompt": "A", "best_of": 3, "n": 1}
    (choice,) = client.post("/v1/completions", json=body).json()["choices"]
    assert choice["logprobs"] is None
    assert [request.sampling.num_alternatives for request in engine.requests[-3:]] == [0, 0, 0]
    body["logprobs"] = 2
    (choice,) = client.post("/v1/completions", json=body).json()["choices"]
    assert [len(each) for each in choice["logprobs"]["top_logprobs"]] == [2, 2]


@pytest.mark.parametrize(
    ("field", "most", "more"),
    [
        ("n", 16, 17),
        ("best_of", 16, 17),
        ("logprobs", 5, 6),
        ("prompt", ["W"] * 128, ["W"] * 129),
        ("max_tokens", 10**9, -2),
    ],
)
def test_a_completion_has_bounds_of_its_own(
    server: Asked, field: str, most: object, more: object
) -> None:
    client, engine = server
    body = {"model": "tiny", "prompt": "W", "max_tokens": 1}
    assert client.post("/v1/completions", json={**body, field: most}).status_code == 200
    before = len(engine.requests)
    refused = client.post("/v1/completions", json={**body, field: more})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, field)
    assert len(engine.requests) == before


def test_an_answer_ends_with_its_turn_and_writes_no_role(
    server: Asked, tiny_tokenizer: Tokenizer
) -> None:
    sampled(server)
    request = server[1].requests[-1]
    special = tiny_tokenizer.special
    assert request.stop_ids == {special.end, special.end_of_text}
    assert request.banned_ids == {special.user, special.system, special.assistant, special.pad}


BOUNDS = {
    "temperature": (0, 2, -0.01, 2.01),
    "top_p": (0, 1, -0.01, 1.01),
    "top_k": (-1, 2**31 - 1, -2, 2**31),
    "min_p": (0, 1, -0.01, 1.01),
    "repetition_penalty": (0.01, 100, 0.009, 100.1),
    "presence_penalty": (-2, 2, -2.01, 2.01),
    "frequency_penalty": (-2, 2, -2.01, 2.01),
    "max_tokens": (-1, 10**9, -2, -1.5),
    "max_completion_tokens": (-1, 10**9, -2, 0.5),
    "n": (1, 16, 0, 17),
    "seed": (-(2**63), 2**63 - 1, -(2**63) - 1, 2**63),
    "top_logprobs": (0, 20, -1, 21),
}
"""The least and the most that is taken, and what is just beyond."""


@pytest.mark.parametrize("field", BOUNDS)
def test_a_number_is_taken_up_to_its_bounds_and_named_beyond_them(
    server: Asked, field: str
) -> None:
    client, engine = server
    least, most, less, more = BOUNDS[field]
    for number in (least, most):
        reply = client.post(CHAT, json={**BODY, "logprobs": True, field: number})
        assert reply.status_code == 200, (number, reply.text)
    before = len(engine.requests)
    for number in (less, more):
        reply = client.post(CHAT, json={**BODY, "logprobs": True, field: number})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, field), number
    assert len(engine.requests) == before


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": [1]}, "temperature"),
        ({"n": 1.5}, "n"),
        ({"stream": "perhaps"}, "stream"),
        ({"stop": 3}, "stop"),
        ({"user": "x" * 501}, "user"),
        ({"model": "x" * 501}, "model"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "Why?"}]}, "messages.0.role"),
        ({"messages": [{"role": "wizard", "content": "Why?"}]}, "messages.0.role"),
        ({"messages": [*QUESTION, "And?"]}, "messages.1"),
        ({"logit_bias": {"x": 1}}, "logit_bias.x"),
        ({"logit_bias": {"5": -100.5}}, "logit_bias.5"),
        ({"logit_bias": {"300": 1}}, "logit_bias"),  # the vocabulary ends at 299
        ({"logit_bias": {"-1": 1}}, "logit_bias"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"tools": [{"type": "function"}]}, "tools.0.function"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"truncation": "middle"}, "truncation"),
    ],
)
def test_what_is_no_wish_is_a_400_that_names_it_and_costs_nothing(
    server: Asked, change: dict[str, object], param: str
) -> None:
    client, engine = server
    before = len(engine.requests)
    reply = client.post(CHAT, json={**BODY, **change})
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, param)
    assert error["type"] == "invalid_request_error" and error["message"]
    assert len(engine.requests) == before


@pytest.mark.parametrize(
    "harmless",
    [
        {"tools": []},
        {"tools": None},
        {"response_format": {"type": "text"}},
        {"logit_bias": {"299": 100}},
        {"user": "x" * 500},
        {"stream_options": {"include_usage": True}},
        {"service_tier": "auto", "store": True, "verbosity": "low"},
    ],
)
def test_what_changes_nothing_is_taken(server: Asked, harmless: dict[str, object]) -> None:
    reply = server[0].post(CHAT, json={**BODY, **harmless})
    assert reply.json()["choices"][0]["message"]["content"] == "Hi"


def test_the_last_place_of_the_context_is_for_the_answer(
    server: Asked, tiny_tokenizer: Tokenizer
) -> None:
    client, engine = server
    text = "W" * (CONTEXT - 1 - 3)  # the roles and the end of the turn are three tokens
    assert len(tiny_tokenizer.encode(text)) == len(text)
    fits = client.post(CHAT, json={**BODY, "messages": [{"role": "user", "content": text}]})
    assert fits.json()["usage"]["prompt_tokens"] == CONTEXT - 1
    assert fits.json()["choices"][0]["finish_reason"] == "length"
    assert engine.requests[-1].sampling.max_new_tokens == 1
    longer = [{"role": "user", "content": f"{text}W"}]
    error = client.post(CHAT, json={**BODY, "messages": longer}).json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "messages")
    assert "128" in error["message"] and "127" in error["message"]


def test_on_request_the_oldest_turns_go_and_a_quarter_is_kept_for_the_answer(
    server: Asked, tiny_tokenizer: Tokenizer
) -> None:
    client, engine = server
    turns = [
        {"role": role, "content": letter * 40}
        for role, letter in (("user", "W"), ("assistant", "X"), ("user", "Y"))
    ]
    body = {"model": "tiny", "messages": turns, "truncation": "auto"}
    assert client.post(CHAT, json=body).status_code == 200
    prompt = engine.requests[-1].prompt
    assert len(prompt) == 43 and tiny_tokenizer.decode(prompt[1:41]) == "Y" * 40
    # With 2 tokens wished for, 126 are left, which two turns and the answers' heads fill.
    assert client.post(CHAT, json={**body, "max_tokens": 2}).status_code == 200
    assert len(engine.requests[-1].prompt) <= 126
