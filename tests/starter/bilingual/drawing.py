"""Draw many sentences of a kind, and compare them with those that people have read."""

from collections.abc import Callable
from random import Random

from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair

DRAWS = 1200


def differing(kind: Callable[[Draw], Pair], table: str) -> list[str]:
    """Sentences whose French is another one now, or a complaint if few are still drawn."""
    draw = Draw(Random("golden"))
    drawn = [kind(draw) for _ in range(DRAWS)]
    found: dict[str, set[str]] = {}
    for pair in drawn:
        found.setdefault(pair.english, set()).add(pair.french)
    read = dict(line.split(" | ") for line in table.strip().splitlines())
    known = read.keys() & found.keys()
    if len(known) < len(read) / 2:
        return [f"only {len(known)} of {len(read)} sentences are still drawn"]
    return [
        f"{english} -> {found[english]}"
        for english, french in read.items()
        if english in known and french not in found[english]
    ]
