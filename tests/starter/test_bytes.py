"""The same seed gives the same bytes on every machine and under every Python.

A demo that is resumed compares the hashes of its data. A digest changes when a text does: then
draw it anew, here and nowhere else.
"""

import hashlib
import json
from itertools import islice
from random import Random

import pytest

from fledge.starter.exercises import exercises
from fledge.starter.gold import ModelAnswer, rank
from fledge.starter.kinds import conversations, tasks
from fledge.starter.parallel import sentence_pairs
from fledge.starter.prose import prose
from fledge.starter.writers import WRITERS, write


def ranked() -> list[object]:
    random = Random("bytes")
    return [
        rank(
            task,
            [ModelAnswer(write(task, writer, random), ended=True) for writer in WRITERS],
            0.3,
            random,
        ).model_dump(mode="json", exclude_none=True)
        for task in tasks("train", 0, 3)
    ]


DRAWN = {
    "conversations": lambda: [
        [each.conversation.records(), each.writer] for each in conversations("train", 0, 400)
    ],
    "held-out conversations": lambda: [
        each.conversation.records() for each in conversations("held_out", 5, 100)
    ],
    "tasks": lambda: [task.conversation.records() for task in tasks("held_out", 0, 10)],
    "exercises": lambda: list(exercises(0, 100)),
    "prose": lambda: list(islice(prose(0, 100), 100)),
    "sentence pairs": lambda: [sentence_pairs("train"), sentence_pairs("held_out")],
    "rankings": ranked,
}
DIGESTS = {
    "conversations": "7c5b21a4cb27948b",
    "held-out conversations": "c8e64b752efb85a2",
    "tasks": "458bcf50b3cb134a",
    "exercises": "cc30d4bc444ff3ac",
    "prose": "20be9faa757be961",
    "sentence pairs": "e0a5bad0801851d7",
    "rankings": "eaaf6cf95d132f58",
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_bytes_are_those_of_every_other_machine(name):
    text = json.dumps(DRAWN[name](), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", DRAWN)
def test_drawing_again_gives_the_same(name):
    assert DRAWN[name]() == DRAWN[name]()
