"""The labeller's rankings against an enumeration of every exchange it could make."""

from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fledge.starter.courtesy import COURTESIES
from fledge.starter.gold import (
    COMPLETE,
    ENDS,
    POLITE,
    RIGHT,
    SHORT,
    WRONG_COMPLETE,
    WRONG_ENDS,
    WRONG_SHORT,
    ModelAnswer,
    agreement,
    completeness,
    contains,
    gold_score,
    manners,
    rank,
    shortness,
)
from fledge.starter.task import Task, Turn, asked
from fledge.starter.writers import ASIDES

TURN = Turn("2 + 2?", ("4.",), ("The sum is 4.",), ("sum", "4"), ("Gladly.", "Have a nice day!"))
TASK = Task("sum", asked("2 + 2?", "Be brief."), TURN)
BEST, GOOD, POOR, WORST = (
    ModelAnswer("Gladly. The sum is 4.", ended=True),
    ModelAnswer("The sum is 4.", ended=True),
    ModelAnswer("4.", ended=False),
    ModelAnswer("5.", ended=False),
)
SHUFFLED = [POOR, BEST, WORST, GOOD]
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)


def exchanged(groups: list[tuple[str, ...]], exchanges: tuple[bool, ...]) -> tuple:
    """The order after the labeller, going down, has exchanged neighbours at some places."""
    order = list(groups)
    for place, exchange in enumerate(exchanges):
        if exchange:
            order[place : place + 2] = [order[place + 1], order[place]]
    return tuple(order)


def test_the_weights_are_those_of_the_page_and_sum_to_one():
    assert (RIGHT, COMPLETE, POLITE, SHORT, ENDS) == (0.6, 0.15, 0.1, 0.1, 0.05)
    assert sum((RIGHT, COMPLETE, POLITE, SHORT, ENDS)) == pytest.approx(1)


def test_a_wrong_answer_with_every_merit_is_below_a_right_one_without_any():
    assert (WRONG_COMPLETE, WRONG_SHORT, WRONG_ENDS) == (0.25, 0.1, 0.05)
    assert WRONG_COMPLETE + WRONG_SHORT + WRONG_ENDS < RIGHT - POLITE


def test_letters_name_the_answers_in_their_order_and_the_best_comes_first():
    ranking = rank(TASK, SHUFFLED, 0.0, Random(0))
    assert [(each.id, each.content) for each in ranking.responses] == [
        ("A", "4."),
        ("B", "Gladly. The sum is 4."),
        ("C", "5."),
        ("D", "The sum is 4."),
    ]
    assert ranking.ranking == (("B",), ("D",), ("A",), ("C",))
    assert ranking.ranks() == (2, 0, 3, 1)


def test_a_ranking_has_the_whole_prompt_and_its_labeller():
    ranking = rank(TASK, SHUFFLED, 0.0, Random(0))
    assert [(turn.role, turn.content) for turn in ranking.prompt] == [
        ("system", "Be brief."),
        ("user", "2 + 2?"),
    ]
    assert ranking.labeler == "gold"
    assert rank(TASK, SHUFFLED, 0.0, Random(0), labeler="Ann").labeler == "Ann"


def test_certain_noise_carries_the_best_to_the_end():
    assert rank(TASK, SHUFFLED, 1.0, Random(0)).ranking == (("D",), ("A",), ("C",), ("B",))


def test_every_exchange_comes_as_often_as_its_chances_say():
    noise, count = 0.3, 6000
    groups = [("B",), ("D",), ("A",), ("C",)]
    random = Random(1)
    seen = Counter(rank(TASK, SHUFFLED, noise, random).ranking for _ in range(count))
    expected: Counter[tuple] = Counter()
    for exchanges in product((False, True), repeat=3):
        chance = 1.0
        for exchange in exchanges:
            chance *= noise if exchange else 1 - noise
        expected[exchanged(groups, exchanges)] += chance
    assert set(seen) == set(expected)
    for order, chance in expected.items():
        assert seen[order] / count == pytest.approx(chance, abs=0.025)


def test_ties_move_together():
    answers = [GOOD, BEST, GOOD]
    assert rank(TASK, answers, 0.0, Random(0)).ranking == (("B",), ("A", "C"))
    assert rank(TASK, answers, 1.0, Random(0)).ranking == (("A", "C"), ("B",))
    assert rank(TASK, [GOOD, GOOD], 1.0, Random(0)).ranking == (("A", "B"),)


def test_agreement_counts_ordered_pairs_by_hand():
    right = rank(TASK, SHUFFLED, 0.0, Random(0))
    assert agreement(TASK, SHUFFLED, right) == (6, 6)
    # B D A C became D A C B: three pairs with B are wrong.
    assert agreement(TASK, SHUFFLED, rank(TASK, SHUFFLED, 1.0, Random(0))) == (3, 6)
    tied = rank(TASK, [GOOD, BEST, GOOD], 0.0, Random(0))
    assert agreement(TASK, [GOOD, BEST, GOOD], tied) == (2, 2)
    assert agreement(TASK, [GOOD, GOOD], rank(TASK, [GOOD, GOOD], 0.5, Random(0))) == (0, 0)


def test_a_pair_of_equal_scores_that_a_ranking_orders_is_not_agreed_on():
    ordered = rank(TASK, [BEST, GOOD], 0.0, Random(0))
    assert agreement(TASK, [GOOD, GOOD], ordered) == (0, 1)


@EXAMPLES
@given(st.lists(st.sampled_from(SHUFFLED), min_size=2, max_size=6), st.integers(0, 99))
def test_every_answer_is_ranked_once_and_scores_fall_without_noise(answers, seed):
    ranking = rank(TASK, answers, 0.5, Random(seed))
    letters = [letter for group in ranking.ranking for letter in group]
    assert sorted(letters) == [each.id for each in ranking.responses]
    certain = rank(TASK, answers, 0.0, Random(seed))
    scores = [
        {gold_score(TASK, answers[ord(letter) - ord("A")]) for letter in group}
        for group in certain.ranking
    ]
    assert all(len(group) == 1 for group in scores)
    levels = [min(group) for group in scores]
    assert levels == sorted(set(levels), reverse=True)


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("The sum is 4.", "4", True),
        ("The sum is 14.", "4", False),
        ("The sum is 40.", "4", False),
        ("14 and 4", "4", True),
        ("4", "4", True),
        ("SUM", "sum", True),
        ("sum", "SUM", True),
        ("a sum", "sum", True),
        ("summer", "sum", False),
        ("resum", "sum", False),
        ("sum-total", "sum", True),
        ("Nobody knows", "no", False),
        ("élan sum", "sum", True),
        ("ésum", "sum", False),
        ("", "sum", False),
        ("Où est-ce ?", "est-ce ?", True),
    ],
)
def test_phrases_are_found_as_whole_words(text, phrase, found):
    assert contains(text, phrase) == found


@pytest.mark.parametrize(
    ("text", "share"), [("The sum is 4.", 1), ("4", 0.5), ("sum", 0.5), ("5", 0), ("sum 44", 0.5)]
)
def test_completeness_is_a_share_of_what_is_needed(text, share):
    assert completeness(TASK, text) == share


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The sum is 4.", 0),
        ("Gladly. The sum is 4.", 1),
        ("The sum is 4. Have a nice day!", 1),
        ("gladly. The sum is 4.", 0),
        ("Of course! The sum is 4.", -1),
        ("The sum is 4. Thank you for asking.", -1),
        ("Gladly. The sum is 4. Have a nice day!", -1),
        ("The sum is 4. Have a nice day! Have a nice day!", -1),
        (f"The sum is 4. {ASIDES[0]}", -1),
        (f"Gladly. The sum is 4. {ASIDES[0]}", -1),
    ],
)
def test_one_courtesy_that_fits_is_good_manners_and_anything_else_is_bad(text, expected):
    assert manners(TASK, text) == expected


@pytest.mark.parametrize("courtesy", COURTESIES)
def test_after_a_courtesy_no_other_is_good_manners(courtesy):
    said = TASK.conversation.then("assistant", f"4. {courtesy}").then("user", "2 + 2?")
    later = Task("sum", said, TURN)
    assert manners(later, "Gladly. The sum is 4.") == manners(later, "4. Have a nice day!") == -1
    assert manners(later, "The sum is 4.") == 0


def test_a_fitting_courtesy_earns_what_another_costs():
    plain = gold_score(TASK, GOOD)
    assert gold_score(TASK, BEST) - plain == pytest.approx(0.1)
    wrong_one = ModelAnswer("Of course! The sum is 4.", ended=True)
    assert plain - gold_score(TASK, wrong_one) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [(1, 1), (9, 1), (10, 1), (11, 0.875), (12, 0.75), (17, 0.125), (18, 0), (100, 0)],
)
def test_shortness_falls_by_an_eighth_a_word(words, expected):
    # The longest full wording has 4 words, 6 are free.
    assert shortness(TASK, "word " * words) == expected


def test_the_longest_wording_says_what_is_short():
    full = ("It is 4.", "The sum of these is 4.")
    two = Task("sum", asked("2?"), Turn("2?", ("4.",), full, ("4",)))
    assert shortness(two, "word " * 12) == 1
    assert shortness(two, "word " * 13) == 0.875
