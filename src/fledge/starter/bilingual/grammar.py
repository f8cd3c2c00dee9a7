"""The grammar: every kind of sentence with its share, and an endless stream of drawn sentences."""

from collections.abc import Callable, Iterator
from random import Random

from fledge.starter.bilingual import (
    actions,
    compounds,
    exchanges,
    moments,
    orders,
    people,
    places,
    states,
)
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair

KINDS: tuple[tuple[Callable[[Draw], Pair], int], ...] = (
    (actions.action, 26),
    (actions.habit, 3),
    (actions.who, 2),
    (actions.how_many, 2),
    (actions.with_pronoun, 5),
    (states.feeling, 8),
    (states.having, 5),
    (states.aching, 2),
    (states.thing, 7),
    (states.it_is, 3),
    (states.this_is, 3),
    (people.profession, 3),
    (people.age, 2),
    (people.how_old, 1),
    (people.kin, 3),
    (people.liking, 4),
    (people.liking_to, 3),
    (people.comparing, 2),
    (people.household, 1),
    (people.needing, 3),
    (people.wishing, 4),
    (places.where_is, 4),
    (places.located, 5),
    (places.way, 4),
    (places.turn, 1),
    (places.happening, 3),
    (places.there_is, 4),
    (places.from_where, 2),
    (moments.weather, 4),
    (moments.falling, 2),
    (moments.clock, 2),
    (moments.day, 2),
    (exchanges.called, 3),
    (exchanges.price, 4),
    (exchanges.thanking, 1),
    (exchanges.parting, 2),
    (exchanges.greeting, 3),
    (exchanges.how_was, 2),
    (exchanges.asking_for, 2),
    (orders.order, 2),
    (orders.request, 2),
    (compounds.linked, 3),
    (compounds.believed, 2),
    (compounds.opened, 2),
    (compounds.addressed, 3),
)
"""Kinds of sentences, and how often each is drawn."""


def sentences(seed: str) -> Iterator[Pair]:
    """Yield sentences with their translations, without end; some come more than once."""
    draw = Draw(Random(f"bilingual {seed}"))
    kinds, shares = zip(*KINDS, strict=True)
    while True:
        (kind,) = draw.random.choices(kinds, shares)
        yield kind(draw)
