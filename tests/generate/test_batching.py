"""Answers do not depend on the batch they share, nor on when they joined it."""

import random

import pytest
import torch

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.respond import respond
from model.small_models import CONFIG, GPT2_LIKE, make

SETTINGS = [
    {"temperature": 1.0},
    {"temperature": 0.7, "top_k": 5, "top_p": 0.9},
    {"temperature": 1.3, "min_p": 0.05, "frequency_penalty": 0.5},
    {"temperature": 1.0, "repetition_penalty": 1.2, "logit_bias": {3: 1.0}},
    {"temperature": 0.0},
    {"temperature": 0.0, "presence_penalty": 1.0},
]


@pytest.fixture(params=[CONFIG, GPT2_LIKE], ids=["rotary", "learned positions"])
def model(request):
    return make(request.param, noise=0.3)


def some_requests(number: int, dice: random.Random) -> list[Request]:
    """A third ask what the one before asked."""
    requests: list[Request] = []
    for index in range(number):
        prompt = tuple(dice.randrange(64) for _ in range(dice.randint(1, 15)))
        if requests and dice.random() < 0.3:
            prompt = requests[-1].prompt
        sampling = SamplingParams(
            seed=index, max_new_tokens=dice.randint(1, 25), **dice.choice(SETTINGS)
        )
        banned = frozenset({5, 6}) if dice.random() < 0.3 else frozenset()
        requests.append(Request(str(index), prompt, sampling, frozenset({9, 10}), banned))
    return requests


def alone(model, request: Request) -> tuple[int, ...]:
    return Engine(model, max_batch=1).generate([request])[0].ids


def test_the_same_seed_gives_the_same_text_whatever_shares_the_batch(model):
    requests = some_requests(40, random.Random(0))
    expected = [alone(model, request) for request in requests]
    for max_batch in (3, 16):
        found = Engine(model, max_batch=max_batch).generate(requests)
        assert [completion.ids for completion in found] == expected


def test_equal_prompts_that_are_read_once_have_keys_and_values_of_their_own(model):
    first, again, other = (7, 8, 9), (3, 1, 4, 1, 5), (2, 6)
    prompts = [first, again, again, other, again, other]
    requests = [
        Request(str(n), prompt, SamplingParams(seed=n, max_new_tokens=12))
        for n, prompt in enumerate(prompts)
    ]
    engine, answers = Engine(model, max_batch=8), {request.id: [] for request in requests}
    engine.submit(requests[0])
    for event in engine.step():
        answers[event.request_id].append(event.token_id)
    for request in requests[1:]:  # they join behind a row that runs
        engine.submit(request)
    while engine.busy:
        for event in engine.step():
            answers[event.request_id].append(event.token_id)
    assert {n: tuple(ids) for n, ids in answers.items()} == {
        request.id: alone(model, request) for request in requests
    }


def test_nor_when_each_arrives_nor_who_leaves(model):
    for seed in range(5):
        dice = random.Random(seed)
        requests = some_requests(12, dice)
        waiting = dice.sample(requests, len(requests))
        cancelled = {request.id for request in waiting if dice.random() < 0.2}
        engine = Engine(
            model,
            max_batch=dice.randint(1, 7),
            token_budget=dice.choice([None, 90]),
            prefill_tokens=dice.choice([None, 4]),
        )
        answers: dict[str, list[int]] = {request.id: [] for request in requests}
        reasons: dict[str, str] = {}
        while waiting or engine.busy:
            for _ in range(dice.randint(0, 3)):
                if waiting:
                    engine.submit(waiting.pop())
            if cancelled and dice.random() < 0.2:
                engine.cancel(dice.choice(sorted(cancelled)))
            for event in engine.step():
                assert event.request_id not in reasons, "an event after the last"
                if event.token_id is not None:
                    answers[event.request_id].append(event.token_id)
                if event.finish_reason is not None:
                    reasons[event.request_id] = event.finish_reason
        assert reasons.keys() == answers.keys()
        for request in requests:
            answer, expected = answers[request.id], alone(model, request)
            if reasons[request.id] == "cancelled":
                assert request.id in cancelled
                expected = expected[: len(answer)]
            assert tuple(answer) == expected


@torch.no_grad()
def test_greedy_with_a_cache_equals_greedy_without(model):
    dice = random.Random(1)
    prompts = [tuple(dice.randrange(64) for _ in range(n)) for n in (1, 3, 9, 14, 20)]
    sampling = SamplingParams(temperature=0, max_new_tokens=30)
    requests = [Request(str(i), prompt, sampling) for i, prompt in enumerate(prompts)]
    for prompt, completion in zip(
        prompts, Engine(model, max_batch=4).generate(requests), strict=True
    ):
        ids = list(prompt)
        while len(ids) < model.config.context_length:
            ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
        assert list(prompt + completion.ids) == ids[: len(prompt) + 30]


@torch.no_grad()
def test_log_probs_are_those_of_the_model(model):
    request = Request("a", (1, 2, 3), SamplingParams(seed=3, max_new_tokens=20, temperature=0.5))
    others = some_requests(3, random.Random(2))
    completion = Engine(model, max_batch=4).generate([*others, request])[-1]
    ids = torch.tensor([[*request.prompt, *completion.ids]])
    log_probs = model(ids[:, :-1]).log_softmax(dim=-1)
    expected = log_probs.gather(-1, ids[:, 1:, None])[0, 2:, 0]
    torch.testing.assert_close(torch.tensor(completion.log_probs), expected, atol=1e-5, rtol=0)


def test_the_cache_grows_with_long_texts():
    config = CONFIG.model_copy(update={"context_length": 320})
    model = make(config, noise=0.3)
    request = Request("a", (1, 2), SamplingParams(seed=0, max_new_tokens=300))
    short = some_requests(6, random.Random(3))
    engine = Engine(model, max_batch=2)
    long, *others = engine.generate([request, *short])
    assert len(long.ids) == 300
    assert [other.ids for other in others] == [alone(model, one) for one in short]
    # Read as one text, the greedy continuation of the whole is what one more token gives.
    again = Request("b", (1, 2, *long.ids), SamplingParams(temperature=0, max_new_tokens=1))
    with torch.no_grad():
        expected = int(model(torch.tensor([again.prompt]))[0, -1].argmax())
    assert engine.generate([again])[0].ids == (expected,)


def test_the_cache_has_rows_for_those_who_run_and_not_for_all_who_may(model):
    requests = [Request(str(number), (1, number), SamplingParams(seed=0)) for number in range(5)]
    engine, rows = Engine(model, max_batch=100), []
    for request in requests:
        engine.submit(request)
        engine.step()
        rows.append(engine._cache.rows)
    assert rows == [1, 2, 4, 4, 8]


def test_rows_that_nobody_uses_are_given_back_without_changing_an_answer(model):
    requests = [
        Request(str(number), (1, 2), SamplingParams(seed=number, max_new_tokens=2 + number))
        for number in range(20)
    ]
    engine = Engine(model, max_batch=100)
    for request in requests:
        engine.submit(request)
    answers, seen = {request.id: [] for request in requests}, []
    while engine.busy:
        for event in engine.step():
            answers[event.request_id].append(event.token_id)
        if engine._cache is not None:
            running = len(engine._scheduler.running)
            assert running <= engine._cache.rows < 4 * running or running == 1
            seen.append(engine._cache.rows)
    assert (seen[0], min(seen), sorted(seen, reverse=True)) == (32, 2, seen)
    assert (engine._cache, engine._sampler) == (None, None)
    assert list(answers.values()) == [list(alone(model, one)) for one in requests]


def test_rows_that_are_given_back_are_as_short_as_their_texts():
    engine = Engine(
        make(CONFIG.model_copy(update={"context_length": 512}), noise=0.3), max_batch=100
    )
    short = Request("short", (1, 2), SamplingParams(seed=9, max_new_tokens=30))
    long = [Request(str(number), (1,) * 300, SamplingParams(seed=number)) for number in range(7)]
    for request in (short, *long):
        engine.submit(request)
    answer = [event for event in engine.step() if event.request_id == "short"]
    assert (engine._cache.rows, engine._cache.capacity) == (8, 512)
    for request in long:
        engine.cancel(request.id)
    assert (engine._cache.rows, engine._cache.capacity) == (2, 256)
    while engine.busy:
        answer += [event for event in engine.step() if event.request_id == "short"]
    assert tuple(event.token_id for event in answer) == alone(engine.model, short)


def test_an_engine_sees_its_model_change(model):
    request = Request("a", (1, 2, 3), SamplingParams(temperature=0, max_new_tokens=20))
    engine = Engine(model, max_batch=1)
    before = engine.generate([request])
    with torch.no_grad():
        model.token_embedding.weight.mul_(-1)
    assert engine.generate([request])[0].ids != before[0].ids
    assert engine.generate([request])[0].ids == alone(model, request)


def test_respond_gives_plain_ids_by_seed(model):
    prompts = [[1, 2], [3], [1, 2]]
    sampling = SamplingParams(max_new_tokens=12)
    engine = Engine(model, max_batch=2)
    found = respond(engine, prompts, sampling, seeds=[4, 5, 4], stop_ids={9}, banned_ids={7})
    assert found[0] == found[2] != found[1]
    assert all(7 not in ids for ids in found)
    assert all(len(ids) == 12 or ids[-1] == 9 for ids in found)
    assert found[1:2] == respond(engine, [[3]], sampling, [5], {9}, {7})


def test_training_goes_on_after_generating(model):
    model.train()
    Engine(model, max_batch=1).generate([Request("a", (1,), SamplingParams(max_new_tokens=3))])
    model(torch.tensor([[1, 2, 3]])).logsumexp(-1).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_blocks_compiled_for_training_are_not_compiled_for_decoding(model):
    request = Request("a", (1, 2, 3), SamplingParams(seed=0, max_new_tokens=5))
    expected = alone(model, request)
    compilations = []

    def backend(graph, inputs):
        compilations.append(graph)
        return graph.forward

    for block in model.blocks:
        block.compile(backend=backend)
    assert alone(model, request) == expected
    assert compilations == []
