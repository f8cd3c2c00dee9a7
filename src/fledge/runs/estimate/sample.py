"""A sample of the text that a run would read, so that estimating it does not take as long."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.data.records import Skipped
from fledge.data.sources import read_texts
from fledge.runs.defaults import total_bytes

SAMPLE_BYTES = 2_000_000
"""UTF-8 bytes to read at most; a document counts whole up to as many again."""


@dataclass(frozen=True, slots=True)
class TextSample:
    """A file with the first documents, and how much longer the whole text is."""

    file: Path
    times: float


def sample_text(sources: Sequence[str], file: Path) -> TextSample:
    """Write the first documents of the sources as records into `file`.

    Raises:
        DataError: a source is missing or cannot be read.
    """
    whole, read = total_bytes(sources), 0
    skipped = Skipped()  # the run itself reports bad records
    documents = _documents(sources, skipped)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as out:
        for text in documents:
            piece = text.encode()[: SAMPLE_BYTES - read].decode(errors="ignore")
            out.write(json.dumps({"text": piece}) + "\n")
            read += len(piece.encode())
            if read >= SAMPLE_BYTES:
                break
        else:
            return TextSample(file, 1.0)
    return TextSample(file, max(1.0, whole / max(1, read)))


def _documents(sources: Sequence[str], skipped: Skipped) -> Iterator[str]:
    return itertools.chain.from_iterable(read_texts(source, skipped) for source in sources)
