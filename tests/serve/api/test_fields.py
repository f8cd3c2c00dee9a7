"""Fields that other servers and programs know: honoured, harmless, or refused by name."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.generate.request import SamplingParams
from fledge.serve.schemas.chat import ChatCompletionRequest
from fledge.serve.schemas.common import Body
from fledge.serve.schemas.completions import CompletionRequest, EmbeddingRequest
from fledge.serve.schemas.fields import IGNORED, NEUTRAL, UNTRANSLATED
from fledge.serve.schemas.responses import ResponseRequest
from fledge.text.tokenizer import Tokenizer
from serve.api.oracle import description
from serve.api.other_server import Other, chunk
from serve.spelled import BODY, QUESTION, saying
from serving import ScriptedEngine

Asked = tuple[TestClient, ScriptedEngine]
BODIES = {
    "chat/completions": BODY,
    "completions": {"model": "tiny", "prompt": "W"},
    "responses": {"model": "tiny", "input": "Why?"},
}
OTHERS = {
    "v1/embeddings": {"model": "tiny", "input": "W"},
    "v1/moderations": {"input": "W"},
    "tokenize": {"prompt": "W"},
    "detokenize": {"tokens": [40]},
}


@pytest.fixture(scope="module")
def server(tiny_tokenizer: Tokenizer) -> Iterator[Asked]:
    with saying(tiny_tokenizer, "Hi") as made:
        yield made


def sampled(server: Asked, path: str, **fields: object) -> SamplingParams:
    client, engine = server
    reply = client.post(f"/v1/{path}", json={**BODIES[path], **fields})
    assert reply.status_code == 200, reply.text
    return engine.requests[-1].sampling


@pytest.mark.parametrize("path", BODIES)
def test_a_top_p_of_0_is_greedy_everywhere(server: Asked, path: str) -> None:
    sampling = sampled(server, path, top_p=0, temperature=1.5)
    assert (sampling.top_p, sampling.is_greedy) == (0, True)


OPEN_WEBUI = {
    "temperature": 0,
    "top_p": 0,
    "top_k": 0,
    "min_p": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "repeat_penalty": 1,
    "stop": "",
    "max_tokens": -1,
    "seed": -1,
    "logit_bias": {},
    "stream_options": None,
    "n": None,
    "logprobs": None,
    "top_logprobs": 0,
    "stream": None,
    "user": None,
    "metadata": {"chat_id": "1"},
    "features": {},
    "files": [],
}
LLAMA_CPP = {
    "stream": False,
    "reasoning_format": "auto",
    "temperature": 0.8,
    "max_tokens": -1,
    "dynatemp_range": 0,
    "dynatemp_exponent": 1,
    "top_k": 40,
    "top_p": 0.95,
    "min_p": 0.05,
    "xtc_probability": 0,
    "xtc_threshold": 0.1,
    "typ_p": 1,
    "repeat_last_n": -1,
    "repeat_penalty": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "dry_multiplier": 0,
    "dry_base": 1.75,
    "dry_allowed_length": 2,
    "dry_penalty_last_n": -1,
    "timings_per_token": True,
    "cache_prompt": True,
}
LIBRE_CHAT = {
    "user": "66f1",
    "stream": False,
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "stop": None,
}
LANG_CHAIN = {"n": 1, "logit_bias": None, "max_completion_tokens": None, "stop": [], "seed": None}
CONTINUE = {"max_tokens": 4096, "stop": ["<|im_end|>"], "stream": False, "reasoning_effort": None}


@pytest.mark.parametrize("sent", [OPEN_WEBUI, LLAMA_CPP, LIBRE_CHAT, LANG_CHAIN, CONTINUE])
def test_a_chat_is_answered_as_programs_send_it(server: Asked, sent: dict[str, object]) -> None:
    client, engine = server
    reply = client.post("/v1/chat/completions", json={**BODY, **sent})
    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"] == "Hi"
    assert engine.requests[-1].sampling.max_new_tokens > 100


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("audio", {"voice": "a", "format": "wav"}),
        ("modalities", ["text", "audio"]),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("min_tokens", 5),
        ("ignore_eos", True),
        ("grammar", 'root ::= "x"'),
        ("mirostat", 2),
        ("chat_template", "{{ messages }}"),
        ("add_special_tokens", True),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(
    server: Asked, path: str, field: str, value: object
) -> None:
    client, engine = server
    before = len(engine.requests)
    reply = client.post(f"/v1/{path}", json={**BODIES[path], field: value})
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, field)
    assert (error["type"], error["code"]) == ("invalid_request_error", "unsupported_parameter")
    assert field in error["message"] and "leave it out" in error["message"]
    assert len(engine.requests) == before


@pytest.mark.parametrize("path", [*(f"v1/{each}" for each in BODIES), *OTHERS])
def test_every_endpoint_tells_what_it_would_have_to_ignore(server: Asked, path: str) -> None:
    client, _ = server
    body = BODIES.get(path.removeprefix("v1/")) or OTHERS[path]
    harmless = {"safety_identifier": "x", "nobody_knows_this": [1], "audio": None}
    assert client.post(f"/{path}", json={**body, **harmless}).status_code == 200
    reply = client.post(f"/{path}", json={**body, "truncate_prompt_tokens": 5})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "truncate_prompt_tokens")


@pytest.mark.parametrize("field", ["n", "stop", "seed", "logit_bias", "max_tokens", "prompt"])
def test_a_response_refuses_fields_that_it_has_not(server: Asked, field: str) -> None:
    values = {"n": 2, "stop": ["x"], "seed": 3, "logit_bias": {"5": 1}, "max_tokens": 3}
    body = {**BODIES["responses"], field: values.get(field, {"id": "pmpt_1"})}
    reply = server[0].post("/v1/responses", json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name, values in NEUTRAL.items() for value in values],
)
def test_a_value_that_changes_nothing_is_taken(server: Asked, field: str, value: object) -> None:
    if field in ChatCompletionRequest.model_fields:
        return
    assert sampled(server, "chat/completions", **{field: value}) == sampled(
        server, "chat/completions"
    )


def test_a_false_in_place_of_a_number_of_log_probabilities_is_none(server: Asked) -> None:
    client, _ = server
    for value, expected in ((False, None), (None, None), (0, 2)):
        body = {**BODIES["completions"], "logprobs": value}
        (choice,) = client.post("/v1/completions", json=body).json()["choices"]
        assert (choice["logprobs"] and len(choice["logprobs"]["tokens"])) == expected


def test_a_completion_without_a_limit_has_the_room_of_the_context(server: Asked) -> None:
    assert sampled(server, "completions", max_tokens=-1).max_new_tokens == 127
    refused = server[0].post("/v1/completions", json={**BODIES["completions"], "max_tokens": 0})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "max_tokens")


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("CreateChatCompletionRequest", ChatCompletionRequest),
        ("CreateCompletionRequest", CompletionRequest),
        ("CreateResponse", ResponseRequest),
        ("CreateEmbeddingRequest", EmbeddingRequest),
    ],
)
def test_every_field_of_openai_s_schema_is_decided(name: str, body: type[Body]) -> None:
    published = properties(description()["components"]["schemas"][name])
    assert len(published) >= 5
    declared = set(body.model_fields)
    assert published - declared - IGNORED - set(NEUTRAL) == set()


def properties(schema: dict) -> set[str]:
    """The names of a schema's properties, wherever it has them from."""
    schemas = description()["components"]["schemas"]
    if "$ref" in schema:
        return properties(schemas[schema["$ref"].rpartition("/")[2]])
    parts = [each for kind in ("allOf", "anyOf", "oneOf") for each in schema.get(kind, [])]
    return set(schema.get("properties", {})).union(*map(properties, parts))


def test_an_upstream_is_sent_what_it_may_know(relay: TestClient, other: Other) -> None:
    other.says(chunk("Hi", "stop"))
    fields = {"min_tokens": 5, "reasoning_effort": "low", "guided_regex": "a*", "nothing": None}
    assert relay.post("/v1/chat/completions", json={**BODY, **fields}).status_code == 200
    sent = other.asked[-1][1]
    assert (sent["min_tokens"], sent["reasoning_effort"], sent["guided_regex"]) == (5, "low", "a*")
    assert "nothing" not in sent
    body = {**BODIES["responses"], "reasoning": {"effort": "high"}}
    assert relay.post("/v1/responses", json=body).status_code == 200
    assert other.asked[-1][1]["reasoning_effort"] == "high"
    refused = relay.post("/v1/chat/completions", json={**BODY, "modalities": ["audio"]})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "modalities")


def test_a_greedy_top_p_is_told_to_an_upstream_as_a_temperature(
    relay: TestClient, other: Other
) -> None:
    other.says(chunk("Hi", "stop"))
    for fields in ({"top_p": 0}, {"top_p": 0, "temperature": 1}):
        relay.post("/v1/chat/completions", json={"model": "tiny", "messages": QUESTION, **fields})
        sent = other.asked[-1][1]
        assert (sent["temperature"], sent["top_p"]) == (0.0, 1.0)


def test_no_field_is_both_ignored_and_refused() -> None:
    assert IGNORED & set(NEUTRAL) == set()
    assert set(UNTRANSLATED) <= set(NEUTRAL)
