"""Orders and tables: what was said last counts, and all else stays as it was said before."""

import re

import pytest

from fledge.starter import customer_service
from fledge.starter.customer_service import REQUESTS
from fledge.starter.words import DAYS, ITEMS, NAMES
from fledge.starter.writers import is_valid
from starter.talking import curtly, talk_of, tasks_of

SPLITS = pytest.mark.parametrize("split", ["train", "held_out"])


def named(words: tuple[str, ...], text: str) -> list[str]:
    return [word for word in words if re.search(rf"\b{word}\b", text)]


def requested(question: str) -> int | None:
    """Which request a question makes, told by its wish; None for a correction."""
    wishes = [(wish, n) for n, (ways, _, _) in enumerate(REQUESTS) for wish in ways]
    found = [(len(wish), n) for wish, n in wishes if question.endswith(wish)]
    return max(found)[1] if found else None


@SPLITS
def test_an_order_keeps_its_number_name_item_and_request_until_they_are_corrected(split):
    corrected = 0
    for seed in range(100):
        number = name = item = ""
        request = None
        for task, _ in talk_of("order", split, seed, 7):
            before = (number, item)
            numbers = re.findall(r"\b\d{2}\b", task.question)
            number = numbers[0] if numbers else number
            name = next(iter(named(NAMES, task.question)), name)
            item = next(iter(named(ITEMS, task.question)), item)
            now = requested(task.question)
            corrected += now is None
            assert now is not None or before != (number, item)
            request = request if now is None else now
            _, terse, full = REQUESTS[request]
            slots = {"order": number, "name": name, "item": item}
            assert task.terse == (terse.format(**slots),)
            assert task.full == (full.format(**slots),)
            assert task.needed == (number, name, item)
    assert corrected > 200


def told(question: str) -> dict[str, str]:
    """The slots of a table that a question names."""
    slots = {}
    if day := named(DAYS, question):
        slots["day"] = day[0]
    if hour := re.search(r"\bat (\d+)", question):
        slots["hour"] = hour[1]
    if guests := re.search(
        r"for (\d+)|There are (\d+) of us|we are (\d+)|it (\d+) people|We're (\d+)", question
    ):
        slots["guests"] = next(number for number in guests.groups() if number)
    if name := named(NAMES, question):
        slots["name"] = name[0]
    return slots


@SPLITS
def test_a_correction_of_a_table_keeps_the_other_slots(split):
    corrections = {"guests": 0, "day": 0, "hour": 0}
    for seed in range(150):
        (first, _), *later = talk_of("table", split, seed, 8)
        slots = told(first.question)
        assert set(slots) == {"guests", "day", "hour", "name"}
        assert first.full == (booked(slots),)
        for task, _ in later:
            changed = told(task.question)
            if not changed:
                assert task.question in customer_service.CANCELLATIONS
                assert task.full == (cancelled(slots),)
                assert task.terse == (f"Cancelled: {slots['day']}, {slots['hour']}.",)
                assert task is later[-1][0]
                continue
            ((slot, value),) = changed.items()
            assert slots[slot] != value
            corrections[slot] += 1
            before = booked(slots)
            slots[slot] = value
            assert task.full == (booked(slots),)
            assert task.terse == (f"Booked: {slots['guests']}, {slots['day']}, {slots['hour']}.",)
            assert not is_valid(task, before)
    assert min(corrections.values()) > 60


def booked(slots: dict[str, str]) -> str:
    return "{name}, your table for {guests} is booked on {day} at {hour}.".format(**slots)


def cancelled(slots: dict[str, str]) -> str:
    return "{name}, your table on {day} at {hour} is cancelled.".format(**slots)


def test_customers_go_on_alike_whatever_they_are_answered():
    for name in ("order", "table"):
        for seed in range(20):
            plain, curt = (talk_of(name, "train", seed, 6, say) for say in (lambda t: "?", curtly))
            assert [task.question for task, _ in plain] == [task.question for task, _ in curt]


def test_openings_fit_a_request_and_not_the_news_that_something_is_broken():
    fits = {"broken": set(), "other": set()}
    for task in tasks_of("order", "train", 200, 4):
        broken = "replace" in task.full[0]
        fits["broken" if broken else "other"] |= set(task.courtesies)
    assert fits["broken"] == {"Please ask if you need more."}
    assert fits["other"] >= {"Of course!", "Gladly.", "With pleasure.", "Happy to help."}
