"""Trades and the words that shops are named by, read from `trades.toml` and `names.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fledge.starter.shops.shop import Advice, Offer, Trade
from fledge.starter.task import Split
from fledge.starter.words import listed


@dataclass(frozen=True, slots=True)
class Names:
    """Words of one split for people, shops, towns and streets."""

    first_names: tuple[str, ...]
    surnames: tuple[str, ...]
    first_words: tuple[str, ...]
    second_words: tuple[str, ...]
    towns: tuple[str, ...]
    streets: tuple[str, ...]


@cache
def trades(split: Split) -> tuple[Trade, ...]:
    """Return the trades of a split; what a trade does not sell comes from the same split."""
    entries = [
        entry
        for entry in _read("trades.toml")["trades"]
        if entry.get("held_out", False) == (split == "held_out")
    ]
    return tuple(_trade(entry, entries) for entry in entries)


@cache
def names(split: Split) -> Names:
    """Return the words of a split; no word is in both."""
    return Names(**{key: listed(text) for key, text in _read("names.toml")[split].items()})


@cache
def wordings() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the wordings of questions and answers: by topic, then by their part."""
    return {
        topic: {part: tuple(texts) for part, texts in parts.items()}
        for topic, parts in _read("wordings.toml").items()
    }


def _trade(entry: dict[str, Any], entries: list[dict[str, Any]]) -> Trade:
    return Trade(
        kind=entry["kind"],
        sells=entry["sells"],
        goods=_offers(entry["goods"]),
        alike=_offers(entry["alike"]),
        advice=tuple(Advice(question, answer) for question, answer in entry["advice"]),
        elsewhere=tuple(
            many for other in entries if other is not entry for _, many, _, _ in other["goods"]
        ),
    )


def _offers(entries: list[list[Any]]) -> tuple[Offer, ...]:
    return tuple((one, many, low, high) for one, many, low, high in entries)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
