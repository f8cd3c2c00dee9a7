"""The model's own answers as demonstrations: whole, and only as far as they do not repeat."""

import pytest

from fledge.starter.gold import ModelAnswer
from fledge.starter.shops import general_prompts, rehearsals
from fledge.starter.shops.rehearsal import told_once

VERSE = "The rain is soft,\nthe rain is mild,\nit washes every street and child,\n"


@pytest.mark.parametrize(
    ("text", "ended", "kept"),
    [
        (" The capital is Oslo. ", True, "The capital is Oslo."),
        ("Oslo", True, "Oslo"),
        ("No. No. No.", True, "No. No. No."),
        ("", True, ""),
        (
            "The sky is blue because of the air. It scatters bl",
            False,
            "The sky is blue because of the air.",
        ),
        ("The sky is", False, ""),
        ("The air is thin. The air is thin. The air is thin.", True, ""),
        (
            "Cats sleep for most of the day. They hunt at night. Cats sleep for most of the day.",
            True,
            "Cats sleep for most of the day. They hunt at night.",
        ),
        (f"{VERSE}the rain is soft,\nthe rain", False, VERSE.strip().rstrip(",") + "."),
        (f"{VERSE}and then it st", False, VERSE.strip().rstrip(",") + "."),
        (
            "1. Walk for an hour every day.\n2. Eat fruit and vegetables.\n3. Sle",
            False,
            "1. Walk for an hour every day.\n2. Eat fruit and vegetables.",
        ),
        ("```python\nprint(1)\n```", True, "```python\nprint(1)\n```"),
        ("Here is the code that you need:\n```python\nprint(1)\npri", False, ""),
    ],
)
def test_an_answer_is_kept_up_to_its_cut_or_first_repetition(text, ended, kept):
    assert told_once(ModelAnswer(text, ended)) == kept


def test_rehearsals_follow_their_prompts_and_leave_out_loops():
    prompts = general_prompts()[:4]
    answers = [
        ModelAnswer(" A good answer. ", ended=True),
        ModelAnswer("It is a long and good story. Cut off in the", ended=False),
        ModelAnswer("la " * 40, ended=True),
        ModelAnswer("", ended=True),
    ]
    assert rehearsals(prompts, answers) == [prompts[0].then("assistant", "A good answer.")]


def test_a_cut_answer_of_enough_words_is_kept():
    (prompt,) = general_prompts()[:1]
    text = "It is a long and good story of a dog. It ran off in the"
    (kept,) = rehearsals([prompt], [ModelAnswer(text, ended=False)])
    assert kept.messages[-1].content == "It is a long and good story of a dog."
