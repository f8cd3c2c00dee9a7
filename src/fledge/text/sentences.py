"""The tokenizer that translation needs: `Tokenizer` is one, and so are SentencePiece's files."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class SentenceTokenizer(Protocol):
    """Text to ids and back, without the end token, which is added where a batch is built."""

    @property
    def vocabulary_size(self) -> int:
        """Number of ids: one more than the largest."""

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids that stand for no text (ends, padding, roles)."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the files: equal for tokenizers that give equal ids."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return `encode` of each text."""

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; special ones have none."""

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one id, b"" if special; a word's first piece begins with a space."""
