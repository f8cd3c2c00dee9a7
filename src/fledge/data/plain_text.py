"""Plain text beside demonstrations, in short pieces, so that a model does not forget it."""

from collections.abc import Iterable, Iterator

from fledge.data.records import Skipped
from fledge.data.sources import Source, read_texts
from fledge.errors import DataError
from fledge.text.conversation import RenderedChat
from fledge.text.tokenizer import Tokenizer

PIECE = 256
"""Tokens of a piece, at most: short ones fit into what conversations leave of their rows."""


def plain_text(
    sources: Iterable[Source], tokenizer: Tokenizer, length: int, skipped: Skipped | None = None
) -> list[RenderedChat]:
    """Read texts in any format of pretraining, as pieces of which every token is learned.

    A piece has at most `length` + 1 ids, as rows of `length` positions take. It shares its first
    id, which is only read, with the piece before it.

    Raises:
        DataError: a source cannot be read, or no text has two tokens.
    """
    named = tuple(sources)
    texts = (text for source in named for text in read_texts(source, skipped))
    pieces = [piece for text in texts for piece in _pieces(text, tokenizer, min(PIECE, length))]
    if named and not pieces:
        raise DataError(
            f"{', '.join(map(str, named))}: expected text of at least two tokens, found none"
        )
    return pieces


def _pieces(text: str, tokenizer: Tokenizer, size: int) -> Iterator[RenderedChat]:
    ids = [*tokenizer.encode_document(text), tokenizer.special.separator]
    for start in range(0, len(ids) - 1, size):
        piece = ids[start : start + size + 1]
        yield RenderedChat(piece, [False] + [True] * (len(piece) - 1))
