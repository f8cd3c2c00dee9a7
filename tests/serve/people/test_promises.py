"""Tokens that are promised to answers: held when they begin, given back when they end."""

import pytest

from fledge.serve.people.admission import Answers
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.limits import LimitReached
from limit_scopes import Still, scope


def test_every_answer_of_a_request_counts_before_it_is_written() -> None:
    """`n=16` passed a limit of 200 tokens with 8,004."""
    limiter, day = Limiter(Still()), scope(daily_tokens=200)
    with pytest.raises(LimitReached, match="asks for 16 answers of 500 tokens each") as caught:
        limiter.admit([day], 4, Answers(16, 500))
    assert caught.value.code == "insufficient_quota"
    admission = limiter.admit([day], 4, Answers(2, 98))
    assert admission.most_tokens == 98
    with pytest.raises(LimitReached, match="Answers in progress hold 200 more") as caught:
        limiter.admit([day], 0, Answers(1, 1))
    assert caught.value.retry_after == 2 and "x-should-retry" not in caught.value.headers
    admission.close(30)
    assert limiter.admit([day], 66, Answers(1, 100)).most_tokens == 100


def test_answers_of_no_length_get_what_is_left() -> None:
    limiter = Limiter(Still())
    day, minute = scope("day", daily_tokens=200), scope("minute", tokens_per_minute=100)
    assert limiter.admit([day], 4, Answers(16, 500, is_named=False)).most_tokens == 12
    assert limiter.admit([minute], 40, Answers(2, 500, is_named=False)).most_tokens == 30
    with pytest.raises(LimitReached, match="asks for 8 answers of any length"):
        limiter.admit([scope("other", daily_tokens=11)], 4, Answers(8, 500, is_named=False))
    assert limiter.admit([scope("free")], 4, Answers(8, 500, is_named=False)).most_tokens is None


def test_the_narrowest_of_several_limits_shortens_the_answers() -> None:
    both = (scope("account", daily_tokens=200), scope("key", daily_tokens=50))
    assert Limiter(Still()).admit(both, 10, Answers(1, 500, is_named=False)).most_tokens == 40


def test_requests_that_were_looked_up_before_others_ended_do_not_pass() -> None:
    """Two requests read the day's count together; the second is admitted after the first ended."""
    limiter, first, second = Limiter(Still()), *(scope(daily_tokens=100, tokens_today=0),) * 2
    limiter.admit([first], 10, Answers(1, 90)).close(90)
    with pytest.raises(LimitReached, match="has used 100"):
        limiter.admit([second], 1)


def test_a_new_day_begins_at_the_stored_count() -> None:
    clock = Still(1_750_032_000.0 - 100)
    limiter = Limiter(clock)
    limiter.admit([scope(daily_tokens=100)], 50, Answers(1, 50)).close(50)
    clock.now += 200
    limiter.admit([scope(daily_tokens=100, tokens_today=20)], 80)


def test_a_clock_that_is_set_back_neither_locks_out_nor_lets_in() -> None:
    clock = Still()
    limiter, limited = Limiter(clock), scope(requests_per_minute=2, tokens_per_minute=50)
    for _ in range(2):
        limiter.count([limited])
        limiter.admit([limited], 10)
    clock.now -= 86_400
    with pytest.raises(LimitReached) as caught:
        limiter.count([limited])
    assert caught.value.retry_after == 60
    assert limiter.used(limited).tokens == 20
    clock.now += 121
    limiter.count([limited])
    limiter.admit([limited], 50)
