"""Text of other people to measure lost English on: documentation inside the running Python."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import DataError
from fledge.evaluate.bits_per_byte import score_text
from fledge.starter.corpus import documentation, source_files

MODULES = (
    "argparse.py",
    "difflib.py",
    "doctest.py",
    "heapq.py",
    "random.py",
    "statistics.py",
    "textwrap.py",
)
"""Modules whose docstrings are prose more than lists of names; every installation has them."""

PIECE = 1000
"""Characters after which a text is cut at the end of its paragraph: logits of long pieces take
gigabytes."""
AT_ONCE = 4
"""Pieces of a forward pass; has no effect on the result."""


def bits_per_byte(loaded: LoadedModel, texts: list[str]) -> float:
    """Return the bits per byte of a model on these texts, read in pieces."""
    cut = [piece for text in texts for piece in pieces(text)]
    scores = [score_text(loaded, cut[n : n + AT_ONCE]) for n in range(0, len(cut), AT_ONCE)]
    bits = sum(score.bits_per_byte * score.num_bytes for score in scores)
    return bits / sum(score.num_bytes for score in scores)


def pieces(text: str) -> Iterator[str]:
    """Cut a text at the ends of paragraphs, into pieces of about `PIECE` characters."""
    piece = ""
    for paragraph in text.split("\n\n"):
        piece = f"{piece}\n\n{paragraph}" if piece else paragraph
        if len(piece) >= PIECE:
            yield piece[: 2 * PIECE]
            piece = ""
    if piece:
        yield piece[: 2 * PIECE]


def text_of_others() -> list[str]:
    """Return the docstrings of `MODULES`, a text each; no stage of the demo is trained on them.

    Raises:
        DataError: this Python has no source of its standard library.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    here = set(source_files(folder))
    texts = [documentation(folder / name) for name in MODULES if folder / name in here]
    texts = [text for text in texts if text]
    if not texts:
        raise DataError(
            f"{folder}: expected the Python standard library's source, found no docstring; install "
            "it, and run the same command again"
        )
    return texts
