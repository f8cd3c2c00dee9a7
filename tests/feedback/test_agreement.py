"""Agreement of people, in numbers worked out by hand, and against loops over all pairs."""

import random
from itertools import combinations

import krippendorff
import numpy as np
import pytest

from fledge.feedback.agreement import agreement, mid_ranks
from fledge.feedback.records import ChatTurn, Ranking, Rating, Response


def prompt(text):
    return (ChatTurn(role="user", content=text),)


def ranked(who, order, question="q", **more):
    """A ranking such as "a>b=c" of answers whose text is their letter."""
    groups = tuple(tuple(group.split("=")) for group in order.split(">"))
    letters = sorted(letter for group in groups for letter in group)
    return Ranking(
        prompt=prompt(question),
        responses=tuple(Response(id=one, content=f"text {one}") for one in letters),
        ranking=groups,
        labeler=who,
        **more,
    )


def rated(who, rating, answer="a", question="q", **more):
    return Rating(prompt=prompt(question), response=answer, rating=rating, labeler=who, **more)


def noisy(seed, people=5, prompts=30):
    random_ = random.Random(seed)
    return [
        ranked(
            f"p{person}",
            random_.choice(["a>b>c", "a>b>c", "b>a>c", "a=b>c", "c>a>b", "a=b=c", "b>a", "a=b"]),
            f"q{number}",
        )
        for number in range(prompts)
        for person in range(people)
        if random_.random() < 0.7
    ]


def test_pairs_of_two_people_by_hand():
    # Pairs ab, ac, bc: alike, alike, opposite; then a tie against an order counts half.
    report = agreement([ranked("Ann", "a>b>c"), ranked("Bo", "a>c>b")])
    assert report.pairs.agreement.value == pytest.approx(2 / 3)
    assert report.pairs.num_pairs == 3
    tied = agreement([ranked("Ann", "a=b>c"), ranked("Bo", "a>b>c")])
    assert tied.pairs.agreement.value == pytest.approx((0.5 + 1 + 1) / 3)
    assert tied.pairs.strict.value == 1
    both = agreement([ranked("Ann", "a=b"), ranked("Bo", "a=b")])
    assert both.pairs.agreement.value == 1 and both.pairs.strict is None


def test_ids_of_answers_are_blind_and_texts_are_what_counts():
    swapped = Ranking(
        prompt=prompt("q"),
        responses=(Response(id="a", content="text b"), Response(id="b", content="text a")),
        ranking=(("b",), ("a",)),
        labeler="Bo",
    )
    assert agreement([ranked("Ann", "a>b"), swapped]).pairs.agreement.value == 1


def test_pairs_and_persons_are_those_of_loops_over_everybody():
    records = noisy(0)
    signs = {}
    for record in records:
        ranks = {r.content: rank for r, rank in zip(record.responses, record.ranks(), strict=True)}
        for one, other in combinations(sorted(ranks), 2):
            place = (record.prompt[0].content, one, other)
            sign = np.sign(ranks[one] - ranks[other])
            signs.setdefault(place, {})[record.labeler] = sign
    alike, total, by_person = 0.0, 0, {}
    for judged in signs.values():
        for one, other in combinations(judged, 2):
            a, b = judged[one], judged[other]
            score = 1.0 if a == b else 0.5 if 0 in (a, b) else 0.0
            alike, total = alike + score, total + 1
            for who in (one, other):
                by_person.setdefault(who, []).append(score)
    report = agreement(records)
    assert report.pairs.agreement.value == pytest.approx(alike / total)
    assert report.pairs.agreement.low < alike / total < report.pairs.agreement.high
    for who, scores in by_person.items():
        assert report.people[who].agreement.value == pytest.approx(np.mean(scores))


def test_alpha_of_orders_is_that_of_mid_ranks_within_the_same_answers():
    records = noisy(1)
    report = agreement(records)
    for size in (2, 3):
        of_size = [one for one in records if len(one.responses) == size]
        units = sorted({(r.prompt[0].content, a.id) for r in of_size for a in r.responses})
        table = np.full((5, len(units)), np.nan)
        for record in of_size:
            (places,) = mid_ranks(np.array([record.ranks()]))
            for answer, place in zip(record.responses, places, strict=True):
                unit = units.index((record.prompt[0].content, answer.id))
                table[int(record.labeler[1:]), unit] = place
        expected = krippendorff.alpha(reliability_data=table, level_of_measurement="ordinal")
        assert report.orders[size].value == pytest.approx(expected, abs=1e-12)


def test_tied_answers_share_the_mean_of_their_places():
    assert mid_ranks(np.array([[0, 1, 1, 2]])).tolist() == [[1, 2.5, 2.5, 4]]


def test_marks_of_rankings_and_ratings_are_one_scale():
    marks = np.array([[5.0, 3, 7, 1], [5, 4, 7, 2]])
    records = [rated("Ann", int(mark), f"a{n}") for n, mark in enumerate(marks[0])]
    records += [rated("Bo", int(mark), f"a{n}") for n, mark in enumerate(marks[1, :2])]
    records.append(
        Ranking(
            prompt=prompt("q"),
            responses=(Response(id="x", content="a2"), Response(id="y", content="a3")),
            ranking=(("x",), ("y",)),
            ratings={"x": 7, "y": 2},
            labeler="Bo",
        )
    )
    expected = krippendorff.alpha(reliability_data=marks, level_of_measurement="ordinal")
    assert agreement(records).ratings.value == pytest.approx(expected)


def test_a_flag_that_somebody_did_not_raise_is_a_label_and_one_never_asked_is_none():
    raised = np.array([[1.0, 0, 0, np.nan], [1, 1, 0, 0]])
    flags = {1.0: ("rude",), 0.0: ()}
    records = [
        rated(who, 1, f"a{n}", flags=None if np.isnan(value) else flags[value])
        for who, row in zip(("Ann", "Bo"), raised, strict=True)
        for n, value in enumerate(row)
    ]
    report = agreement(records)
    expected = krippendorff.alpha(reliability_data=raised, level_of_measurement="nominal")
    assert report.flags["rude"].alpha.value == pytest.approx(expected)
    assert report.flags["rude"].share == pytest.approx(3 / 7)
    ranking = ranked("Ann", "a>b", flags={"a": ("wrong",)})
    assert agreement([ranking]).flags["wrong"].share == 0.5, "b was looked at, and not flagged"


def test_gold_counts_known_orders_and_marks():
    records = [
        ranked("Ann", "a>b>c", gold=(("a",), ("b", "c"))),
        ranked("Bo", "b>a=c", gold=(("a",), ("b", "c"))),
        rated("Bo", 4, gold=4),
        rated("Ann", 5, gold=4),
    ]
    report = agreement(records)
    assert (report.people["Ann"].gold.value, report.people["Ann"].num_gold) == (2 / 3, 3)
    assert report.people["Bo"].gold.value == pytest.approx((0 + 0.5 + 1) / 3)
    assert (report.gold.value, report.num_gold) == (pytest.approx(3.5 / 6), 6)
    assert report.gold.low is None, "one prompt tells nothing of others"


def test_the_later_judgement_of_one_person_counts():
    records = [ranked("Ann", "a>b"), ranked("Bo", "a>b"), ranked("Ann", "b>a"), ranked("Bo", "b>a")]
    report = agreement(records)
    assert report.pairs.agreement.value == 1 and report.pairs.num_pairs == 1
    assert report.people["Ann"].tasks == 2
    marks = [rated("Ann", 1), rated("Bo", 7), rated("Bo", 1), rated("Ann", 2, "b")]
    assert agreement(marks).ratings is None, "one answer with two equal marks"


def test_records_without_a_labeller_are_counted_and_left_out():
    report = agreement([ranked(None, "a>b"), ranked(None, "b>a"), ranked("Ann", "a>b")])
    assert (report.num_records, report.num_unnamed, report.pairs.agreement) == (3, 2, None)
    assert agreement([]).people == {}


def test_a_prompt_id_joins_prompts_of_other_wording():
    records = [
        ranked("Ann", "a>b", "q", prompt_id="7"),
        ranked("Bo", "a>b", "Q!", prompt_id="7"),
        ranked("Cy", "a>b", "q"),
    ]
    assert agreement(records).pairs.num_pairs == 1


def test_the_rated_answers_of_one_task_are_one_task_with_one_time():
    """A download has a record for each rated answer, all with the time of the whole task."""
    tasks = [("q1", 10, "abcd"), ("q2", 30, "ab"), ("q3", 50, "a"), ("q3", 50, "a")]
    records = [rated("Ann", 4, each, q, seconds=s) for q, s, answers in tasks for each in answers]
    untimed = [rated("Bo", 4, answer) for answer in "abc"]
    report = agreement([*records, *untimed])
    assert [person.tasks for person in report.people.values()] == [4, 1]
    assert report.people["Ann"].seconds == 40
    assert report.seconds == (25, 40, 50)


def test_times_are_told_by_person():
    times = [("Ann", 10), ("Ann", 30), ("Ann", 50), ("Bo", 20)]
    records = [ranked(who, "a>b", f"q{n}", seconds=t) for n, (who, t) in enumerate(times)]
    report = agreement([*records, ranked("Cy", "a>b")])
    assert report.seconds == (17.5, 25, 35)
    assert [person.seconds for person in report.people.values()] == [30, 20, None]
