"""Plain text beside demonstrations, in short pieces, so that a model does not forget it."""

from collections.abc import Iterable, Iterator

from fledge.data.records import Skipped
from fledge.data.sources import Source, read_texts
from fledge.errors import DataError
from fledge.text.conversation import RenderedChat
from fledge.text.tokenizer import Tokenizer

PIECE = 256
"""Tokens of a piece, at most: short ones fit into what conversations leave of long rows."""


def plain_text(
    sources: Iterable[Source], tokenizer: Tokenizer, length: int, skipped: Skipped | None = None
) -> list[RenderedChat]:
    """Read texts in any format of pretraining, as pieces of which every token is learned.

    A piece has at most `length` + 1 ids, as rows of `length` positions take. It begins as the
    tokenizer begins a text, then with the last id of the piece before it; both are only read.

    Raises:
        DataError: a source cannot be read, or no text has two tokens.
    """
    named = tuple(sources)
    texts = (text for source in named for text in read_texts(source, skipped))
    size = min(PIECE, length)
    pieces = [piece for text in texts for piece in _pieces(text, tokenizer, size)]
    if named and not pieces:
        raise DataError(
            f"{', '.join(map(str, named))}: expected text of at least two tokens, found none"
        )
    return pieces


def _pieces(text: str, tokenizer: Tokenizer, size: int) -> Iterator[RenderedChat]:
    opening = list(tokenizer.opening_ids)
    ids = [*tokenizer.encode_document(text), tokenizer.special.separator]
    yield _learned_after_first(ids[: size + 1])
    step = max(1, size - len(opening))
    for start in range(size, len(ids) - 1, step):
        piece = ids[start : start + step + 1]
        unlearned = len(opening) + 1
        yield RenderedChat([*opening, *piece], [False] * unlearned + [True] * (len(piece) - 1))


def _learned_after_first(ids: list[int]) -> RenderedChat:
    return RenderedChat(ids, [False] + [True] * (len(ids) - 1))
