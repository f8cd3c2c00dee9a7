"""Answers by a JSON Schema and calls of tools, written by a real model, read by `openai`."""

import json
from collections.abc import Iterator

import httpx
import jsonschema
import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel, Field

from fledge.text.tokenizer import Tokenizer
from serve.api.oracle import check
from serve.api.tool_server import CLOCK, PERSON, WEATHER, random_model

ASKED = [{"role": "user", "content": "Why?"}]
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
JSON = {"content-type": "application/json"}
NAMED = {"type": "function", "function": {"name": "weather"}}


class Weather(BaseModel):
    """Tell the weather."""

    city: str = Field(max_length=8)
    days: int = Field(ge=0, le=9)


@pytest.fixture(scope="module")
def url(tiny_tokenizer: Tokenizer) -> Iterator[str]:
    with random_model(tiny_tokenizer) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as made:
        yield made


def ask(client: OpenAI, **wishes: object) -> openai.types.chat.ChatCompletion:
    return client.chat.completions.create(**{"model": "tiny", "messages": ASKED, **wishes})


@pytest.mark.parametrize(
    "wishes",
    [
        {"temperature": 0},
        {"temperature": 2, "seed": 4},
        {"top_p": 0.1, "seed": 2, "presence_penalty": 2, "frequency_penalty": 2},
        {"n": 3, "seed": 5, "logprobs": True, "top_logprobs": 5},
        {"stop": ["tide"], "seed": 6},
    ],
)
def test_every_choice_is_valid_for_the_schema(client: OpenAI, wishes: dict) -> None:
    reply = ask(client, response_format=FORMAT, **wishes)
    for choice in reply.choices:
        assert choice.finish_reason == "stop"
        jsonschema.validate(json.loads(choice.message.content), PERSON)
    if "n" in wishes:
        assert len({choice.message.content for choice in reply.choices}) == 3
        tokens = [token for each in reply.choices for token in each.logprobs.content]
        assert all(token.logprob <= 0 and token.top_logprobs for token in tokens)
        said = bytes(byte for token in reply.choices[0].logprobs.content for byte in token.bytes)
        assert said.decode() == reply.choices[0].message.content


def test_the_same_seed_gives_the_same_answer_whole_and_streamed(client: OpenAI) -> None:
    whole = ask(client, response_format=FORMAT, seed=7).choices[0].message.content
    stream = ask(client, response_format=FORMAT, seed=7, stream=True)
    assert "".join(part.choices[0].delta.content or "" for part in stream) == whole


def test_any_json_object(client: OpenAI) -> None:
    for seed in range(2):
        reply = ask(client, response_format={"type": "json_object"}, seed=seed, max_tokens=400)
        (choice,) = reply.choices
        if choice.finish_reason == "stop":
            assert isinstance(json.loads(choice.message.content), dict)
        else:
            assert choice.message.content.startswith("{")


def test_a_cut_answer_says_so(client: OpenAI) -> None:
    (choice,) = ask(client, response_format=FORMAT, max_tokens=3).choices
    assert choice.finish_reason == "length"


@pytest.mark.parametrize("choice", ["required", NAMED])
@pytest.mark.parametrize("stream", [False, True])
def test_a_required_call_has_valid_arguments(client: OpenAI, choice: object, stream: bool) -> None:
    wishes = {"tools": [WEATHER, CLOCK], "tool_choice": choice, "seed": 3, "stream": stream}
    if stream:
        calls: dict[int, list[str]] = {}
        for part in ask(client, **wishes):
            for call in part.choices[0].delta.tool_calls or ():
                made = calls.setdefault(call.index, ["", "", ""])
                made[0] += call.id or ""
                made[1] += call.function.name or ""
                made[2] += call.function.arguments
            reason = part.choices[0].finish_reason
        made_calls = list(calls.values())
    else:
        (only,) = ask(client, **wishes).choices
        assert only.message.content is None
        reason = only.finish_reason
        made_calls = [
            [call.id, call.function.name, call.function.arguments]
            for call in only.message.tool_calls
        ]
    assert reason == "tool_calls" and made_calls
    for id_, name, arguments in made_calls:
        assert id_.startswith("call_")
        if name == "weather":
            Weather.model_validate_json(arguments)
        else:
            assert (choice, name, json.loads(arguments)) == ("required", "clock", {})


def test_one_call_where_no_more_are_wanted(client: OpenAI) -> None:
    for seed in range(3):
        wishes = {"tools": [CLOCK], "tool_choice": "required", "seed": seed}
        reply = ask(client, **wishes, parallel_tool_calls=False)
        assert len(reply.choices[0].message.tool_calls) == 1


def test_without_a_choice_the_model_may_answer_in_text(client: OpenAI) -> None:
    for choice in ("auto", "none"):
        reply = ask(client, tools=[WEATHER], tool_choice=choice, max_tokens=20, seed=1)
        assert reply.choices[0].message.content and not reply.choices[0].message.tool_calls


def test_an_answer_by_a_schema_or_a_call(client: OpenAI) -> None:
    kinds = set()
    for seed in range(6):
        reply = ask(client, tools=[WEATHER], response_format=FORMAT, seed=seed)
        (choice,) = reply.choices
        kinds.add(choice.finish_reason)
        if choice.message.tool_calls:
            assert choice.message.content is None
        else:
            jsonschema.validate(json.loads(choice.message.content), PERSON)
    assert kinds <= {"stop", "tool_calls"}


def test_the_older_form_is_answered_in_the_older_form(client: OpenAI) -> None:
    wishes = {"functions": [WEATHER["function"]], "function_call": {"name": "weather"}}
    (choice,) = ask(client, **wishes, seed=1).choices
    assert choice.finish_reason == "function_call"
    Weather.model_validate_json(choice.message.function_call.arguments)
    parts = list(ask(client, **wishes, seed=1, stream=True))
    deltas = [part.choices[0].delta.function_call for part in parts]
    arguments = "".join(delta.arguments for delta in deltas if delta)
    assert arguments == choice.message.function_call.arguments
    assert parts[-1].choices[0].finish_reason == "function_call"


def test_a_call_and_its_result_go_on(client: OpenAI) -> None:
    wishes = {"tools": [WEATHER], "seed": 3}
    called = ask(client, **wishes, tool_choice="required").choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in called.tool_calls
    ]
    messages = [*ASKED, called.model_dump(exclude_none=True), *results]
    assert ask(client, **wishes, messages=messages, max_tokens=5).choices


def test_pydantic_models_are_parsed(client: OpenAI) -> None:
    reply = client.chat.completions.parse(
        model="tiny", messages=ASKED, response_format=Weather, seed=1
    )
    assert isinstance(reply.choices[0].message.parsed, Weather)
    tool = openai.pydantic_function_tool(Weather)
    reply = client.chat.completions.parse(
        model="tiny", messages=ASKED, tools=[tool], tool_choice="required", seed=1
    )
    for call in reply.choices[0].message.tool_calls:
        assert isinstance(call.function.parsed_arguments, Weather)
    response = client.responses.parse(model="tiny", input="Why?", text_format=Weather)
    assert isinstance(response.output_parsed, Weather)


FLAT = {"type": "function", **WEATHER["function"]}


def test_a_response_calls_and_goes_on(client: OpenAI) -> None:
    made = client.responses.create(model="tiny", input="Why?", tools=[FLAT], tool_choice="required")
    calls = [item for item in made.output if item.type == "function_call"]
    assert calls and made.status == "completed"
    for call in calls:
        Weather.model_validate_json(call.arguments)
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        for call in calls
    ]
    again = client.responses.create(
        model="tiny", input=outputs, previous_response_id=made.id, max_output_tokens=3
    )
    echoed = [{"role": "user", "content": "Why?"}, *made.output, *outputs]
    same = client.responses.create(model="tiny", input=echoed, max_output_tokens=3)
    assert again.usage.input_tokens == same.usage.input_tokens


def test_a_response_streams_its_calls(client: OpenAI) -> None:
    with client.responses.stream(
        model="tiny",
        input="Why?",
        tools=[FLAT],
        tool_choice={"type": "function", "name": "weather"},
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[2] == "response.output_item.added"
    assert {"response.function_call_arguments.delta", "response.function_call_arguments.done"} <= {
        *kinds
    }
    Weather.model_validate_json(final.output[0].arguments)
    assert final.tool_choice.name == "weather" and final.tools[0].name == "weather"


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"not": {}}}}},
            "response_format",
        ),
        ({"tools": [WEATHER, WEATHER]}, "tools"),
        ({"tools": [CLOCK, {**CLOCK, "function": {"name": "a b"}}]}, "tools.1.function.name"),
        (
            {"tools": [CLOCK, {**CLOCK, "function": {"name": "x", "parameters": {"not": {}}}}]},
            "tools.1",
        ),
        ({"tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"tools": [WEATHER] * 129}, "tools"),
        ({"tools": [WEATHER], "tool_choice": "always"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        (
            {"tools": [CLOCK], "tool_choice": NAMED},
            "tool_choice",
        ),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"function_call": {"name": "f"}}, "function_call"),
        ({"tools": [CLOCK], "tool_choice": "x", "function_call": "none"}, "tool_choice"),
        ({"tools": [CLOCK], "function_call": {"name": "clock"}}, "function_call"),
        ({"functions": [{"name": "f"}], "tools": [CLOCK]}, "functions"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(url: str, wishes: dict, param: str) -> None:
    body = {"model": "tiny", "messages": ASKED, **wishes}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param), reply.text


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"text": {"format": {"type": "json_schema", "schema": {"not": {}}}}}, "text.format"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format"),
        ({"tools": [FLAT], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
        ({"tools": [{"type": "file_search"}]}, "tools.0.type"),
        (
            {"input": [{"type": "function_call_output", "call_id": "x", "output": "1"}]},
            "input.0.call_id",
        ),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"conversation": "conv_1"}, "conversation"),
    ],
)
def test_a_response_refuses_by_name(url: str, wishes: dict, param: str) -> None:
    reply = httpx.post(f"{url}/v1/responses", json={"model": "tiny", "input": "Why?", **wishes})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param), reply.text


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_numbers_that_json_does_not_have_are_a_400(url: str, number: str) -> None:
    schema = f'{{"type": "number", "multipleOf": {number}}}'
    tool = f'{{"type": "function", "function": {{"name": "f", "parameters": {schema}}}}}'
    form = f'{{"type": "json_schema", "json_schema": {{"schema": {schema}}}}}'
    wishes = {"tools.0": f'"tools": [{tool}]', "response_format": f'"response_format": {form}'}
    for param, wish in wishes.items():
        body = f'{{"model": "tiny", "messages": {json.dumps(ASKED)}, {wish}}}'
        reply = httpx.post(f"{url}/v1/chat/completions", content=body, headers=JSON)
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, param), reply.text


@pytest.mark.shared_data
def test_replies_and_chunks_are_as_published(url: str) -> None:
    body = {"model": "tiny", "messages": ASKED, "tools": [WEATHER], "tool_choice": "required"}
    path = f"{url}/v1/chat/completions"
    check("CreateChatCompletionResponse", httpx.post(path, json=body).json())
    for line in httpx.post(path, json={**body, "stream": True}).text.split("\n\n")[:-2]:
        check("CreateChatCompletionStreamResponse", json.loads(line.removeprefix("data: ")))
    body = {
        "model": "tiny",
        "input": "Why?",
        "tools": [FLAT],
        "tool_choice": "required",
        "text": {"format": {"type": "json_schema", "name": "p", "schema": PERSON}},
    }
    check("Response", httpx.post(f"{url}/v1/responses", json=body).json())
    events = httpx.post(f"{url}/v1/responses", json={**body, "stream": True}).text
    for event in events.strip().split("\n\n"):
        check("ResponseStreamEvent", json.loads(event.partition("data: ")[2]))
