"""Answers that are sampled at the same time: their cache is bounded by the size of the model."""

import pytest

from fledge.generate.engine import Engine
from fledge.generate.request import Request, SamplingParams
from fledge.model.counting import cache_bytes, parameters
from fledge.model.gpt import GPT
from fledge.runtime import random
from fledge.stages.ppo.answering import MAX_BATCH, SMALLEST_CACHE, longest_text, rows_at_once
from small_smollm2 import SHAPE
from stages.ppo.small_ppo import language_model

SMALL = language_model().config.model_copy(update={"context_length": 1024})


def test_a_cache_takes_no_more_than_the_weights_of_a_large_model():
    rows = rows_at_once(SHAPE, 512)
    assert rows == 22
    weights = 4 * parameters(SHAPE)
    assert cache_bytes(SHAPE, rows, 512) <= weights < cache_bytes(SHAPE, rows + 1, 512)


def test_small_models_answer_many_prompts_at_a_time():
    assert 4 * parameters(SMALL) < SMALLEST_CACHE
    assert rows_at_once(SMALL, 1024) == MAX_BATCH


def test_one_answer_always_fits():
    assert rows_at_once(SHAPE.model_copy(update={"context_length": 10**6}), 10**6) == 1


@pytest.mark.parametrize(
    "lengths, new",
    [((1,), 1), ((100,), 20), ((100,), 200), ((130,), 300), ((250,), 300), ((30, 500), 90)],
)
def test_a_cache_never_outgrows_the_longest_text(lengths, new):
    model = GPT(SMALL)
    model.initialise(random(0, "initialise"))
    prompts = tuple((3,) * length for length in lengths)
    longest = longest_text(SMALL, prompts, new)
    assert longest == max(lengths) + new
    engine = Engine(model, max_batch=1, max_length=longest, native=False)
    sampling = SamplingParams(temperature=0.0, max_new_tokens=new)
    for number, prompt in enumerate(prompts):
        engine.submit(Request(str(number), prompt, sampling))
    capacities, written = {0}, 0
    while engine.busy:
        written += sum(event.token_id is not None for event in engine.step())
        if engine._cache is not None:
            capacities.add(engine._cache.capacity)
    assert max(capacities) <= longest
    assert written == new * len(prompts)


def test_no_text_is_longer_than_the_context():
    assert longest_text(SMALL, ((3,) * 1000,), 72) == SMALL.context_length == 1024
