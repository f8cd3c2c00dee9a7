"""Tools and forms of answers pass through to another server, and its calls come back."""

import json

import pytest
from fastapi.testclient import TestClient

from serve.api.other_server import Other, chunk
from serve.api.tool_server import CLOCK, PERSON, WEATHER
from serve.spelled import QUESTION, streamed

CHAT = "/v1/chat/completions"
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}


def calling(*calls: dict, reason: str | None = None) -> dict:
    return chunk(reason=reason, delta={"tool_calls": list(calls)})


def part(index: int, id_: str | None = None, name: str | None = None, arguments: str = "") -> dict:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, "function": function} | ({"id": id_, "type": "function"} if id_ else {})


CALLS = [
    calling(part(0, "call_a", "weather")),
    calling(part(0, arguments='{"city": "Bo')),
    calling(part(0, arguments='nn"}')),
    calling(part(1, "call_b", "clock", "{}")),
    chunk(reason="tool_calls"),
]


def test_tools_and_forms_are_passed_on(relay: TestClient, other: Other) -> None:
    other.says(chunk("Hi", "stop"))
    wishes = {
        "tools": [WEATHER, CLOCK],
        "tool_choice": {"type": "function", "function": {"name": "clock"}},
        "parallel_tool_calls": False,
        "response_format": FORMAT,
    }
    relay.post(CHAT, json={"model": "tiny", "messages": QUESTION, **wishes})
    sent = other.asked[-1][1]
    assert {name: sent[name] for name in wishes} == wishes


def test_the_history_of_calls_is_passed_on(relay: TestClient, other: Other) -> None:
    other.says(chunk("Hi", "stop"))
    function = {"name": "clock", "arguments": "{}"}
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": function}],
    }
    result = {"role": "tool", "content": "noon", "tool_call_id": "1"}
    messages = [*QUESTION, called, result]
    relay.post(CHAT, json={"model": "tiny", "messages": messages})
    assert other.asked[-1][1]["messages"] == messages


def test_calls_of_the_other_server_come_back(relay: TestClient, other: Other) -> None:
    other.says(*CALLS)
    body = {"model": "tiny", "messages": QUESTION, "tools": [WEATHER, CLOCK]}
    (choice,) = relay.post(CHAT, json=body).json()["choices"]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
    calls = [(c["id"], c["function"]) for c in choice["message"]["tool_calls"]]
    assert calls == [
        ("call_a", {"name": "weather", "arguments": '{"city": "Bonn"}'}),
        ("call_b", {"name": "clock", "arguments": "{}"}),
    ]
    chunks = streamed(relay.post(CHAT, json={**body, "stream": True}))
    deltas = [c["choices"][0]["delta"] for c in chunks]
    parts = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [call["index"] for call in parts] == [0, 0, 0, 1, 1]
    assert "".join(call["function"]["arguments"] for call in parts[:3]) == '{"city": "Bonn"}'
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_response_asks_as_a_chat_and_has_the_calls(relay: TestClient, other: Other) -> None:
    other.says(*CALLS)
    body = {
        "model": "tiny",
        "input": "Why?",
        "tools": [{"type": "function", **CLOCK["function"]}],
        "tool_choice": {"type": "function", "name": "clock"},
        "text": {"format": {"type": "json_schema", "name": "person", "schema": PERSON}},
    }
    made = relay.post("/v1/responses", json=body).json()
    sent = other.asked[-1][1]
    assert sent["tools"] == [CLOCK] and sent["response_format"] == FORMAT
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "clock"}}
    assert [(item["type"], item["name"]) for item in made["output"]] == [
        ("function_call", "weather"),
        ("function_call", "clock"),
    ]
    events = relay.post("/v1/responses", json={**body, "stream": True}).text
    assert "response.function_call_arguments.done" in events
    assert json.loads(events.strip().rpartition("data: ")[2])["type"] == "response.completed"


def test_calls_and_tools_are_guessed_as_tokens_too(relay: TestClient, other: Other) -> None:
    other.says(chunk("Hi", "stop"))
    function = {"name": "clock", "arguments": json.dumps({"zone": "x" * 400})}
    calls = [{"id": "1", "type": "function", "function": function}]
    result = {"role": "tool", "content": "noon", "tool_call_id": "1"}
    messages = [*QUESTION, {"role": "assistant", "tool_calls": calls}, result]
    body = {"model": "tiny", "messages": messages}
    told = {"type": "function", "function": {"name": "clock", "description": "y" * 4_000}}
    read = [
        relay.post(CHAT, json={**body, **wishes}).json()["usage"]["prompt_tokens"]
        for wishes in ({"messages": QUESTION}, {}, {"tools": [told]})
    ]
    assert read[0] < 5 and 100 < read[1] < 200 and 1_000 < read[2] - read[1] < 1_100


def test_calls_that_other_servers_number_and_name_otherwise_come_back(
    relay: TestClient, other: Other
) -> None:
    odd = {"index": 7, "id": None, "function": {"name": "clock", "arguments": None}}
    other.says(
        calling(part(3, "call_a", "weather", '{"city": ')),
        calling(part(3, "call_a", "weather", '"Bonn"}')),
        calling(odd, part(9, arguments="{}"), part(-1, arguments="{}")),
        calling(part(7, arguments="{}")),
        {"choices": [{"index": [0], "delta": {"content": "?"}}, {"index": 0, "delta": None}]},
        chunk(reason="tool_calls"),
    )
    body = {"model": "tiny", "messages": QUESTION, "tools": [WEATHER, CLOCK]}
    reply = relay.post(CHAT, json=body)
    assert reply.status_code == 200, reply.text
    first, second = reply.json()["choices"][0]["message"]["tool_calls"]
    assert first["function"] == {"name": "weather", "arguments": '{"city": "Bonn"}'}
    assert second["id"] and second["function"] == {"name": "clock", "arguments": "{}"}
    flat = [{"type": "function", **CLOCK["function"]}]
    body = {"model": "tiny", "input": "Why?", "tools": flat, "stream": True}
    made = relay.post("/v1/responses", json=body).text
    assert made.count("event: response.output_item.done") == 2
    assert "event: response.completed" in made


@pytest.mark.parametrize("hostile", ['"\\ud800"', "NaN", "1e999"])
def test_what_json_cannot_spell_is_a_400(relay: TestClient, other: Other, hostile: str) -> None:
    other.says(chunk("Hi", "stop"))
    content = hostile if "ud8" in hostile else '"Why?"'
    messages = f'[{{"role": "user", "content": {content}}}]'
    body = f'{{"model": "tiny", "messages": {messages}, "unknown": {hostile}}}'
    reply = relay.post(CHAT, content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400, reply.text


def test_what_is_no_call_is_left_out(relay: TestClient, other: Other) -> None:
    broken = [calling({"index": "x"}, part(0)), chunk(delta={"tool_calls": "none"})]
    other.says(*broken, chunk("Hi", "stop"))
    body = {"model": "tiny", "messages": QUESTION, "tools": [CLOCK]}
    (choice,) = relay.post(CHAT, json=body).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hi", "stop")
