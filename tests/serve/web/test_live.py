"""An answer while it is written, read along by people who come and go."""

import asyncio

from fledge.serve.web.chat import live
from fledge.serve.web.chat.live import LiveAnswer, LiveEvent


def answer(*texts: str, ended: bool = True) -> LiveAnswer:
    made = LiveAnswer("run", "message", "account")
    for text in texts:
        made.add(text)
    if ended:
        made.end()
    return made


def read(made: LiveAnswer, after: int | None = None) -> list[LiveEvent]:
    async def all_events() -> list[LiveEvent]:
        return [event async for event in made.events(after)]

    return asyncio.run(all_events())


def test_who_joins_late_gets_the_whole_text_at_once() -> None:
    events = read(answer("a", "b", "c"))
    assert events == [LiveEvent(4, "snapshot", "abc"), LiveEvent(4, "end", "")]


def test_who_comes_back_gets_what_was_missed() -> None:
    events = read(answer("a", "b", "c"), after=1)
    assert events == [LiveEvent(2, "text", "b"), LiveEvent(3, "text", "c"), LiveEvent(4, "end", "")]


def test_who_has_seen_the_end_is_told_of_it_again() -> None:
    assert read(answer("a"), after=2) == [LiveEvent(2, "end", "")]


def test_who_missed_too_much_or_names_a_strange_event_gets_the_whole_text() -> None:
    long = answer(*["x"] * (live.KEPT_EVENTS + 10))
    assert read(long, after=3)[0].name == "snapshot"
    assert read(long, after=long_ago(long))[0].name == "text"
    assert read(answer("a"), after=99)[0] == LiveEvent(2, "snapshot", "a")


def long_ago(made: LiveAnswer) -> int:
    return len(made.text) + 1 - live.KEPT_EVENTS + 1


def test_an_empty_piece_is_no_event_and_a_continued_answer_keeps_its_beginning() -> None:
    made = LiveAnswer("run", "message", "account", "before ")
    made.add("")
    made.add("after")
    made.end()
    assert read(made)[0] == LiveEvent(2, "snapshot", "before after")


def test_a_nul_that_a_model_writes_is_shown_as_what_is_no_character() -> None:
    assert read(answer("a\0", "b"))[0] == LiveEvent(3, "snapshot", "a\N{REPLACEMENT CHARACTER}b")


def test_readers_get_each_piece_as_it_comes() -> None:
    async def both() -> tuple[list[str], list[str]]:
        made = answer(ended=False)

        async def texts() -> list[str]:
            return [event.text async for event in made.events() if event.name == "text"]

        readers = [asyncio.create_task(texts()) for _ in range(2)]
        for text in "abc":
            await asyncio.sleep(0)
            made.add(text)
        made.end()
        first, second = await asyncio.gather(*readers)
        return first, second

    first, second = asyncio.run(both())
    assert "".join(first) == "".join(second) == "abc"


def test_silence_is_broken_by_pings(monkeypatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.01)

    async def names() -> list[str]:
        made = answer(ended=False)
        seen = []
        async for event in made.events(0):
            seen.append(event.name)
            if event.name == "ping":
                made.end()
        return seen

    assert asyncio.run(names()) == ["ping", "end"]
