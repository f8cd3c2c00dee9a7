"""The calls of Open WebUI, in its order: connect, list, chat, name the chat, embed a document."""

import json

import httpx

from serve.conftest import ANSWER

HEADERS = {
    "authorization": "Bearer sk-any",
    "content-type": "application/json",
    "x-openwebui-user-name": "Ada",
    "x-openwebui-user-id": "7c9e6679",
    "x-openwebui-user-email": "ada@example.org",
    "x-openwebui-user-role": "user",
}


def test_open_webui_finds_what_it_needs(url: str) -> None:
    with httpx.Client(base_url=f"{url}/v1", headers=HEADERS) as browser:
        listed = browser.get("/models")
        assert listed.status_code == 200
        models = listed.json()["data"]
        assert all(model["id"] and model["name"] for model in models)

        chat = {
            "model": models[0]["id"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": "Why are there tides?"}],
            "metadata": {"chat_id": "1", "message_id": "2"},
            "temperature": 0.7,
        }
        with browser.stream("POST", "/chat/completions", json=chat) as answer:
            assert "text/event-stream" in answer.headers["content-type"]
            lines = [line for line in answer.iter_lines() if line]
        assert lines[-1] == "data: [DONE]"
        events = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
        text = "".join(
            choice["delta"].get("content") or "" for event in events for choice in event["choices"]
        )
        assert text == ANSWER
        assert events[-1]["usage"]["total_tokens"] > 10

        title = {
            "model": models[0]["id"],
            "stream": False,
            "max_completion_tokens": 50,
            "messages": [{"role": "user", "content": "### Task:\nGenerate a title"}],
        }
        named = browser.post("/chat/completions", json=title).json()
        assert named["choices"][0]["message"]["content"]

        document = {"model": models[0]["id"], "input": ["The tide comes in.", "The moon pulls."]}
        vectors = browser.post("/embeddings", json=document).json()["data"]
        assert [vector["index"] for vector in vectors] == [0, 1]
        assert all(isinstance(number, float) for number in vectors[0]["embedding"])


def test_a_refusal_is_json_even_where_a_stream_was_asked_for(url: str) -> None:
    chat = {"model": "gone", "stream": True, "messages": [{"role": "user", "content": "?"}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=chat, headers=HEADERS)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert "gone" in answer.json()["error"]["message"]
