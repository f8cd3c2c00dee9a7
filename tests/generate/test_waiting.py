"""Who is let in where many wait: users share the rows, whatever each of them sends."""

import random
from collections import Counter

from fledge.generate.request import Request, SamplingParams
from fledge.generate.scheduler import Scheduler
from fledge.generate.sequence import Sequence


def sequence(user: str, number: int = 0, limit: int = 10) -> Sequence:
    request = Request(f"{user}{number}", (1,), SamplingParams(), user=user)
    return Sequence(request, limit, None)


def ids(sequences: list[Sequence]) -> list[str]:
    return [sequence.request.id for sequence in sequences]


def end(line: Scheduler, number: int) -> None:
    for row in line.running[:number]:
        row.finish_reason = "stop"
    line.release()


def test_one_who_sends_much_leaves_room_for_one_who_sends_little():
    line = Scheduler(max_batch=3, token_budget=1000)
    for number in range(9):
        line.submit(sequence("a", number))
    line.submit(sequence("b"))
    line.submit(sequence("c"))
    assert ids(line.admit()) == ["a0", "b0", "c0"]


def test_a_user_keeps_the_order_of_its_requests():
    line = Scheduler(max_batch=1, token_budget=1000)
    for number in range(4):
        line.submit(sequence("a", number))
    seen = []
    while line.busy:
        seen += ids(line.admit())
        end(line, 1)
    assert seen == ["a0", "a1", "a2", "a3"]


def test_who_has_no_row_comes_before_who_has_one():
    line = Scheduler(max_batch=2, token_budget=1000)
    line.submit(sequence("a", 0))
    line.submit(sequence("a", 1))
    assert ids(line.admit()) == ["a0", "a1"]
    line.submit(sequence("a", 2))
    line.submit(sequence("b", 0))
    end(line, 1)
    assert ids(line.admit()) == ["b0"]


def test_many_who_come_and_go_do_not_starve_one_who_waits_with_two():
    line = Scheduler(max_batch=1, token_budget=1000)
    line.submit(sequence("patient", 0))
    line.submit(sequence("patient", 1))
    waited = 0
    for number in range(20):
        line.submit(sequence("x", number))
        line.submit(sequence("y", number))
        if "patient1" in ids(line.admit()):
            break
        end(line, 1)
        waited += 1
    assert waited <= 3


def test_fifty_equal_users_get_equal_shares():
    """Each asks again as soon as it was answered; lengths differ by chance, not by user."""
    dice = random.Random(0)
    line = Scheduler(max_batch=16, token_budget=10_000)
    numbers: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    left: dict[str, int] = {}

    def ask(user: str) -> None:
        numbers[user] += 1
        line.submit(sequence(user, numbers[user]))

    for user in range(50):
        ask(f"user{user}-")
    for _ in range(4_000):
        for row in line.admit():
            left[row.request.id] = dice.randint(5, 40)
        for row in line.running:
            tokens[row.request.user] += 1
            left[row.request.id] -= 1
            if left[row.request.id] == 0:
                row.finish_reason = "stop"
        ended = [row.request.user for row in line.running if row.finish_reason]
        line.release()
        for user in ended:
            ask(user)
    assert len(tokens) == 50
    assert max(tokens.values()) / min(tokens.values()) <= 1.5


def test_one_with_many_requests_gets_no_more_than_the_others():
    line = Scheduler(max_batch=4, token_budget=10_000)
    for number in range(500):
        line.submit(sequence("greedy", number))
    served: Counter[str] = Counter()
    for number in range(100):
        for user in ("b", "c", "d"):
            line.submit(sequence(user, number))
        for row in line.admit():
            served[row.request.user] += 1
        end(line, 4)
    assert max(served.values()) <= 1.05 * min(served.values())
