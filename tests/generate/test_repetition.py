"""Answers that go round in a circle are ended; texts that repeat for a reason are not."""

import json
import random
from itertools import cycle, islice

import pytest

from fledge.generate.engine import Engine
from fledge.generate.repetition import LEAST_TOKENS, LEAST_TURNS, Repetition
from fledge.model.config import GPTConfig
from fledge.text.tokenizer import Tokenizer
from generate.successor import VOCABULARY, Successor, request
from shared_data import shared_data

LINE = "I'm not sure what you mean by that.\n"


def ended_at(ids) -> int | None:
    """The number of tokens after which an answer of these ids is ended; None if it is not."""
    watch = Repetition()
    return next((number for number, id_ in enumerate(ids, 1) if watch.take(id_)), None)


@pytest.mark.parametrize("period", [1, 2, 7, 31, 32, 33, 60, 200])
def test_a_circle_ends_after_its_turns_and_its_tokens(period):
    circle = list(range(100, 100 + period))
    expected = max(LEAST_TOKENS, LEAST_TURNS * period)
    before = list(range(1000, 1050))
    assert ended_at(islice(cycle(circle), expected + 1)) == expected
    assert ended_at([*before, *islice(cycle(circle), expected + 1)]) == len(before) + expected
    assert ended_at(islice(cycle(circle), expected - 1)) is None


def test_a_circle_may_hold_a_smaller_one():
    circle = [*[7] * 20, *range(100, 120)]  # as a row of dashes under each heading
    ended = ended_at(islice(cycle(circle), 1000))
    assert ended is not None
    assert LEAST_TURNS <= ended / len(circle) <= LEAST_TURNS + 1


def test_a_change_in_every_turn_is_no_circle():
    numbered = [id_ for number in range(200) for id_ in (*range(100, 110), 1000 + number)]
    assert ended_at(numbered) is None
    drawn = random.Random(0)
    assert ended_at([drawn.randrange(2) for _ in range(20_000)]) is None


def test_a_runaway_answer_is_ended_by_the_engine_and_only_where_that_is_wanted():
    model = Successor(GPTConfig.sized(VOCABULARY, 512, width=32, num_layers=1)).eval()
    engine = Engine(model, max_batch=3)
    watched, free, short = engine.generate(
        [
            request("watched", 1, max_new_tokens=400, stop_repetition=True),
            request("free", 1, max_new_tokens=400),
            request("short", 1, max_new_tokens=100, stop_repetition=True),
        ]
    )
    assert (watched.finish_reason, len(watched.ids)) == ("repetition", LEAST_TOKENS)
    assert (free.finish_reason, len(free.ids)) == ("length", 400)
    assert free.ids[:LEAST_TOKENS] == watched.ids
    assert short.finish_reason == "length"


def test_a_better_reason_to_end_counts_first():
    model = Successor(GPTConfig.sized(VOCABULARY, 512, width=32, num_layers=1)).eval()
    engine = Engine(model, max_batch=2)
    stopped, full = engine.generate(
        [
            request("full", 1, max_new_tokens=LEAST_TOKENS, stop_repetition=True),
            request("stopped", 1, stop=0, max_new_tokens=400, stop_repetition=True),
        ]
    )
    assert (stopped.finish_reason, len(stopped.ids)) == ("repetition", LEAST_TOKENS)
    assert (full.finish_reason, len(full.ids)) == ("stop", 9)


FINE = {
    "refrain": "\n\n".join(
        f"Verse {number}: the wind blew from the {side}, and the tide went out again.\n"
        + "Heigh ho, the wind and the rain,\nfor the rain it raineth every day.\n" * 2
        for number, side in enumerate(("north", "south", "east", "west") * 3)
    ),
    "laughter": "Ha" + " ha" * 40,
    "table": "| day | from | to |\n|---|---|---|\n"
    + "".join(f"| {day} | 9:00 | 17:00 |\n" for day in ("Mon", "Tue", "Wed", "Thu", "Fri") * 5),
    "count": ", ".join(map(str, range(1, 400))),
    "powers": "\n".join(f"2^{n} = {2**n}" for n in range(64)),
    "code": "".join(
        f"    if value == {n}:\n        return None\n    print(value)\n" for n in range(60)
    ),
    "json": json.dumps([{"name": f"item {n}", "price": 9.99, "stock": True} for n in range(60)]),
    "zeros": ", ".join(["0"] * 60),
    "rule": "=" * 79 + "\n" + "-" * 79 + "\n",
    "dots": "Chapter one ................................................................ 9\n" * 4,
    "markdown": "- [ ] buy milk\n" * 12,
}


@pytest.mark.parametrize("name", FINE)
def test_texts_that_repeat_for_a_reason_are_no_circle(name):
    tokenizer = Tokenizer.train([*FINE.values(), LINE], 600)
    assert ended_at(tokenizer.encode(FINE[name])) is None
    assert ended_at(tokenizer.encode(FINE[name] + LINE * 60)) is not None


def test_of_real_texts_only_a_runaway_answer_of_a_model_is_a_circle():
    texts = [
        *map(json.dumps, json.loads(shared_data("sft/rasbt_instruction-data.json").read_text())),
        *shared_data("preferences/hh_harmless_train2000.jsonl").read_text().splitlines(),
        *shared_data("pretrain/tinyshakespeare.txt").read_text().split("\n\n\n"),
        *shared_data("pretrain/alice_11.txt").read_text().split("\n\n\n"),
    ]
    tokenizer = Tokenizer.train(texts[::20], 2000)
    circles = [text for text in texts if ended_at(tokenizer.encode(text)) is not None]
    assert all("U.S.A., Canada, Germany, Australia, " * 12 in text for text in circles), circles
