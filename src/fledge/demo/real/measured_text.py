"""Text of other people, to rehearse and to measure lost English on: Python's documentation."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from random import Random

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import DataError
from fledge.evaluate.bits_per_byte import score_text
from fledge.starter.corpus import documentation, help_topics, source_files

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
    texts = [text for path in _measured(folder) if (text := documentation(path))]
    if not texts:
        raise _nothing_in(folder)
    return texts


def other_text(seed: int, characters: int) -> Iterator[str]:
    """Yield pieces of the documentation of all other modules and of the language, shuffled.

    Raises:
        DataError: as `text_of_others`.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    measured = set(_measured(folder))
    files = [path for path in source_files(folder) if path not in measured]
    texts = [*map(documentation, files), *help_topics(folder / "pydoc_data" / "topics.py")]
    found = [piece for text in texts for piece in pieces(text) if piece.strip()]
    if not found:
        raise _nothing_in(folder)
    Random(f"other text {seed}").shuffle(found)
    for piece in found:
        if characters <= 0:
            return
        characters -= len(piece)
        yield piece


def _measured(folder: Path) -> list[Path]:
    here = set(source_files(folder))
    return [folder / name for name in MODULES if folder / name in here]


def _nothing_in(folder: Path) -> DataError:
    return DataError(
        f"{folder}: expected the Python standard library's source, found no docstring; install "
        "it, and run the same command again"
    )
