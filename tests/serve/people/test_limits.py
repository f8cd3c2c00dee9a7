"""Requests and tokens a minute, streams at once, tokens a day, and what a refusal says."""

import threading
from collections.abc import Sequence

import pytest

from databases import Clock, person
from fledge.database import UsageOfDay
from fledge.database.temporary import TemporaryDatabase
from fledge.errors import Conflict, DatabaseError, DatabaseUnavailable
from fledge.serve.people import counts
from fledge.serve.people.admission import Admission
from fledge.serve.people.allowances import Allowances, Spender, chosen
from fledge.serve.people.limiter import Limiter
from fledge.serve.people.limits import LimitReached, LimitScope, Used, try_again
from fledge.serve.people.metering import Meter
from fledge.serve.people.settings import LiveSettings
from fledge.serve.people.token_window import TokenWindow
from limit_scopes import MINUTE, Still, scope


def admit(limiter: Limiter, *scopes: LimitScope, tokens: int = 1) -> Admission:
    """As every request is: counted, then admitted."""
    limiter.count(scopes)
    return limiter.admit(scopes, tokens)


def refusal(limiter: Limiter, *scopes: LimitScope, tokens: int = 1) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        admit(limiter, *scopes, tokens=tokens)
    return caught.value


def test_a_token_window_slides_over_two_minutes() -> None:
    window = TokenWindow()
    window.add(MINUTE + 30, 100)
    assert window.used(MINUTE + 59) == 100
    assert window.used(MINUTE + 60) == 100
    assert window.used(MINUTE + 90) == pytest.approx(50)
    window.add(MINUTE + 90, 10)
    assert window.used(MINUTE + 105) == pytest.approx(35)
    assert window.used(MINUTE + 180) == 0


@pytest.mark.parametrize("allowed", [0, 1, 30, 99])
@pytest.mark.parametrize("passed", [0.0, 1.5, 30.0, 59.9])
@pytest.mark.parametrize("second", [0, 7])
def test_the_seconds_to_wait_are_enough_and_not_too_many(
    allowed: int, passed: float, second: int
) -> None:
    window = TokenWindow()
    window.add(MINUTE, 100)
    window.add(MINUTE + 60, second)
    now = MINUTE + 60 + passed if second else MINUTE + passed
    wait = window.seconds_until(now, allowed)
    assert window.used(now + wait) <= allowed + 1e-6
    if wait > 1:
        copy = TokenWindow()
        copy.add(MINUTE, 100)
        copy.add(MINUTE + 60, second)
        assert copy.used(now + wait - 1.001) > allowed - 1e-6


def test_a_request_that_writes_nothing_counts_for_the_minute_but_is_no_stream() -> None:
    limiter, mine = Limiter(Still()), scope(requests_per_minute=2, concurrent_streams=1)
    admit(limiter, mine, tokens=5)
    limiter.count([mine])
    assert limiter.used(mine).streams == 1
    with pytest.raises(LimitReached):
        limiter.count([mine])


def test_requests_a_minute_are_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Still()
    monkeypatch.setattr("time.time", clock)
    limiter = Limiter(clock)
    limited = scope(requests_per_minute=3)
    remaining = [
        admit(limiter, limited).headers["x-ratelimit-remaining-requests"] for _ in range(3)
    ]
    assert remaining == ["2", "1", "0"]
    refused = refusal(limiter, limited)
    assert refused.code == "rate_limit_exceeded" and "3 requests per minute" in refused.message
    response = refused.response()
    assert response.status_code == 429
    assert response.headers["x-ratelimit-limit-requests"] == "3"
    assert response.headers["x-ratelimit-remaining-requests"] == "0"
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert int(response.headers["retry-after-ms"]) == 1000 * int(response.headers["retry-after"])
    clock.now += 120
    admit(limiter, limited)


def test_a_refusal_tells_the_seconds_after_which_it_lets_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Still(MINUTE + 26.4)
    monkeypatch.setattr("time.time", clock)
    limiter, limited = Limiter(clock), scope(requests_per_minute=2)
    for _ in range(2):
        admit(limiter, limited)
    refused = refusal(limiter, limited)
    assert refused.message == (
        "This account may make 2 requests per minute. Try again in 34 seconds."
    )
    assert refused.retry_after == 34
    clock.now += 33
    refusal(limiter, limited)
    clock.now += 1
    admit(limiter, limited)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "1 second"),
        (34, "34 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (7_199, "120 minutes"),
        (7_200, "2 hours"),
        (7_201, "3 hours"),
        (86_400, "24 hours"),
    ],
)
def test_a_wait_is_told_in_the_unit_that_fits_and_never_too_short(seconds: int, told: str) -> None:
    assert try_again(seconds) == f"Try again in {told}."


def test_tokens_read_and_written_are_charged() -> None:
    clock = Still()
    limiter = Limiter(clock)
    limited = scope(tokens_per_minute=100)
    first = limiter.admit([limited], 40)
    assert first.headers == {
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "60",
        "x-ratelimit-reset-tokens": "120s",
    }
    first.close(50)
    first.close(50)
    limiter.admit([limited], 10).close()
    refused = refusal(limiter, limited, tokens=20)
    assert "This prompt has 20 and 100 have been used." in refused.message
    assert refused.message.endswith(f"Try again in {refused.retry_after} seconds.")
    assert refused.response().headers["x-ratelimit-remaining-tokens"] == "0"
    clock.now += refused.retry_after or 0
    limiter.admit([limited], 20)


def test_a_prompt_that_never_fits_costs_a_request_for_its_reading_and_no_token() -> None:
    limiter = Limiter(Still())
    limited = scope(tokens_per_minute=10, requests_per_minute=2, concurrent_streams=1)
    refusal(limiter, limited, tokens=11)
    assert limiter.used(limited) == Used(requests=1, tokens=0, streams=0, tokens_today=0)
    admit(limiter, limited, tokens=10)
    assert "2 requests per minute" in refusal(limiter, limited, tokens=10).message


def test_an_admission_closes_after_its_block_unless_an_answer_keeps_it() -> None:
    limiter, limited = Limiter(Still()), scope(concurrent_streams=1)
    with limiter.admit([limited], 1) as admission:
        admission.require_open()
    with pytest.raises(AssertionError, match="closed"):
        admission.require_open()
    with limiter.admit([limited], 1) as admission:
        close = admission.keep()
    admission.require_open()
    assert limiter.used(limited).streams == 1
    close(5)
    assert limiter.used(limited) == Used(requests=0, tokens=7, streams=0, tokens_today=0)
    with pytest.raises(AssertionError, match="closed"):
        admission.keep()


def test_streams_are_freed_once() -> None:
    limiter = Limiter(Still())
    limited = scope(concurrent_streams=2)
    first, _ = limiter.admit([limited], 1), limiter.admit([limited], 1)
    assert "2 answers in progress at once" in refusal(limiter, limited).message
    first.close()
    first.close()
    assert limiter.used(limited).streams == 1
    limiter.admit([limited], 1)
    refusal(limiter, limited)


def test_a_spent_quota_is_not_worth_trying_again() -> None:
    clock = Still(1_750_032_000.0 - 100)  # 100 seconds before midnight UTC
    limiter = Limiter(clock)
    limited = scope(daily_tokens=100, tokens_today=95)
    limiter.admit([limited], 5)
    refused = refusal(limiter, limited, tokens=6)
    assert (refused.type, refused.code) == ("insufficient_quota", "insufficient_quota")
    headers = refused.response().headers
    assert headers["x-should-retry"] == "false"
    assert headers["retry-after"] == "101"
    assert refused.message == (
        "This account may use 100 tokens per day and has used 95. "
        "The day ends at midnight UTC. Try again in 101 seconds."
    )


def test_a_key_is_held_to_its_own_limit_and_its_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Still()
    monkeypatch.setattr("time.time", clock)
    limiter = Limiter(clock)
    account, key = scope("account", requests_per_minute=3), scope("key", requests_per_minute=2)
    admitted = [admit(limiter, account, key) for _ in range(2)]
    assert admitted[0].headers["x-ratelimit-limit-requests"] == "2"
    refusal(limiter, account, key)
    assert admit(limiter, account).headers["x-ratelimit-remaining-requests"] == "0"
    refusal(limiter, account)
    assert limiter.used(account).requests == 3


def test_without_limits_nothing_is_said() -> None:
    admission = Limiter(Still()).admit([scope()], 10**9)
    assert admission.headers == {}


def test_ones_own_limit_goes_before_the_default_and_zero_is_none() -> None:
    assert [chosen(None, 5), chosen(3, 5), chosen(0, 5), chosen(None, None)] == [5, 3, None, None]


def test_usage_is_summed_before_it_is_written() -> None:
    database = TemporaryDatabase(Clock())
    ada = person(database)
    meter = Meter(database.usage, Clock())
    for _ in range(3):
        meter.count(ada, "", "tiny", 10, 5)
    meter.count(ada, "key", "tiny", 1, 1)
    assert database.usage.tokens_today(ada) == 0
    assert (meter.pending_tokens(ada), meter.pending_tokens(ada, "key")) == (47, 2)
    meter.flush()
    assert meter.pending_tokens(ada) == 0
    assert [row.requests for row in database.usage.of(ada, since="")] == [3, 1]
    database.close()


@pytest.mark.parametrize("failure", [DatabaseUnavailable("stopped"), Conflict("crossed")])
def test_a_database_that_is_away_gets_the_usage_later(
    failure: DatabaseError, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = TemporaryDatabase(Clock())
    ada = person(database)
    meter = Meter(database.usage, Clock())
    meter.count(ada, "", "tiny", 10, 5)

    def away(rows: object) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(database.usage, "add", away)
        meter.flush()
    assert "1 answers are not counted yet" in caplog.text
    meter.start()
    meter.stop()
    assert database.usage.tokens_today(ada) == 15
    database.close()


def test_two_who_write_at_once_count_each_answer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of the meter writes, and so does a page that shows the usage."""
    database = TemporaryDatabase(Clock())
    ada = person(database)
    meter = Meter(database.usage, Clock())
    meter.count(ada, "", "tiny", 10, 5)
    add, second = database.usage.add, threading.Thread(target=meter.flush)

    def slowly(rows: Sequence[UsageOfDay]) -> None:
        if second.ident is None:
            second.start()
            second.join(0.1)  # long enough to write the same rows, were it let in
            meter.count(ada, "", "tiny", 1, 1)
        add(rows)

    monkeypatch.setattr(database.usage, "add", slowly)
    meter.flush()
    second.join()
    meter.flush()
    (row,) = database.usage.of(ada, since="")
    assert (row.requests, row.prompt_tokens, row.completion_tokens) == (2, 11, 6)
    database.close()


def test_the_quota_knows_of_answers_that_are_not_written_yet() -> None:
    database = TemporaryDatabase(Clock())
    meter = Meter(database.usage, Clock())
    allowances = Allowances(meter, LiveSettings(database.settings))
    ada = database.accounts.get(person(database))
    database.accounts.change(ada.id, daily_tokens=100)
    meter.count(ada.id, "key", "tiny", 50, 20)
    assert allowances.tokens_today(Spender(ada.id, None)) == 70
    assert allowances.tokens_today(Spender(ada.id, "key")) == 70
    assert allowances.tokens_today(Spender(ada.id, "other")) == 0
    database.close()


def test_prompts_that_are_being_read_count_for_the_day() -> None:
    limiter, day = Limiter(Still()), scope(daily_tokens=100, tokens_today=10)
    first = limiter.admit([day], 60)
    assert refusal(limiter, day, tokens=31).code == "insufficient_quota"
    second = limiter.admit([day], 30)
    for admission in (first, second):
        admission.close(5)
    more = scope(daily_tokens=111, tokens_today=10)  # read before the two had ended
    refusal(limiter, more, tokens=2)
    limiter.admit([more], 1)


def test_visitors_who_have_gone_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST_SCOPES", 2)
    clock = Still()
    limiter = Limiter(clock)
    for name in "abc":
        limiter.admit([scope(name)], 5).close(1)
    clock.now += 180
    limiter.admit([scope("d")], 5).close(1)
    assert [limiter.used(scope(name)).tokens for name in "abcd"] == [0, 0, 0, 6]
    assert len(limiter._keeper._counts) <= 3


def test_the_day_s_tokens_hold_an_ended_answer_before_the_database_does() -> None:
    limiter, limited = Limiter(Still()), scope(daily_tokens=100, tokens_today=40)
    limiter.admit([limited], 10).close(5)
    assert limiter.used(limited).tokens_today == 55
    assert limiter.used(scope(daily_tokens=100, tokens_today=60)).tokens_today == 60
