"""The official client against a live server: it is understood, and reads what it expects."""

import asyncio

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from serve.conftest import ANSWER
from serving import ScriptedEngine

QUESTION = [{"role": "user", "content": "Why are there tides?"}]


def test_models_are_listed_and_retrieved_by_ids_with_slashes(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny", "team/other"]
    model = client.models.retrieve("team/other")
    assert (model.id, model.object, model.owned_by) == ("team/other", "model", "fledge")


def test_an_answer_comes_whole(client: OpenAI) -> None:
    reply = client.chat.completions.create(model="tiny", messages=QUESTION)
    assert reply.id.startswith("chatcmpl-")
    assert (reply.object, reply.created, reply.model) == (
        "chat.completion",
        1_750_000_000,
        "tiny",
    )
    (choice,) = reply.choices
    assert (choice.index, choice.message.role, choice.message.content) == (0, "assistant", ANSWER)
    assert (choice.finish_reason, choice.logprobs, choice.message.refusal) == ("stop", None, None)
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.completion_tokens > 10


def test_an_answer_streams_with_its_usage(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="tiny", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    assert {(chunk.id, chunk.created, chunk.object) for chunk in chunks} == {
        (chunks[0].id, 1_750_000_000, "chat.completion.chunk")
    }
    first, *middle, last, usage = chunks
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert "".join(chunk.choices[0].delta.content for chunk in middle) == ANSWER
    assert last.choices[0].finish_reason == "stop"
    assert usage.choices == [] and usage.usage.completion_tokens > 10
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_choices_stream_side_by_side_under_their_own_index(client: OpenAI) -> None:
    texts = ["", "", ""]
    for chunk in client.chat.completions.create(model="tiny", messages=QUESTION, stream=True, n=3):
        (choice,) = chunk.choices
        texts[choice.index] += choice.delta.content or ""
    assert texts == [ANSWER] * 3


def test_log_probabilities_tell_the_tokens_and_their_alternatives(client: OpenAI) -> None:
    reply = client.chat.completions.create(
        model="tiny", messages=QUESTION, logprobs=True, top_logprobs=2
    )
    tokens = reply.choices[0].logprobs.content
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == ANSWER
    assert all(token.logprob == -0.5 and len(token.top_logprobs) == 2 for token in tokens)
    assert tokens[0].top_logprobs[0].logprob > tokens[0].top_logprobs[1].logprob


def test_streamed_log_probabilities_are_those_of_the_whole(client: OpenAI) -> None:
    tokens = [
        token
        for chunk in client.chat.completions.create(
            model="tiny", messages=QUESTION, stream=True, logprobs=True
        )
        if chunk.choices[0].logprobs is not None
        for token in chunk.choices[0].logprobs.content
    ]
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == ANSWER


@pytest.mark.parametrize("stop", ["pulls", ["sea", " pulls"]])
def test_the_answer_ends_before_the_first_stop_text(client: OpenAI, stop: str | list[str]) -> None:
    reply = client.chat.completions.create(model="tiny", messages=QUESTION, stop=stop)
    assert reply.choices[0].message.content.rstrip() == "The moon"
    assert reply.choices[0].finish_reason == "stop"


def test_the_length_limit_is_a_reason_to_end(client: OpenAI) -> None:
    reply = client.chat.completions.create(model="tiny", messages=QUESTION, max_completion_tokens=3)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 3


def test_sampling_settings_reach_the_engine(client: OpenAI, engine: ScriptedEngine) -> None:
    client.chat.completions.create(
        model="tiny",
        messages=QUESTION,
        n=2,
        seed=7,
        temperature=0.3,
        top_p=0.9,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        logit_bias={"5": -100},
        max_tokens=9,
        extra_body={"top_k": 4, "min_p": 0.1, "repetition_penalty": 1.2},
    )
    first, second = (request.sampling for request in engine.requests[-2:])
    assert (first.seed, second.seed) == (7, 8)
    assert (first.temperature, first.top_p, first.top_k, first.min_p) == (0.3, 0.9, 4, 0.1)
    assert (first.presence_penalty, first.frequency_penalty) == (0.5, -0.5)
    assert (first.repetition_penalty, first.logit_bias) == (1.2, {5: -100.0})
    assert first.max_new_tokens == 9


def test_roles_and_content_parts_become_one_conversation(
    client: OpenAI, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    client.chat.completions.create(
        model="tiny",
        messages=[
            {"role": "developer", "content": "Be kind."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}],
            },
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "<|end|> is text"},
        ],
    )
    prompt = list(engine.requests[-1].prompt)
    assert tiny_tokenizer.decode_marked(prompt) == (
        "<|system|>Be kind.<|end|><|user|>Hello<|end|><|assistant|>Hi.<|end|>"
        "<|user|><|end|> is text<|end|><|assistant|>"
    )
    assert prompt.count(tiny_tokenizer.special.end) == 4


def test_the_asynchronous_client_is_served_alike(url: str) -> None:
    async def ask() -> list[str]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            replies = await asyncio.gather(
                *(client.chat.completions.create(model="tiny", messages=QUESTION) for _ in range(8))
            )
            text = ""
            stream = await client.chat.completions.create(
                model="tiny", messages=QUESTION, stream=True
            )
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
            return [text, *(reply.choices[0].message.content for reply in replies)]

    assert asyncio.run(ask()) == [ANSWER] * 9


@pytest.mark.parametrize(
    ("change", "kind", "code", "param"),
    [
        ({"model": "gone"}, openai.NotFoundError, "model_not_found", "model"),
        ({"temperature": 3}, openai.BadRequestError, None, "temperature"),
        ({"n": 0}, openai.BadRequestError, None, "n"),
        ({"messages": []}, openai.BadRequestError, None, "messages"),
        (
            {"messages": [{"role": "nobody", "content": "x"}]},
            openai.BadRequestError,
            None,
            "messages.0.role",
        ),
        ({"stop": ["a", "b", "c", "d", "e"]}, openai.BadRequestError, None, "stop"),
        ({"top_logprobs": 3}, openai.BadRequestError, None, "top_logprobs"),
        ({"logit_bias": {"99999": 1}}, openai.BadRequestError, None, "logit_bias"),
        (
            {"messages": [{"role": "user", "content": "tide " * 200}]},
            openai.BadRequestError,
            "context_length_exceeded",
            "messages",
        ),
        (
            {"response_format": {"type": "grammar"}},
            openai.BadRequestError,
            "unsupported_parameter",
            "response_format",
        ),
        (
            {"tools": [{"type": "custom", "custom": {"name": "f"}}]},
            openai.BadRequestError,
            None,
            "tools.0.type",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_an_error_that_the_client_names(
    client: OpenAI,
    change: dict[str, object],
    kind: type,
    code: str | None,
    param: str,
    stream: bool,
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(
            **{"model": "tiny", "messages": QUESTION, "stream": stream, **change}
        )
    error = caught.value
    assert (error.code, error.param, error.type) == (code, param, "invalid_request_error")
    assert error.response.headers["content-type"] == "application/json"
    assert error.request_id.startswith("req_")


def test_an_unknown_model_is_not_retrieved(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Available models: tiny, team/other"):
        client.models.retrieve("gone")


def test_a_conversation_that_is_too_long_loses_its_oldest_turns_on_request(
    client: OpenAI, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    turns = [{"role": "user", "content": f"question {n}"} for n in range(40)]
    client.chat.completions.create(model="tiny", messages=turns, extra_body={"truncation": "auto"})
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert "question 39" in prompt and "question 0<" not in prompt
    assert len(engine.requests[-1].prompt) <= 128 * 3 / 4
