"""Bits per byte on text of other people, to measure how much English was lost."""

from fledge.checkpoint.model_files import LoadedModel
from fledge.evaluate.bits_per_byte import score_text
from fledge.runtime.memory import make_room
from fledge.starter.python_texts import pieces

AT_ONCE = 4
"""Pieces of a forward pass; has no effect on the result."""


def bits_per_byte(loaded: LoadedModel, texts: list[str]) -> float:
    """Return the bits per byte of a model on these texts, read in pieces."""
    make_room()
    cut = [piece for text in texts for piece in pieces(text)]
    scores = [score_text(loaded, cut[n : n + AT_ONCE]) for n in range(0, len(cut), AT_ONCE)]
    bits = sum(score.bits_per_byte * score.num_bytes for score in scores)
    return bits / sum(score.num_bytes for score in scores)
