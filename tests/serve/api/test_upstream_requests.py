"""Requests to another server that stand for requests to ours, field by field."""

import httpx
from fastapi.testclient import TestClient

from fledge.generate.request import SamplingParams
from serve.api.other_server import Other, behind, chunk
from serve.spelled import QUESTION


def asked(other: Other, relay: TestClient, path: str, **body: object) -> dict:
    """Return the request that the other server gets for one to ours."""
    relay.post(f"/v1/{path}", json={"model": "tiny", **body})
    there, sent = other.asked[-1]
    assert there == f"/v1/{path}" and sent.pop("model") == "tiny"
    return sent


STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def test_a_chat_is_asked_for_in_openai_s_words_and_with_nothing_unasked(
    relay: TestClient, other: Other
) -> None:
    other.says(chunk("Hi", "stop"))
    plain = asked(other, relay, "chat/completions", messages=QUESTION)
    user = plain.pop("user")
    assert plain == {"messages": QUESTION, "temperature": 0.7, "top_p": 1.0, **STREAMED}
    full = asked(
        other,
        relay,
        "chat/completions",
        messages=[{"role": "developer", "content": [{"type": "text", "text": "A"}]}, *QUESTION],
        max_completion_tokens=5,
        n=2,
        stop="x",
        seed=3,
        top_k=4,
        logit_bias={"7": 1},
        logprobs=True,
        top_logprobs=2,
        user="ada",
        temperature=0,
    )
    assert full == {
        "messages": [{"role": "system", "content": "A"}, *QUESTION],
        "max_tokens": 5,
        "n": 2,
        "stop": ["x"],
        "seed": 3,
        "top_k": 4,
        "logit_bias": {"7": 1.0},
        "logprobs": True,
        "top_logprobs": 2,
        "user": f"{user}/ada",
        "temperature": 0.0,
        "top_p": 1.0,
        **STREAMED,
    }


def test_this_server_s_default_goes_along_within_what_openai_allows() -> None:
    other = Other()
    other.says(chunk("Hi", "stop"))
    with behind(other, sampling=SamplingParams(temperature=3, top_p=0.9, top_k=5)) as relay:
        sent = asked(other, relay, "chat/completions", messages=QUESTION)
        assert (sent["temperature"], sent["top_p"], "top_k" in sent) == (2.0, 0.9, False)
        sent = asked(other, relay, "chat/completions", messages=QUESTION, top_p=0.5)
        assert (sent["temperature"], sent["top_p"]) == (2.0, 0.5)


def test_other_endpoints_are_passed_on_as_they_came(relay: TestClient, other: Other) -> None:
    for path, body in (
        ("completions", {"prompt": [1, 2], "max_tokens": 3, "suffix": "x", "echo": False}),
        ("embeddings", {"input": ["a"], "dimensions": 2}),
    ):
        answer = {"object": "whatever", "extra": [1], "usage": {"total_tokens": 3}}
        other.reply = lambda answer=answer: httpx.Response(200, json=answer)
        assert asked(other, relay, path, **body) == body
        assert relay.post(f"/v1/{path}", json={"model": "tiny", **body}).json() == answer


def test_an_answer_of_the_pages_goes_on_as_vllm_reads_it(relay: TestClient, other: Other) -> None:
    chat = relay.post("/api/conversations", json={}).json()["id"]
    path = f"/api/conversations/{chat}"

    def end_of(message: dict) -> dict:
        relay.get(f"/api/runs/{message['run_id']}/events")
        return relay.get(path).json()["messages"][-1]

    other.says(chunk("Half", "length"))
    body = {"content": "Why?", "models": ["tiny"]}
    question, answer = relay.post(f"{path}/messages", json=body).json()["messages"]
    assert end_of(answer)["finish_reason"] == "length"
    other.says(chunk(" done", "stop"))
    body = {"parent_id": question["id"], "models": ["tiny"], "continues": answer["id"]}
    (again,) = relay.post(f"{path}/answers", json=body).json()["messages"]
    assert end_of(again)["content"] == "Half done"
    sent = other.asked[-1][1]
    assert sent["messages"] == [*QUESTION, {"role": "assistant", "content": "Half"}]
    assert (sent["continue_final_message"], sent["add_generation_prompt"]) == (True, False)
