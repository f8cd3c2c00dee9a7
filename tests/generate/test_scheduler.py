import random

from fledge.generate import scheduler
from fledge.generate.scheduler import Scheduler
from fledge.generate.sequence import Sequence
from generate.successor import request


def sequence(name: str, length: int = 1, limit: int = 10) -> Sequence:
    return Sequence(request(name, *[1] * length), limit, None)


def names(sequences) -> str:
    return "".join(sequence.request.id for sequence in sequences)


def test_the_line_is_first_come_first_served():
    line = Scheduler(max_batch=2, token_budget=1000)
    for name in "abcd":
        line.submit(sequence(name))
    assert names(line.admit()) == "ab"
    assert names(line.admit()) == ""
    line.running[0].finish_reason = "stop"
    line.release()
    assert names(line.admit()) == "c"
    assert names(line.waiting) == "d"


def test_nobody_overtakes_one_that_does_not_fit_yet():
    line = Scheduler(max_batch=8, token_budget=30)
    for name, limit in [("a", 10), ("b", 10), ("c", 20), ("d", 5)]:
        line.submit(sequence(name, limit=limit))
    # c would make it 3 rows x 20.
    assert names(line.admit()) == "ab"
    line.running[0].finish_reason = "stop"
    line.release()
    assert names(line.admit()) == ""
    line.running[0].finish_reason = "stop"
    line.release()
    assert names(line.admit()) == "c"


def test_one_longer_than_the_budget_runs_alone():
    line = Scheduler(max_batch=8, token_budget=30)
    line.submit(sequence("a", limit=100))
    line.submit(sequence("b", limit=1))
    assert names(line.admit()) == "a"
    assert names(line.admit()) == ""


def test_prompts_read_in_one_step_are_bounded(monkeypatch):
    monkeypatch.setattr(scheduler, "PREFILL_TOKENS", 12)
    line = Scheduler(max_batch=8, token_budget=1000)
    for name, length in [("a", 3), ("b", 4), ("c", 4), ("d", 5), ("e", 50)]:
        line.submit(sequence(name, length, limit=60))
    assert names(line.admit()) == "abc"
    assert names(line.admit()) == "d"


def test_a_prompt_longer_than_that_is_read_in_pieces_beside_the_others():
    line = Scheduler(max_batch=5, token_budget=1000, prefill_tokens=12)
    for name, length in [("a", 3), ("b", 50), ("c", 4), ("d", 13), ("e", 1)]:
        line.submit(sequence(name, length, limit=60))
    assert names(line.admit()) == "ac" and names([line.prefilling]) == "b"
    # d is long, too: it waits for b, and e for its turn.
    assert names(line.admit()) == "" and names(line.waiting) == "de"
    line.run_prefilled()
    assert names(line.running) == "acb"
    assert names(line.admit()) == "e" and names([line.prefilling]) == "d"
    assert line.cancel("d").finish_reason == "cancelled"
    assert line.prefilling is None and names(line.running) == "acbe"


def test_what_is_being_read_takes_a_row_and_its_share_of_the_budget():
    line = Scheduler(max_batch=2, token_budget=1000, prefill_tokens=12)
    for name, length in [("a", 50), ("b", 1), ("c", 1)]:
        line.submit(sequence(name, length, limit=60))
    assert names(line.admit()) == "b" and names(line.waiting) == "c"
    tight = Scheduler(max_batch=8, token_budget=119, prefill_tokens=12)
    for name, length in [("a", 50), ("b", 1)]:
        tight.submit(sequence(name, length, limit=60))
    assert names(tight.admit()) == "" and names(tight.waiting) == "b" and tight.busy


def test_rows_stay_packed_and_moves_can_be_copied_in_order():
    dice = random.Random(0)
    for _ in range(200):
        line = Scheduler(max_batch=9, token_budget=1000)
        for name in "abcdefghi"[: dice.randint(1, 9)]:
            line.submit(sequence(name))
        line.admit()
        rows = list(line.running)
        for ended in dice.sample(rows, dice.randint(0, len(rows))):
            ended.finish_reason = "stop"
        alive = {row for row in rows if row.finish_reason is None}
        for source, destination in line.release():
            rows[destination] = rows[source]
        assert rows[: len(line.running)] == line.running
        assert set(line.running) == alive


def test_cancel_takes_a_waiting_one_out_of_the_line():
    line = Scheduler(max_batch=1, token_budget=1000)
    for name in "abc":
        line.submit(sequence(name))
    line.admit()
    assert line.cancel("b").finish_reason == "cancelled"
    assert names(line.waiting) == "c" and names(line.running) == "a"
    assert line.cancel("b") is None
    line.submit(sequence("b"))
    assert names(line.waiting) == "cb"
