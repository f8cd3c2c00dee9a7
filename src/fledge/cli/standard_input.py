"""Read standard input as text: all of it, or its lines as they arrive."""

import sys
from collections.abc import Iterator
from io import BufferedReader
from typing import cast

from fledge.text.decoding import STANDARD_INPUT, UTF8_MARK, decode, refuse_foreign

BYTES_AT_ONCE = 65_536
"""Bytes to read at a time from a file or a full pipe: some thousand sentences."""


def standard_input() -> str:
    """Read all of standard input.

    Raises:
        DataError: it is not UTF-8, or holds NUL.
    """
    return decode(sys.stdin.buffer.read(), STANDARD_INPUT)


def arriving_lines() -> Iterator[list[str]]:
    """Yield lines without their ends, in lots as they arrive, each of at least one line.

    A line that a person types or a slow program writes is a lot of its own; a file comes in large
    lots.

    Raises:
        DataError: a line is not UTF-8, or holds NUL; the message gives its number.
    """
    stream = cast(BufferedReader, sys.stdin.buffer)
    number, rest = 0, b""
    while piece := stream.read1(BYTES_AT_ONCE):
        if not number and not rest:
            refuse_foreign(piece, STANDARD_INPUT)
            piece = piece.removeprefix(UTF8_MARK)
        *whole, rest = (rest + piece).split(b"\n")
        if whole:
            yield [_line(text, number + place) for place, text in enumerate(whole, start=1)]
        number += len(whole)
    if rest:
        yield [_line(rest, number + 1)]


def _line(content: bytes, number: int) -> str:
    return decode(content.removesuffix(b"\r"), f"{STANDARD_INPUT}, line {number:,}")
