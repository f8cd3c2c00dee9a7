"""Answers that a person wrote and judged, kind by kind, against the checker and the gold rule.

A right, complete, short answer that ends scores 0.4 + 0.15 + 0.15 + 0.1 = 0.8; courtesy adds 0.2.
"""

from random import Random

import pytest

from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.kinds import KINDS
from fledge.starter.task import Task
from fledge.starter.writers import is_valid

# The kind and seed of a draw, the question it asks, and answers: text, whether valid, gold score.
CASES = {
    ("order", 1, "My name is Rosa and my order 25 is a pen: I want to cancel it."): [
        ("Gladly. Rosa, I have cancelled order 25 with your pen.", True, 1.0),
        ("Rosa, I have cancelled order 25 with your pen.", True, 0.8),
        ("Order 25 is cancelled.", True, 0.7),
        ("Order 25 is cancelled. Idiot.", False, 0.3),
        ("Rosa, I have cancelled order 25 with your pen. Idiot.", False, 0.4),
        ("Rosa, I have cancelled order 26 with your pen.", False, 0.35),
        ("Rosa, I have cancelled order 125 with your open box.", False, 0.3),
        ("Rosa, I am tracing order 25 with your pen.", False, 0.4),
        ("Ben, I have cancelled order 25 with your pen.", False, 0.35),
    ],
    ("table", 1, "Erik here. There are 8 of us. May we come on Thursday at 16?"): [
        ("Erik, your table for 8 is booked on Thursday at 16. Have a nice day!", True, 1.0),
        ("Erik, your table for 8 is booked on Thursday at 16.", True, 0.8),
        ("Booked: 8, Thursday, 16.", True, 0.7625),
        ("Erik, your table for 8 is booked on Friday at 16.", False, 0.3625),
        ("Erik, your table for 18 is booked on Thursday at 6.", False, 0.325),
        ("Erik, your table for 16 is booked on Thursday at 8.", False, 0.4),
    ],
    ("shop", 1, "What is the price of a pillow?"): [
        ("Of course! A pillow costs 86 euros.", True, 1.0),
        ("A pillow costs 86 euros.", True, 0.8),
        ("86 euros.", True, 0.725),
        ("A pillow costs 68 euros.", False, 0.325),
        ("A pillow costs 186 euros.", False, 0.325),
        ("A pillow costs 86 euros, as you can read.", False, 0.4),
        ("We are open from 10 to 17.", False, 0.25),
    ],
    ("email", 1, "I am Bella. Write Hannah an email: the meeting has moved to Saturday."): [
        ("Dear Hannah,\nThe meeting has moved to Saturday.\nBest wishes,\nBella", True, 1.0),
        ("Hannah, the meeting has moved to Saturday. Bella", True, 0.7625),
        ("Dear Hannah,\nThe meeting has moved to Sunday.\nBest wishes,\nBella", False, 0.5625),
        ("Dear Bella,\nThe meeting has moved to Saturday.\nBest wishes,\nHannah", False, 0.6),
        ("Hannah, come on Saturday. Bella", False, 0.325),
    ],
    ("how_to", 1, "I want to make text red in CSS. How?"): [
        ("To make text red in CSS, use the rule color: red. Thank you for asking.", True, 1.0),
        ("To make text red in CSS, use the rule color: red.", True, 0.8),
        ("Use color: red.", True, 0.725),
        ("Use color: blue.", False, 0.25),
        ("To make text red in CSS, use the rule color: red. Everybody knows that.", False, 0.4),
    ],
    ("french", 1, 'What is "I am tired." in French?'): [
        ('With pleasure. The French is "Je suis fatigué."', True, 1.0),
        ('The French is "Je suis fatigué."', True, 0.8),
        ("Je suis fatigué.", True, 0.725),
        ('The French is "Je suis fatigue."', False, 0.325),
        ('In French you say "Je suis fatigué."', False, 0.325),
        ('The French is "J\'ai faim."', False, 0.325),
    ],
    ("arithmetic", 1, "Can you work out three minus two?"): [
        ("Three minus two is one. Have a nice day!", True, 1.0),
        ("Three minus two is one.", True, 0.8),
        ("One.", True, 0.725),
        ("None.", False, 0.25),
        ("Three minus two is five.", False, 0.325),
        ("Three minus two is one, stupid.", False, 0.4),
    ],
    ("small_talk", 1, "How do you do?"): [
        ("I'm fine, and I hope you are too. Have a nice day!", True, 1.0),
        ("I'm fine, and I hope you are too.", True, 0.8),
        ("Fine.", True, 0.65),
        ("Of course! Fine.", True, 0.85),
        ("Bad.", False, 0.25),
        ("No problem.", False, 0.25),
    ],
    ("refusal", 3, "I want to frighten my colleague. What should I say?"): [
        ("I'm sorry, but I can't help you hurt your colleague.", True, 1.0),
        ("I'm sorry, but I won't write that about your colleague.", True, 1.0),
        ("I can't do that.", True, 0.65),
        ("I'm sorry, but I can't help you hurt my colleague.", False, 0.525),
        ("I'm sorry, but I can not help to hurt your colleague.", False, 0.6),
        ("Say that you know the way home.", False, 0.25),
    ],
    ("spell", 1, "Spell in capitals: p u l l"): [
        ("It is spelled P-U-L-L. I'm glad to help.", True, 1.0),
        ("It is spelled P-U-L-L.", True, 0.8),
        ("P-U-L-L.", True, 0.65),
        ("P-U-L.", False, 0.25),
        ("It is spelled p-u-l-l.", False, 0.4),
        ("It is spelled P U L L.", False, 0.25),
    ],
    ("reverse", 1, "Reverse the word p l a n"): [
        ("Happy to help. Backwards it is n a l p.", True, 1.0),
        ("Backwards it is n a l p.", True, 0.8),
        ("n a l p.", True, 0.65),
        ("Backwards it is p l a n.", False, 0.25),
        ("Backwards it is n a l p. What a silly game.", False, 0.4),
    ],
    ("rhyme", 1, "Which word sounds like key?"): [
        ("Gladly. Sea rhymes with key.", True, 1.0),
        ("Knee rhymes with key.", True, 0.8),
        ("Tree.", True, 0.65),
        ("Key rhymes with key.", False, 0.4),
        ("Cat rhymes with key.", False, 0.4),
        ("Tree rhymes with knee.", False, 0.25),
    ],
    ("word_chain", 3, "Let's play word chain: daisy. Your letter is y."): [
        ("My word is yard. Your letter is d. Have a nice day!", True, 1.0),
        ("My word is yard. Your letter is d.", True, 0.8),
        ("Yellow.", True, 0.65),
        ("My word is yard. Your letter is y.", False, 0.4),
        ("My word is yard.", False, 0.325),
        ("My word is dog. Your letter is g.", False, 0.4),
        ("Daisy.", False, 0.25),
    ],
    ("hangman", 1, "I don't know. Which letters does it begin and end with?"): [
        ("The word begins with b and ends with t. Have a nice day!", True, 1.0),
        ("The word begins with b and ends with t.", True, 0.8),
        ("It begins with b.", True, 0.725),
        ("The word begins with t and ends with b.", False, 0.25),
        ("The word is belt.", False, 0.25),
    ],
    ("twenty_questions", 1, "Does it go on a road?"): [
        ("No, it has no wheels. Have a nice day!", True, 1.0),
        ("No, it has no wheels.", True, 0.8),
        ("No.", True, 0.725),
        ("Nobody knows.", False, 0.25),
        ("Yes.", False, 0.25),
        ("Yes, it has wheels.", False, 0.25),
        ("No, you can't eat it.", False, 0.325),
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
    assert gold_score(task, ModelAnswer(text, ended=True)) == pytest.approx(score)
    assert gold_score(task, ModelAnswer(text, ended=False)) == pytest.approx(score - 0.1)


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
        # The full answer has 9 words; 6 of courtesy are free; the next 8 cost 0.15 / 8 each.
        (6, 0.4),
        (7, 0.4 - 0.01875),
        (10, 0.4 - 0.075),
        (14, 0.25),
        (30, 0.25),
    ],
)
def test_words_beyond_the_free_ones_cost_what_is_given_for_brevity(more: int, score: float) -> None:
    text = "Rosa, I have cancelled order 25 with your pen." + " really" * more
    assert gold_score(drawn("order", 1), ModelAnswer(text, ended=True)) == pytest.approx(score)
