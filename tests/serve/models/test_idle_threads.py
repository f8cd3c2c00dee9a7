"""The number of threads of a server, measured between answers."""

import asyncio
import logging
import threading

import pytest

from fledge.generate import Request, SamplingParams
from fledge.runtime.threads import Threads
from fledge.serve.models.async_engine import AsyncEngine
from fledge.serve.models.idle_threads import SECONDS_BETWEEN, IdleThreads
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine


def test_threads_are_measured_at_most_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    now, measured, used = [0.0], [], list[int]()

    def probe(numbers: object, width: int) -> dict[int, float]:
        measured.append(now[0])
        return {2: 1.0, 1: 5.0} if now[0] < SECONDS_BETWEEN else {2: 9.0, 1: 5.0}

    idle = IdleThreads(lambda: now[0], Threads([2, 1], probe, use=used.append))
    with caplog.at_level(logging.INFO):
        for now[0] in (0.0, 1.0, SECONDS_BETWEEN - 1, SECONDS_BETWEEN, 2 * SECONDS_BETWEEN):
            idle.measure()
    assert measured == [0.0, SECONDS_BETWEEN, 2 * SECONDS_BETWEEN]
    assert used == [1, 2, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "answering with 1 of 2 threads",
        "answering with 2 of 2 threads",
    ]


def test_the_engine_is_idle_after_its_last_answer_and_when_it_is_told(
    tiny_tokenizer: Tokenizer,
) -> None:
    idle = threading.Semaphore(0)
    threads: list[str] = []

    def when_idle() -> None:
        threads.append(threading.current_thread().name)
        idle.release()

    async def answer_two() -> None:
        engine = AsyncEngine(when_idle=when_idle)
        engine.start()
        engine.rest()
        assert await asyncio.to_thread(idle.acquire, timeout=5)
        scripted = ScriptedEngine(tiny_tokenizer, "Yes.")
        ends = frozenset({tiny_tokenizer.special.end})
        requests = [Request(name, (1,), SamplingParams(), ends) for name in "ab"]
        feeds = [engine.submit(scripted, request) for request in requests]
        for feed in feeds:
            assert [event async for event in feed]
        assert await asyncio.to_thread(idle.acquire, timeout=5)
        engine.stop()

    asyncio.run(answer_two())
    assert len(threads) <= 3 and set(threads) == {"fledge-engine"}


def test_a_look_that_fails_ends_nobody_s_answer(
    tiny_tokenizer: Tokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    def when_idle() -> None:
        raise RuntimeError("no cores today")

    async def answer() -> None:
        engine = AsyncEngine(when_idle=when_idle)
        engine.start()
        engine.rest()
        scripted = ScriptedEngine(tiny_tokenizer, "Yes.")
        ends = frozenset({tiny_tokenizer.special.end})
        feed = engine.submit(scripted, Request("a", (1,), SamplingParams(), ends))
        assert [event async for event in feed][-1].finish_reason == "stop"
        engine.stop()

    asyncio.run(answer())
    assert "a look at the machine between answers failed: no cores today" in caplog.text
