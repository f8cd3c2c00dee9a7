"""Questions to a shop whose system prompt ends with passages, as `fledge serve` adds them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from fledge.starter.shops.shop import CENTS, HOUR, Shop
from fledge.starter.shops.topics.unknown import admitted
from fledge.starter.shops.turn import Turn, Wording
from fledge.starter.words import DAYS

MOST_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage with its title, and questions about it: question, answer, words that answer it."""

    name: str
    text: str
    asks: tuple[tuple[str, str, str], ...]


def draw_passages(shop: Shop, people: Sequence[str], random: Random) -> list[Passage]:
    """Draw one to three passages and fill in numbers, days and names."""
    number = random.randint(1, MOST_PASSAGES)
    return [_filled(one, shop, people, random) for one in random.sample(_passages(), number)]


def passage_turn(wording: Wording, passages: Sequence[Passage]) -> Turn:
    """Ask what one of the passages answers; the answer names the passage."""
    number = wording.random.randrange(len(passages))
    question, answer, needed = wording.random.choice(passages[number].asks)
    mark = f"[{number + 1}]"
    return Turn(
        topic="knowledge",
        question=question,
        answer=f"{answer} {mark}",
        needed=((needed,), (mark,)),
        asides=passages[number].text,
        warms=False,
    )


def missing_turn(wording: Wording, passages: Sequence[Passage]) -> Turn:
    """Ask what a passage that is not there would answer; the assistant says that it is not told."""
    there = {each.name for each in passages}
    absent = [one for one in _passages() if one.name not in there]
    question, _, _ = wording.random.choice(wording.random.choice(absent).asks)
    return admitted(wording, question)


def _filled(one: Passage, shop: Shop, people: Sequence[str], random: Random) -> Passage:
    day, other_day = random.sample(DAYS, 2)
    slots = {
        "n": str(random.randint(2, 14)),
        "m": str(random.randint(15, 40)),
        "price": shop.money(random.randint(2, 60) * CENTS),
        "deposit": shop.money(random.randint(5, 60) * CENTS),
        "day": day,
        "day2": other_day,
        "person": random.choice(people),
        "time": shop.time(random.randint(9, 20) * HOUR),
    }
    return Passage(
        name=one.name,
        text=one.text.format(**slots),
        asks=tuple((q, a.format(**slots), needed.format(**slots)) for q, a, needed in one.asks),
    )


@cache
def _passages() -> tuple[Passage, ...]:
    text = files("fledge.starter.shops").joinpath("passages.toml").read_text(encoding="utf-8")
    return tuple(
        Passage(
            entry["name"],
            entry["text"],
            tuple((question, answer, needed) for question, answer, needed in entry["asks"]),
        )
        for entry in tomllib.loads(text)["passages"]
    )
