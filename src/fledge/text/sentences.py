"""What translation asks of a tokenizer: `Tokenizer` does it, and so do SentencePiece's files."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class SentenceTokenizer(Protocol):
    """Text to ids and back, without the end token: whoever builds a batch adds it."""

    @property
    def vocabulary_size(self) -> int:
        """One more than the largest id."""

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids that stand for no text (ends, padding, roles)."""

    @property
    def fingerprint(self) -> str:
        """SHA-256; equal for tokenizers that give equal ids."""

    def encode(self, text: str) -> list[int]:
        """Ids of `text`."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` of each text."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; special ones have none."""

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes one id stands for, b"" if special; a word's first piece begins with a space."""
