"""Python's own documentation as plain text: some modules to measure on, all others to rehearse."""

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from random import Random

from fledge.errors import DataError
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


def measured_texts() -> list[str]:
    """Return the docstrings of `MODULES`, a text each; the demo on a real model is trained on none.

    Raises:
        DataError: this Python has no source of its standard library.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    texts = [text for path in _measured(folder) if (text := documentation(path))]
    if not texts:
        raise _nothing_in(folder)
    return texts


def rehearsed_texts(seed: int, characters: int) -> Iterator[str]:
    """Yield pieces of the documentation of all other modules and of the language, shuffled.

    Raises:
        DataError: as `measured_texts`.
    """
    if characters <= 0:
        return
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


def _measured(folder: Path) -> list[Path]:
    here = set(source_files(folder))
    return [folder / name for name in MODULES if folder / name in here]


def _nothing_in(folder: Path) -> DataError:
    return DataError(
        f"{folder}: expected the Python standard library's source, found no docstring; install "
        "it, and run the same command again"
    )
