"""The engine under a grammar: valid JSON from random weights, whatever tokenizer and sampling."""

import json
import time

import jsonschema
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import GenerationError
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.forms import json_form
from fledge.generate.grammar import compile_grammar
from fledge.generate.text import answers, stream_answer
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.llama2c import load_llama2c_tokenizer
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data
from tiny_model import CORPUS, tiny_model

CONTEXT = 1024


def random_model(tokenizer: Tokenizer) -> LoadedModel:
    model = tiny_model(tokenizer.vocabulary_size, CONTEXT)
    return LoadedModel(model, tokenizer, ChatTemplate())


def engine_answers(
    tokenizer: Tokenizer, schema: dict, samplings: list[SamplingParams]
) -> list[tuple[str, str]]:
    """Text and finish reason of each answer by random weights."""
    grammar = compile_grammar(json_form(schema, tokenizer.drops_first_space), tokenizer)
    engine = Engine(random_model(tokenizer).model, max_batch=4)
    requests = [
        Request(str(i), (5,), each, tokenizer.stop_ids, tokenizer.banned_ids, grammar=grammar)
        for i, each in enumerate(samplings)
    ]
    return [
        (tokenizer.decode(i for i in done.ids if i not in tokenizer.stop_ids), done.finish_reason)
        for done in engine.generate(requests)
    ]


TRAINED = Tokenizer.train(CORPUS, 300)
LOADED = random_model(TRAINED)

names = st.text('abcé"\\ /', min_size=1, max_size=5)
leaves = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-1000, 1000),
        st.integers(0, 5000),
    ),
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 6)),
    st.builds(
        lambda values: {"enum": values},
        st.lists(st.one_of(names, st.integers(-(2**53), 2**53), st.none()), min_size=1, max_size=4),
    ),
    st.just({"type": "string", "pattern": "^[a-f]{2}-(x|yz)$"}),
    st.just({"type": "string", "format": "date"}),
)


def objects(children: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(
        lambda fields, needed: {
            "type": "object",
            "properties": fields,
            "required": sorted(fields)[:needed],
            "additionalProperties": False,
        },
        st.dictionaries(names, children, max_size=4),
        st.integers(0, 4),
    )


schemas = st.recursive(
    leaves,
    lambda children: st.one_of(
        objects(children),
        st.builds(
            lambda item, most: {"type": "array", "items": item, "maxItems": most},
            children,
            st.integers(0, 3),
        ),
        st.builds(lambda some: {"anyOf": some}, st.lists(children, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@given(schema=schemas, seed=st.integers(0, 2**31), temperature=st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_random_weights_finish_is_valid(schema: dict, seed: int, temperature: float) -> None:
    sampling = SamplingParams(seed=seed, temperature=temperature, max_new_tokens=900)
    question = Conversation((Message("user", "Why?"),))
    for answer in answers(LOADED, [question], sampling, schema):
        if answer.finish_reason == "stop":
            jsonschema.validate(json.loads(answer.text), schema)


POINT = {
    "type": "object",
    "properties": {
        "x": {"type": "integer", "minimum": -9, "maximum": 9},
        "name": {"type": "string", "maxLength": 6},
    },
    "required": ["x", "name"],
    "additionalProperties": False,
}
MANY = [
    SamplingParams(seed=1, max_new_tokens=400),
    SamplingParams(seed=2, max_new_tokens=400, top_k=2, repetition_penalty=1.5),
    SamplingParams(seed=3, max_new_tokens=400, top_p=0.3, min_p=0.2, temperature=1.7),
    SamplingParams(seed=4, max_new_tokens=400, presence_penalty=2, frequency_penalty=2),
    SamplingParams(temperature=0, max_new_tokens=400),
    SamplingParams(seed=5, max_new_tokens=400, logit_bias={7: 50.0}),
]


def require_valid(tokenizer: Tokenizer) -> None:
    for text, reason in engine_answers(tokenizer, POINT, MANY):
        assert reason == "stop"
        jsonschema.validate(json.loads(text), POINT)


def test_every_setting_keeps_to_the_grammar() -> None:
    require_valid(TRAINED)


@pytest.mark.shared_data
def test_a_sentence_piece_vocabulary_keeps_to_it() -> None:
    require_valid(load_llama2c_tokenizer(shared_data("weights/stories260K/tok512.bin")))


@pytest.mark.shared_data
def test_fifty_thousand_tokens_keep_to_it() -> None:
    require_valid(Tokenizer.load(shared_data("weights/tiktoken/r50k_base.tiktoken")))


def test_a_held_answer_is_the_same_alone_and_among_free_ones() -> None:
    grammar = compile_grammar(json_form(POINT), TRAINED)
    held = Request("h", (5,), MANY[0], TRAINED.stop_ids, TRAINED.banned_ids, grammar=grammar)
    free = Request("f", (6, 7), MANY[0], TRAINED.stop_ids, TRAINED.banned_ids)
    alone = [Engine(LOADED.model, max_batch=1).generate([each])[0] for each in (held, free)]
    together = Engine(LOADED.model, max_batch=2).generate([held, free])
    assert [each.ids for each in together] == [each.ids for each in alone]


def test_log_probabilities_are_of_the_tokens_that_are_allowed() -> None:
    grammar = compile_grammar(json_form({"enum": ["a", "b"]}), TRAINED)
    sampling = SamplingParams(seed=1, num_alternatives=20)
    engine = Engine(LOADED.model, max_batch=1)
    engine.submit(Request("0", (5,), sampling, TRAINED.stop_ids, grammar=grammar))
    events = []
    while engine.busy:
        events += engine.step()
    assert TRAINED.decode(event.token_id for event in events) in ('"a"', '"b"')
    quote, letter, last = events
    assert (quote.log_prob, last.log_prob) == (0, 0)  # nothing else could come
    both = torch.tensor([log_prob for _, log_prob in letter.alternatives])
    assert len(both) == 2 and both.exp().sum() == pytest.approx(1)


def test_a_stream_is_the_whole() -> None:
    question = Conversation((Message("user", "Why?"),))
    (whole,) = answers(LOADED, [question], MANY[0], POINT)
    assert "".join(stream_answer(LOADED, question, MANY[0], POINT)) == whole.text


def test_a_dead_end_is_an_error_of_its_request_alone() -> None:
    letters = Tokenizer.characters(['a"'])
    grammar = compile_grammar(json_form({"enum": ["ab"]}), letters)
    sampling = SamplingParams(seed=1)
    model = tiny_model(letters.vocabulary_size)
    request = Request("0", (1,), sampling, letters.stop_ids, grammar=grammar)
    with pytest.raises(GenerationError, match="lacks characters"):
        Engine(model, max_batch=1).generate([request])


def test_holding_costs_little() -> None:
    """The time of a step with and without grammar; `benchmarks` has the numbers."""
    schema = {"type": "string", "minLength": 300}
    grammar = compile_grammar(json_form(schema), TRAINED)

    def seconds(**held: object) -> float:
        sampling = SamplingParams(seed=1, max_new_tokens=60)
        requests = [Request(str(i), (5,), sampling, **held) for i in range(8)]
        start = time.process_time()
        Engine(LOADED.model, max_batch=8).generate(requests)
        return time.process_time() - start

    seconds()
    assert seconds(grammar=grammar) < 4 * seconds() + 0.5
