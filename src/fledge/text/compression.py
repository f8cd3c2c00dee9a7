"""Compression of a text by several tokenizers, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fledge.text.features import token_counts, words
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Compression:
    """Compression of one text by one tokenizer.

    `bytes_per_token` higher is better; `tokens_per_word` (fertility) lower is better;
    `vocabulary_used` is the share of the ids that the text needs, between 0 and 1.
    """

    name: str
    vocabulary_size: int
    tokens: int
    bytes: int
    bytes_per_token: float
    tokens_per_word: float
    vocabulary_used: float


def bytes_per_token(texts: Sequence[str], tokenizer: Tokenizer) -> float:
    """Return the UTF-8 bytes of the texts for each token of theirs; 0 for no text."""
    tokens = sum(map(len, tokenizer.encode_batch(texts)))
    return _size(texts) / max(tokens, 1)


def compression_report(
    texts: Sequence[str], tokenizers: Mapping[str, Tokenizer]
) -> list[Compression]:
    """Rank the tokenizers by bytes per token, best first."""
    rows = [_measure(name, texts, tokenizer) for name, tokenizer in tokenizers.items()]
    return sorted(rows, key=lambda row: -row.bytes_per_token)


def _measure(name: str, texts: Sequence[str], tokenizer: Tokenizer) -> Compression:
    counts = token_counts(texts, tokenizer)
    tokens, size = counts.total(), _size(texts)
    num_words = sum(len(words(text)) for text in texts)
    return Compression(
        name=name,
        vocabulary_size=tokenizer.vocabulary_size,
        tokens=tokens,
        bytes=size,
        bytes_per_token=size / max(tokens, 1),
        tokens_per_word=tokens / max(num_words, 1),
        vocabulary_used=len(counts) / tokenizer.vocabulary_size,
    )


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) for text in texts)
