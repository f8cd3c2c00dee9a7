import math

import pytest
import torch

from fledge.errors import GenerationError, PromptTooLong
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from generate.successor import VOCABULARY, Successor, request


@pytest.fixture
def engine():
    return Engine(Successor().eval(), max_batch=3)


def drain(engine: Engine) -> dict[str, list]:
    events: dict[str, list] = {}
    while engine.busy:
        for event in engine.step():
            events.setdefault(event.request_id, []).append(event)
    return events


def ids_of(events) -> list[int]:
    return [event.token_id for event in events if event.token_id is not None]


def test_completions_come_in_the_order_of_the_requests(engine):
    requests = [request(f"r{i}", *range(1 + i % 3), max_new_tokens=9 - i) for i in range(8)]
    completions = engine.generate(requests)
    assert [completion.request_id for completion in completions] == [f"r{i}" for i in range(8)]
    for i, completion in enumerate(completions):
        expected = tuple((i % 3 + 1 + t) % VOCABULARY for t in range(9 - i))
        assert completion.ids == expected
        assert completion.finish_reason == "length"
    assert not engine.busy


def test_a_long_prompt_is_read_in_pieces_while_others_go_on():
    engine = Engine(Successor().eval(), max_batch=3, prefill_tokens=4)
    engine.submit(request("short", 1, max_new_tokens=9))
    engine.submit(request("long", *[2] * 13, max_new_tokens=2))
    engine.submit(request("late", 5, max_new_tokens=1))
    steps = [[(event.request_id, event.token_id) for event in engine.step()] for _ in range(5)]
    # 13 tokens are read in 4 steps; whoever runs gets a token in each of them.
    assert steps[0] == [("short", 2), ("late", 6), ("short", 3)]
    assert steps[1:3] == [[("short", 4)], [("short", 5)]]
    assert steps[3] == [("long", 3), ("short", 6), ("long", 4)]
    assert steps[4] == [("short", 7)]


def test_a_long_prompt_may_be_cancelled_while_it_is_read():
    engine = Engine(Successor().eval(), max_batch=1, prefill_tokens=4)
    engine.submit(request("long", *[2] * 13, max_new_tokens=2))
    engine.submit(request("next", 5, max_new_tokens=1))
    assert engine.step() == [] and engine.load().running == 1
    assert engine.cancel("long") and engine.busy
    events = drain(engine)
    assert [event.finish_reason for event in events["long"]] == ["cancelled"]
    assert ids_of(events["next"]) == [6]


def test_a_stop_id_ends_the_answer_and_is_part_of_it(engine):
    (completion,) = engine.generate([request("a", 1, stop=3, max_new_tokens=9)])
    assert completion.ids == (2, 3)
    assert completion.finish_reason == "stop"


def test_a_stop_id_at_the_length_limit_is_a_stop(engine):
    (completion,) = engine.generate([request("a", 1, stop=3, max_new_tokens=2)])
    assert (completion.ids, completion.finish_reason) == ((2, 3), "stop")


def test_the_context_ends_an_answer(engine):
    (completion,) = engine.generate([request("a", *[1] * 30, max_new_tokens=9)])
    assert (completion.ids, completion.finish_reason) == ((2, 3), "length")


def test_max_length_may_be_less_than_the_context():
    engine = Engine(Successor(), max_batch=1, max_length=5)
    (completion,) = engine.generate([request("a", 1, 2, 3, max_new_tokens=9)])
    assert completion.ids == (4, 5)
    with pytest.raises(PromptTooLong):
        engine.submit(request("b", 1, 2, 3, 4, 5))


def test_every_token_is_an_event_with_its_log_prob(engine):
    engine.submit(request("a", 1, max_new_tokens=3, num_alternatives=2))
    events = drain(engine)["a"]
    assert ids_of(events) == [2, 3, 4]
    assert [event.finish_reason for event in events] == [None, None, "length"]
    for token, event in zip((2, 3, 4), events, strict=True):
        assert event.log_prob == pytest.approx(math.log(1 / 1.1), abs=1e-6)
        (best, best_log_prob), (second, second_log_prob) = event.alternatives
        assert (best, second) == (token, token + 1)
        assert best_log_prob == event.log_prob
        assert second_log_prob == pytest.approx(math.log(0.1 / 1.1), abs=1e-6)


def test_each_request_gets_as_many_alternatives_as_it_asked_for(engine):
    engine.submit(request("none", 1))
    engine.submit(request("three", 1, num_alternatives=3))
    engine.submit(request("more than there are", 1, num_alternatives=20))
    events = drain(engine)
    counts = [{len(event.alternatives) for event in these} for these in events.values()]
    assert counts == [{0}, {3}, {VOCABULARY}]


def test_log_probs_know_of_bans_but_not_of_temperature_filters_or_bias(engine):
    plain = request("plain", 1, temperature=3.0, top_k=1, logit_bias={5: 30.0})
    banned = Request("banned", (1,), SamplingParams(temperature=0), banned_ids=frozenset({2}))
    (first, second) = engine.generate([plain, banned])
    assert first.ids[0] == 5 and first.log_probs[0] == pytest.approx(math.log(1e-9 / 1.1), rel=1e-3)
    assert second.ids[0] == 3 and second.log_probs[0] == pytest.approx(0.0, abs=1e-6)


def test_banned_ids_are_never_sampled_whatever_the_bias(engine):
    banned = frozenset(range(VOCABULARY)) - {0, 7}
    sampling = SamplingParams(seed=1, max_new_tokens=20, logit_bias={2: 100.0})
    (completion,) = engine.generate([Request("a", (1,), sampling, banned_ids=banned)])
    assert set(completion.ids) <= {0, 7}


def test_presence_and_frequency_penalties_count_the_answer(engine):
    # The bias lifts 5 to 1.28 above the successor, from 1e-9 of its probability.
    often = {"logit_bias": {5: 22.0}, "max_new_tokens": 3}
    requests = [
        request("plain", 1, 5, 1, **often),
        request("presence", 1, 5, 1, presence_penalty=2.0, **often),
        request("frequency", 1, 5, 1, frequency_penalty=0.7, **often),
    ]
    plain, presence, frequency = engine.generate(requests)
    assert plain.ids == (5, 5, 5)
    assert presence.ids == (5, 6, 7)
    assert frequency.ids == (5, 5, 6)


def test_a_repetition_penalty_counts_the_prompt_too(engine):
    # The successor's logit is 3, the next one's 0.7.
    seen = request("seen", 2, 1, repetition_penalty=50.0, max_new_tokens=2)
    unseen = request("unseen", 1, repetition_penalty=50.0, max_new_tokens=1)
    first, second = engine.generate([seen, unseen])
    assert first.ids == (3, 4) and second.ids == (2,)


def test_cancel_frees_the_row_at_once(engine):
    for name in "abc":
        engine.submit(request(name, 1, max_new_tokens=20))
    engine.step()
    engine.submit(request("d", 1, max_new_tokens=2))
    assert engine.cancel("a")
    events = engine.step()
    assert [e.finish_reason for e in events if e.request_id == "a"] == ["cancelled"]
    assert [e.token_id for e in events if e.request_id == "a"] == [None]
    assert ids_of([e for e in events if e.request_id == "d"]) == [2, 3]
    rest = drain(engine)
    assert set(rest) == {"b", "c"} and ids_of(rest["b"])[-1] == 1


def test_a_waiting_request_can_be_cancelled(engine):
    for name in "abcd":
        engine.submit(request(name, 1))
    engine.step()
    assert engine.cancel("d")
    events = drain(engine)
    assert ids_of(events["d"]) == [] and events["d"][-1].finish_reason == "cancelled"


def test_the_last_cancel_leaves_the_engine_busy_until_it_is_told(engine):
    engine.submit(request("a", 1))
    assert engine.cancel("a")
    assert engine.busy
    (event,) = engine.step()
    assert event.finish_reason == "cancelled"
    assert not engine.busy


def test_cancelling_what_is_not_there_does_nothing(engine):
    assert not engine.cancel("ghost")
    assert not engine.busy and engine.step() == []


def test_an_id_may_not_be_taken_twice_but_again_later(engine):
    engine.submit(request("a", 1))
    with pytest.raises(GenerationError, match='id "a" is still waiting or running'):
        engine.submit(request("a", 2))
    assert len(ids_of(drain(engine)["a"])) == 4
    engine.submit(request("a", 2))
    engine.cancel("a")
    engine.submit(request("a", 3))
    assert ids_of(drain(engine)["a"]) == [4, 5, 6, 7]


def test_a_bad_request_among_many_stops_all_and_leaves_nothing(engine):
    with pytest.raises(PromptTooLong):
        engine.generate([request("a", 1), request("b", *[1] * 32)])
    with pytest.raises(GenerationError, match="id"):
        engine.generate([request("a", 1), request("a", 1)])
    assert not engine.busy
    assert engine.generate([request("a", 1)])[0].ids == (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (request("a"), "empty prompt"),
        (request("a", 1, 10), "names token 10, but the model has tokens 0 to 9"),
        (request("a", 1, logit_bias={-1: 1.0}), "names token -1"),
        (Request("a", (1,), SamplingParams(), banned_ids=frozenset(range(10))), "bans every"),
    ],
)
def test_an_impossible_request_is_refused_on_submit(engine, bad, message):
    with pytest.raises(GenerationError, match=message):
        engine.submit(bad)
    assert not engine.busy


def test_a_busy_engine_does_not_generate(engine):
    engine.submit(request("a", 1))
    with pytest.raises(GenerationError, match="at work"):
        engine.generate([request("b", 1)])
    assert ids_of(drain(engine)["a"]) == [2, 3, 4, 5]


def test_broken_weights_are_an_error_not_a_text():
    model = Successor()
    model.logits = lambda hidden: torch.full_like(hidden, torch.nan)
    engine = Engine(model, max_batch=1)
    with pytest.raises(GenerationError, match="NaN"):
        engine.generate([request("a", 1)])
    assert not engine.busy


def test_a_step_costs_the_rows_that_run(engine):
    engine.generate([request("long", 1, max_new_tokens=5), request("short", 2, max_new_tokens=2)])
    assert engine.model.shapes == [(2, 1), (2, 1), (1, 1), (1, 1), (1, 1)]


def test_prompts_are_read_together(engine):
    engine.generate([request(str(n), *[1] * n, max_new_tokens=1) for n in (1, 4, 2)])
    assert engine.model.shapes == [(3, 4)]


def test_equal_prompts_are_read_once(engine):
    prompts = [(3, 4, 5), (7,), (3, 4, 5)]
    requests = [request(f"r{n}", *ids, max_new_tokens=2) for n, ids in enumerate(prompts)]
    completions = engine.generate(requests)
    assert engine.model.shapes == [(2, 3), (3, 1)]
    assert [one.ids for one in completions] == [(6, 7), (8, 9), (6, 7)]


def test_the_model_generates_in_eval_mode_and_gets_its_mode_back():
    modes = []

    class Watched(Successor):
        def logits(self, hidden):
            modes.append(self.training)
            return super().logits(hidden)

    model = Watched().train()
    engine = Engine(model, max_batch=1)
    engine.generate([request("a", 1)])
    engine.submit(request("b", 1))
    engine.step()
    assert set(modes) == {False} and model.training


def test_no_seed_draws_one(engine):
    flat = {"temperature": 50.0, "max_new_tokens": 25}
    first, second = engine.generate([request("a", 1, **flat), request("b", 1, **flat)])
    assert first.ids != second.ids


def test_generate_of_nothing_is_nothing(engine):
    assert engine.generate([]) == []
