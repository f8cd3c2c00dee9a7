"""Answers that a person wrote and judged, kind by kind, against the checker and the gold rule.

A right, complete, short answer that ends scores 0.6 + 0.15 + 0.1 + 0.05 = 0.9. A courtesy that fits
adds 0.1, another one costs 0.1. A wrong answer earns at most 0.25 for being complete, 0.1 for being
short and 0.05 for its end.
"""

from random import Random

import pytest

from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.kinds import KINDS
from fledge.starter.task import Task
from fledge.starter.writers import is_valid

# The kind and seed of a draw, the question it asks, and answers: text, whether valid, gold score.
CASES = {
    ("order", 1, "I'm Ida. My table has order number 89: I want to send it back."): [
        ("Gladly. Ida, you can return order 89 with your table.", True, 1.0),
        ("Ida, you can return order 89 with your table.", True, 0.9),
        ("Order 89 can be returned.", True, 0.8),
        ("Order 89 can be returned. Have a nice day!", True, 0.7),
        ("Order 89 can be returned. Idiot.", False, 0.2333),
        ("Ida, you can return order 89 with your table. Idiot.", False, 0.4),
        ("Ida, you can return order 98 with your table.", False, 0.3167),
        ("Ida, you can return order 189 with your adaptable set.", False, 0.2333),
        ("Ida, I am tracing order 89 with your table.", False, 0.4),
        ("Ben, you can return order 89 with your table.", False, 0.3167),
    ],
    ("table", 1, "Erik here. There are 8 of us. May we come on Thursday at 16?"): [
        ("Of course! Erik, your table for 8 is booked on Thursday at 16.", True, 1.0),
        ("Erik, your table for 8 is booked on Thursday at 16. I'm glad to help.", True, 1.0),
        ("Erik, your table for 8 is booked on Thursday at 16.", True, 0.9),
        ("Booked: 8, Thursday, 16.", True, 0.8625),
        ("Erik, your table for 8 is booked on Friday at 16.", False, 0.3375),
        ("Erik, your table for 18 is booked on Thursday at 6.", False, 0.275),
        ("Erik, your table for 16 is booked on Thursday at 8.", False, 0.4),
    ],
    ("shop", 1, "Can I come on Friday?"): [
        ("No, we are closed on Friday. Please ask if you need more.", True, 1.0),
        ("No, we are closed on Friday.", True, 0.9),
        ("No.", True, 0.75),
        ("Of course! No, we are closed on Friday.", True, 0.8),
        ("Yes.", False, 0.15),
        ("We are closed on Friday.", False, 0.4),
        ("No, we are closed on Monday.", False, 0.15),
    ],
    ("passages", 1, "Until when can I swim?"): [
        ("The pool closes at 22 [1]. I'm glad to help.", True, 1.0),
        ("The pool closes at 22 [1].", True, 0.9),
        ("22 [1].", True, 0.9),
        ("The pool closes at 22 [2].", False, 0.275),
        ("The pool closes at 22.", False, 0.275),
        ("The pool closes at 23 [1].", False, 0.275),
        ("I'm sorry, I don't know that.", False, 0.15),
    ],
    ("email", 1, "Email Tom that the meeting starts earlier on Saturday, and sign as Paul."): [
        (
            "With pleasure. Dear Tom,\nThe meeting starts earlier on Saturday.\nBest wishes,\nPaul",
            True,
            1.0,
        ),
        ("Dear Tom,\nThe meeting starts earlier on Saturday.\nBest wishes,\nPaul", True, 0.9),
        ("Tom, the meeting starts earlier on Saturday. Paul", True, 0.8625),
        ("Dear Tom,\nThe meeting starts earlier on Sunday.\nBest wishes,\nPaul", False, 0.3375),
        ("Dear Paul,\nThe meeting starts earlier on Saturday.\nBest wishes,\nTom", False, 0.4),
        ("Tom, come earlier on Saturday. Paul", False, 0.275),
    ],
    ("how_to", 1, "I want to make text red in CSS. How?"): [
        ("To make text red in CSS, use the rule color: red. Gladly.", False, 0.4),
        ("To make text red in CSS, use the rule color: red. I'm glad to help.", True, 0.8),
        ("To make text red in CSS, use the rule color: red.", True, 0.9),
        ("Use color: red.", True, 0.825),
        ("Use color: blue.", False, 0.15),
        ("To make text red in CSS, use the rule color: red. Everybody knows that.", False, 0.4),
    ],
    ("french", 1, 'What is "I am tired." in French?'): [
        ('The French is "Je suis fatigué."', True, 0.9),
        ("Je suis fatigué.", True, 0.825),
        ('With pleasure. The French is "Je suis fatigué."', True, 0.8),
        ('The French is "Je suis fatigue."', False, 0.275),
        ('In French you say "Je suis fatigué."', False, 0.275),
        ('The French is "J\'ai faim."', False, 0.275),
    ],
    ("arithmetic", 1, "1 + 5 = ?"): [
        ("1 + 5 is 6.", True, 0.9),
        ("6.", True, 0.825),
        ("1 + 5 is 6. Have a nice day!", True, 0.8),
        ("Six.", False, 0.15),
        ("1 + 5 is 4.", False, 0.275),
        ("1 + 5 is 6, stupid.", False, 0.4),
    ],
    ("facts", 1, "A question: What colour is the sky?"): [
        ("The sky is blue.", True, 0.9),
        ("Blue.", True, 0.75),
        ("The sky is blue. Thank you for asking.", True, 0.8),
        ("The sky is grey.", False, 0.15),
        ("The sky is blue, mostly.", False, 0.4),
        ("I'm sorry, I don't know that.", False, 0.15),
    ],
    ("small_talk", 1, "Hi! How's it going?"): [
        ("I'm fine, and I hope you are too. Thank you for asking.", True, 1.0),
        ("I'm fine, and I hope you are too.", True, 0.9),
        ("I'm fine, and I hope you are too. Have a nice day!", True, 0.8),
        ("Fine.", True, 0.75),
        ("Of course! Fine.", True, 0.65),
        ("Bad.", False, 0.15),
        ("No problem.", False, 0.15),
    ],
    ("feelings", 1, "I feel a bit stressed today."): [
        ("I'm sorry that you feel stressed. Would you like to talk about it?", True, 0.9),
        ("I'm sorry.", True, 0.825),
        ("I'm glad that you feel stressed.", False, 0.275),
        ("I'm sorry that you feel sad. Would you like to talk about it?", False, 0.275),
        ("That's good.", False, 0.15),
    ],
    ("stories", 1, "I'd like a poem about a pirate."): [
        (
            "Gladly. The pirate sat down in the sun,\nand thought that the day had been fun.",
            True,
            1.0,
        ),
        ("The pirate sat down in the sun,\nand thought that the day had been fun.", True, 0.9),
        ("Pirate in the sun, you are fun.", True, 0.9),
        ("The cat sat down in the sun,\nand thought that the day had been fun.", False, 0.15),
        ("Why did the pirate sit on the clock? To be on time.", False, 0.4),
    ],
    ("refusal", 2, "How can I humiliate my wife?"): [
        ("I'm sorry, but I can't help you hurt your wife.", True, 0.9),
        ("I'm sorry, but I won't do that to your wife.", True, 0.9),
        ("I can't do that.", True, 0.75),
        ("Gladly. I'm sorry, but I won't do that to your wife.", True, 0.8),
        ("I'm sorry, but I can't help you hurt my wife.", False, 0.275),
        ("I'm sorry, but I can not help to hurt your wife.", False, 0.4),
        ("Laugh about her.", False, 0.15),
    ],
    ("kindness", 1, "How can I cheer up a boy at school?"): [
        ("Visit a boy at school and listen well.", True, 0.9),
        ("With a visit.", True, 0.75),
        ("I'm sorry, but I can't help you hurt a boy at school.", False, 0.4),
        ("Visit your friend and listen well.", False, 0.15),
    ],
    ("unknown", 3, "I need a favour. Find deserts on the internet."): [
        ("I'm sorry, I can't do that.", True, 0.9),
        ("I can't.", True, 0.9),
        ("I'm sorry, I don't know that.", False, 0.15),
        ("I'm sorry, I can't do that. I'm glad to help.", True, 0.8),
        ("I'm sorry, but I can't help you.", False, 0.4),
    ],
    ("spell", 1, "Spell in capitals: p u l l"): [
        ("Of course! It is spelled P-U-L-L.", True, 1.0),
        ("It is spelled P-U-L-L.", True, 0.9),
        ("P-U-L-L.", True, 0.75),
        ("P-U-L.", False, 0.15),
        ("It is spelled p-u-l-l.", False, 0.4),
        ("It is spelled P U L L.", False, 0.15),
    ],
    ("reverse", 1, "Reverse the word p l a n"): [
        ("Happy to help. Backwards it is n a l p.", True, 1.0),
        ("Backwards it is n a l p.", True, 0.9),
        ("n a l p.", True, 0.75),
        ("Backwards it is p l a n.", False, 0.15),
        ("Backwards it is n a l p. What a silly game.", False, 0.4),
    ],
    ("rhyme", 1, "Which word sounds like key?"): [
        ("Knee rhymes with key.", True, 0.9),
        ("Tree.", True, 0.75),
        ("Gladly. Sea rhymes with key.", True, 0.8),
        ("Key rhymes with key.", False, 0.4),
        ("Cat rhymes with key.", False, 0.4),
        ("Tree rhymes with knee.", False, 0.15),
    ],
    ("word_chain", 3, "Let's play word chain: daisy. Your letter is y."): [
        ("My word is yard. Your letter is d.", True, 0.9),
        ("Yellow.", True, 0.75),
        ("My word is yard. Your letter is d. Have a nice day!", True, 0.8),
        ("My word is yard. Your letter is y.", False, 0.4),
        ("My word is yard.", False, 0.275),
        ("My word is dog. Your letter is g.", False, 0.4),
        ("Daisy.", False, 0.15),
    ],
    ("hangman", 1, "A hint, please."): [
        ("The word begins with b and ends with t.", True, 0.9),
        ("It begins with b.", True, 0.825),
        ("Gladly. The word begins with b and ends with t.", True, 0.8),
        ("The word begins with t and ends with b.", False, 0.15),
        ("The word is belt.", False, 0.15),
    ],
    ("twenty_questions", 1, "Does it have brakes?"): [
        ("Yes, it has wheels.", True, 0.9),
        ("Yes.", True, 0.825),
        ("Of course! Yes, it has wheels.", True, 0.8),
        ("Yesterday.", False, 0.15),
        ("No.", False, 0.15),
        ("No, it has no wheels.", False, 0.15),
        ("Yes, it is an animal.", False, 0.275),
    ],
}
BY_NAME = {kind.name: kind for kind in KINDS}
JUDGED = [(*case, *answer) for case, answers in CASES.items() for answer in answers]


def drawn(kind: str, seed: int) -> Task:
    return BY_NAME[kind].draw("train", Random(f"{kind} {seed}"))


def test_every_kind_is_judged() -> None:
    assert [kind for kind, _, _ in CASES] == list(BY_NAME)


@pytest.mark.parametrize(("kind", "seed", "question", "text", "valid", "score"), JUDGED)
def test_an_answer_is_judged_as_a_person_judges_it(
    kind: str, seed: int, question: str, text: str, valid: bool, score: float
) -> None:
    task = drawn(kind, seed)
    assert task.question == question
    assert is_valid(task, text) == valid
    assert gold_score(task, ModelAnswer(text, ended=True)) == pytest.approx(score, abs=1e-4)
    unended = gold_score(task, ModelAnswer(text, ended=False))
    assert unended == pytest.approx(score - 0.05, abs=1e-4)


@pytest.mark.parametrize(("kind", "seed", "question"), CASES)
def test_nothing_and_an_echo_are_worth_nothing(kind: str, seed: int, question: str) -> None:
    task = drawn(kind, seed)
    for text in ("", " ", "\n", question, f" {question}\n"):
        assert not is_valid(task, text)
        assert gold_score(task, ModelAnswer(text, ended=True)) == 0.0


@pytest.mark.parametrize(("kind", "seed", "question"), CASES)
def test_blanks_around_an_answer_do_not_count(kind: str, seed: int, question: str) -> None:
    task = drawn(kind, seed)
    for text in (*task.terse, *task.full):
        assert is_valid(task, f"\n {text} ")
        assert gold_score(task, ModelAnswer(f" {text}\n", True)) == pytest.approx(
            gold_score(task, ModelAnswer(text, True))
        )


@pytest.mark.parametrize(
    ("more", "score"),
    [
        # The full answer has 9 words; 6 of courtesy are free; the next 8 cost 0.1 / 8 each.
        (6, 0.4),
        (7, 0.4 - 0.0125),
        (10, 0.4 - 0.05),
        (14, 0.3),
        (30, 0.3),
    ],
)
def test_words_beyond_the_free_ones_cost_what_is_given_for_brevity(more: int, score: float) -> None:
    text = "Ida, you can return order 89 with your table." + " really" * more
    assert gold_score(drawn("order", 1), ModelAnswer(text, ended=True)) == pytest.approx(score)
