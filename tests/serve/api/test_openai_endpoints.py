"""The official client at every endpoint but chat, which has a file of its own."""

import asyncio
import base64
import math

import httpx
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from fledge.text.tokenizer import Tokenizer
from serve.conftest import ANSWER
from serving import ScriptedEngine


def test_a_text_is_continued(client: OpenAI, engine: ScriptedEngine) -> None:
    reply = client.completions.create(model="tiny", prompt="The tide", max_tokens=100)
    assert reply.id.startswith("cmpl-") and reply.object == "text_completion"
    (choice,) = reply.choices
    assert (choice.text, choice.finish_reason, choice.logprobs) == (ANSWER, "stop", None)
    assert reply.usage.prompt_tokens == len(engine.requests[-1].prompt)


def test_without_a_limit_16_tokens_are_written(client: OpenAI) -> None:
    reply = client.completions.create(model="tiny", prompt="The tide")
    assert (reply.usage.completion_tokens, reply.choices[0].finish_reason) == (16, "length")


@pytest.mark.parametrize("kind", ["text", "texts", "ids", "lists of ids", "nothing"])
def test_prompts_are_texts_or_ids_one_or_many(
    client: OpenAI, engine: ScriptedEngine, tiny_tokenizer: Tokenizer, kind: str
) -> None:
    tide = tuple(tiny_tokenizer.encode("The tide"))
    moon = tuple(tiny_tokenizer.encode("The <|end|>"))
    prompt, expected = {
        "text": ("The tide", [tide]),
        "texts": (["The tide", "The <|end|>"], [tide, moon]),
        "ids": (list(tide), [tide]),
        "lists of ids": ([list(tide), list(moon)], [tide, moon]),
        "nothing": ("", [(tiny_tokenizer.special.end_of_text,)]),
    }[kind]
    reply = client.completions.create(model="tiny", prompt=prompt, n=2, max_tokens=3)
    asked = [request.prompt for request in engine.requests[-2 * len(expected) :]]
    assert asked == [each for each in expected for _ in range(2)]
    assert [choice.index for choice in reply.choices] == list(range(2 * len(expected)))


def test_a_completion_streams_with_echo_and_usage(client: OpenAI) -> None:
    *chunks, usage = client.completions.create(
        model="tiny",
        prompt="The tide",
        echo=True,
        max_tokens=100,
        stream=True,
        stream_options={"include_usage": True},
    )
    assert "".join(chunk.choices[0].text for chunk in chunks) == "The tide" + ANSWER
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert usage.choices == [] and usage.usage.completion_tokens > 10


@pytest.mark.parametrize("stream", [False, True])
def test_token_lists_are_of_equal_length_and_their_offsets_find_the_tokens(
    client: OpenAI, stream: bool
) -> None:
    reply = client.completions.create(
        model="tiny", prompt="The tide", echo=True, logprobs=2, max_tokens=100, stream=stream
    )
    replies = list(reply) if stream else [reply]
    parts = [each.choices[0].logprobs for each in replies if each.choices[0].logprobs is not None]
    text = "".join(each.choices[0].text for each in replies)
    tokens = [token for part in parts for token in part.tokens]
    offsets = [offset for part in parts for offset in part.text_offset]
    log_probs = [log_prob for part in parts for log_prob in part.token_logprobs]
    others = [other for part in parts for other in part.top_logprobs]
    assert len(tokens) == len(offsets) == len(log_probs) == len(others)
    assert log_probs[0] is None and others[0] is None
    assert set(log_probs[1:]) == {-0.25, -0.5}  # scored, written
    assert max(map(len, others[1:])) <= 2
    for token, offset in zip(tokens, offsets, strict=True):
        assert token.startswith("bytes:") or text[offset:].startswith(token)


def test_a_text_can_be_scored_without_writing(client: OpenAI, engine: ScriptedEngine) -> None:
    before = len(engine.requests)
    reply = client.completions.create(
        model="tiny", prompt="The tide", echo=True, logprobs=1, max_tokens=0
    )
    assert reply.choices[0].text == "The tide"
    assert reply.choices[0].logprobs.token_logprobs[0] is None
    assert reply.usage.completion_tokens == 0 and len(engine.requests) == before


def test_the_best_of_several_continuations_is_kept(client: OpenAI, engine: ScriptedEngine) -> None:
    before = len(engine.requests)
    reply = client.completions.create(model="tiny", prompt="The", best_of=3, n=2, max_tokens=4)
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert len(engine.requests) - before == 3
    assert reply.usage.completion_tokens == 12
    assert reply.choices[0].logprobs is None


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"suffix": "."}, "unsupported_parameter", "suffix"),
        ({"best_of": 1, "n": 2}, None, "best_of"),
        ({"best_of": 2, "stream": True}, "unsupported_parameter", "best_of"),
        ({"max_tokens": 0}, None, "max_tokens"),
        ({"logprobs": 6}, None, "logprobs"),
        ({"prompt": [99_999]}, None, "prompt"),
        ({"prompt": []}, None, "prompt"),
        ({"prompt": "tide " * 200}, "context_length_exceeded", "prompt"),
        ({"prompt": ["tide"] * 100, "n": 16}, None, "n"),
        ({"model": "gone"}, "model_not_found", "model"),
    ],
)
def test_completions_that_cannot_be_written_are_refused(
    client: OpenAI, change: dict[str, object], code: str | None, param: str
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.completions.create(**{"model": "tiny", "prompt": "The", **change})
    assert caught.value.status_code in (400, 404)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_embeddings_come_in_order_as_numbers_and_as_base64(client: OpenAI, url: str) -> None:
    texts = ["a", "a b", "a b c", "abc abc"]
    by_client = client.embeddings.create(model="tiny", input=texts)  # asks for base64
    numbers = client.embeddings.create(model="tiny", input=texts, encoding_format="float")
    assert [each.index for each in numbers.data] == [0, 1, 2, 3]
    assert [each.embedding for each in by_client.data] == [each.embedding for each in numbers.data]
    assert numbers.usage.prompt_tokens == numbers.usage.total_tokens > 4
    body = {"model": "tiny", "input": "a", "encoding_format": "base64"}
    raw = httpx.post(f"{url}/v1/embeddings", json=body).json()["data"][0]["embedding"]
    assert np.frombuffer(base64.b64decode(raw), "<f4").tolist() == numbers.data[0].embedding


def test_shorter_embeddings_have_length_1_again(client: OpenAI) -> None:
    reply = client.embeddings.create(
        model="tiny", input=[[1, 2, 3], [1, 2, 3, 4]], dimensions=2, encoding_format="float"
    )
    assert [len(each.embedding) for each in reply.data] == [2, 2]
    assert math.isclose(math.hypot(*reply.data[0].embedding), 1.0)
    assert math.isclose(math.hypot(*reply.data[1].embedding), 1.0)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": [[-1]]}, "input"),
        ({"input": "tide " * 200}, "input"),
        ({"dimensions": 4}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
    ],
)
def test_texts_that_cannot_be_embedded_are_refused(
    client: OpenAI, change: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(**{"model": "tiny", "input": "a", **change})
    assert caught.value.param == param


def test_moderation_says_that_there_is_no_policy(client: OpenAI) -> None:
    reply = client.moderations.create(input=["kill the process", "hello"])
    assert reply.model == "none"
    assert "No moderation policy is configured" in reply.model_extra["notice"]
    assert [result.flagged for result in reply.results] == [False, False]
    assert len(reply.results[0].categories.model_dump(by_alias=True)) == 13
    applied = reply.results[0].category_applied_input_types.model_dump().values()
    assert all(types == [] for types in applied)


def test_a_response_is_a_chat_and_can_be_gone_on_from(
    client: OpenAI, engine: ScriptedEngine, tiny_tokenizer: Tokenizer
) -> None:
    first = client.responses.create(model="tiny", input="Why?", instructions="Be kind.")
    assert (first.output_text, first.status, first.object) == (ANSWER, "completed", "response")
    assert first.usage.input_tokens == len(engine.requests[-1].prompt)
    items = [{"role": "user", "content": [{"type": "input_text", "text": "And?"}]}]
    second = client.responses.create(
        model="tiny", input=items, previous_response_id=first.id, max_output_tokens=3
    )
    assert (second.status, second.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert tiny_tokenizer.decode_marked(engine.requests[-1].prompt) == (
        f"<|user|>Why?<|end|><|assistant|>{ANSWER}<|end|><|user|>And?<|end|><|assistant|>"
    )
    assert client.responses.retrieve(first.id).output_text == ANSWER
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_a_response_that_is_not_stored_cannot_be_gone_on_from(client: OpenAI) -> None:
    first = client.responses.create(model="tiny", input="Why?", store=False)
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model="tiny", input="And?", previous_response_id=first.id)
    assert caught.value.param == "previous_response_id"


def test_a_response_streams_as_named_events(client: OpenAI) -> None:
    events = list(client.responses.create(model="tiny", input="Why?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert set(kinds[4:-4]) == {"response.output_text.delta"}
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "".join(event.delta for event in events[4:-4]) == ANSWER
    with client.responses.stream(model="tiny", input="Why?") as stream:
        assert stream.get_final_response().output_text == ANSWER


def test_the_asynchronous_client_reaches_every_endpoint(url: str) -> None:
    async def ask() -> list[str]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            models = [model.id async for model in client.models.list()]
            text = await client.completions.create(model="tiny", prompt="The", max_tokens=100)
            vector = await client.embeddings.create(model="tiny", input="a")
            verdict = await client.moderations.create(input="a")
            response = await client.responses.create(model="tiny", input="Why?")
            stream = await client.responses.create(model="tiny", input="Why?", stream=True)
            deltas = [e.delta async for e in stream if e.type == "response.output_text.delta"]
            with pytest.raises(openai.NotFoundError):
                await client.embeddings.create(model="gone", input="a")
            assert len(vector.data[0].embedding) == 3 and not verdict.results[0].flagged
            return [models[0], text.choices[0].text, response.output_text, "".join(deltas)]

    assert asyncio.run(ask()) == ["tiny", ANSWER, ANSWER, ANSWER]


def test_texts_and_conversations_are_tokenized_and_back(
    url: str, tiny_tokenizer: Tokenizer
) -> None:
    body = {"model": "tiny", "prompt": "The tide <|end|>", "return_token_strs": True}
    reply = httpx.post(f"{url}/tokenize", json=body).json()
    assert reply["tokens"] == tiny_tokenizer.encode("The tide <|end|>")
    assert (reply["count"], reply["max_model_len"]) == (len(reply["tokens"]), 128)
    assert reply["token_strs"] == [tiny_tokenizer.token(id_) for id_ in reply["tokens"]]
    chat = httpx.post(f"{url}/tokenize", json={"messages": [{"role": "user", "content": "Hi"}]})
    back = httpx.post(f"{url}/detokenize", json={"tokens": chat.json()["tokens"]}).json()
    assert back["prompt"] == "<|user|>Hi<|end|><|assistant|>"
    for path, wrong in [
        ("/tokenize", {}),
        ("/tokenize", {"prompt": "a", "messages": []}),
        ("/detokenize", {"tokens": [2**40]}),
    ]:
        assert httpx.post(url + path, json=wrong).status_code == 400
