"""Surprisal of each token of a text: how many bits it carries for the model."""

import math
from dataclasses import dataclass
from typing import final

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate.scoring import score
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Table

EXPECTED = 3
"""Number of tokens to name that the model expected instead."""


@final
@dataclass(frozen=True, slots=True)
class Surprisal:
    """−log2 p of each token after those before it; None of the first, which follows nothing.

    `expected[t]` are the most probable tokens at t with their probabilities, best first.
    """

    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    bits: tuple[float | None, ...]
    expected: tuple[tuple[tuple[str, float], ...], ...]

    @property
    def total_bits(self) -> float:
        """Bits of the whole text but its first token."""
        return sum(bits for bits in self.bits if bits is not None)

    @property
    def perplexity(self) -> float | None:
        """2 to the mean bits of a token; None for a text of one token."""
        count = len(self.bits) - 1
        return 2 ** (self.total_bits / count) if count else None

    def table(self) -> Table:
        """Return a row for each token."""
        rows = tuple(
            (index, piece_, id_, bits, None if bits is None else 2**-bits, _named(expected))
            for index, (piece_, id_, bits, expected) in enumerate(
                zip(self.pieces, self.ids, self.bits, self.expected, strict=True), start=1
            )
        )
        notes = (
            ("The only token follows nothing, so it has no surprisal.",)
            if self.perplexity is None
            else (
                f"{self.total_bits:.2f} bits in {len(self.bits) - 1} tokens; perplexity "
                f"{self.perplexity:.2f}.",
            )
        )
        columns = ("position", "token", "id", "bits", "probability", "expected")
        return Table("Surprisal", columns, rows, notes)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def surprisal(loaded: LoadedModel, reading: Reading) -> Surprisal:
    """Measure each token's surprisal at temperature 1."""
    scored = score(loaded.model, reading.ids, EXPECTED, loaded.tokenizer.vocabulary_size)
    bits = tuple(None if one.log_prob is None else -one.log_prob / math.log(2) for one in scored)
    expected = tuple(
        tuple((piece(loaded.tokenizer, id_), math.exp(p)) for id_, p in one.alternatives)
        for one in scored
    )
    return Surprisal(reading.pieces, reading.ids, bits, expected)


def _named(expected: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{piece_!r} {probability:.2f}" for piece_, probability in expected)
