"""Statistics of a text: frequencies, Zipf's law, coverage, n-grams, TF-IDF."""

import math
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from fledge.text.tokenizer import Tokenizer

Item = TypeVar("Item", bound=Hashable)

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class ZipfFit:
    """Line count ≈ exp(intercept) · rank^slope, fitted on logarithms; Zipf's law says slope ≈ -1.

    `r_squared` is the share of the variance of log counts that the line explains.
    """

    slope: float
    intercept: float
    r_squared: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of all occurrences, between 0 and 1, that the `most_frequent` items make up."""

    most_frequent: int
    share: float


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """Words of a text that a vocabulary lacks: which, how often, and their share of the text."""

    counts: dict[str, int]
    share: float


@dataclass(frozen=True, slots=True)
class Term:
    """Word of a document and its weight: how well it tells the document from the others."""

    word: str
    weight: float


def words(text: str) -> list[str]:
    """Cut a text into lower-cased words: letters, digits and inner apostrophes (`don't` is one)."""
    return [word.lower() for word in _WORD.findall(text)]


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """Count each word."""
    return Counter(chain.from_iterable(map(words, texts)))


def token_counts(texts: Sequence[str], tokenizer: Tokenizer) -> Counter[int]:
    """Count each token id."""
    return Counter(chain.from_iterable(tokenizer.encode_batch(texts)))


def most_common(counts: Mapping[Item, int], n: int) -> list[tuple[Item, int, float]]:
    """Return the `n` most frequent items with count and share of all, ties in the order met."""
    total = sum(counts.values())
    return [(item, count, count / total) for item, count in Counter(counts).most_common(n)]


def zipf_fit(counts: Mapping[Item, int], ranks: tuple[int, int] | None = None) -> ZipfFit:
    """Fit log count = intercept + slope · log rank by least squares.

    `ranks` limits the fit to the ranks first to last, both included, counted from 1; the long
    tail of words met once pulls the slope otherwise.

    Raises:
        ValueError: fewer than two ranks are left.
    """
    ordered = sorted(counts.values(), reverse=True)
    first, last = ranks or (1, len(ordered))
    chosen = ordered[first - 1 : last]
    if len(chosen) < 2:
        raise ValueError(f"a line needs two ranks; {len(chosen)} of {len(ordered)} are left")
    log_rank = np.log(np.arange(first, first + len(chosen)))
    log_count = np.log(chosen)
    slope, intercept = np.polyfit(log_rank, log_count, deg=1)
    residual = np.square(log_count - intercept - slope * log_rank).sum()
    spread = np.square(log_count - log_count.mean()).sum()
    # Equal counts are a level line, explained in full.
    r_squared = 1.0 if spread < 1e-12 else 1.0 - residual / spread
    return ZipfFit(float(slope), float(intercept), float(r_squared))


def coverage(counts: Mapping[Item, int], sizes: Iterable[int]) -> list[Coverage]:
    """Return the share of the text that the n most frequent items cover, for each n of `sizes`."""
    running = np.cumsum([0, *sorted(counts.values(), reverse=True)])
    total = max(int(running[-1]), 1)
    return [Coverage(n, float(running[min(n, len(running) - 1)] / total)) for n in sizes]


def rare_words(counts: Mapping[str, int], at_most: int = 1) -> dict[str, int]:
    """Return the words that occur at most `at_most` times, rarest first, then alphabetically."""
    rare = ((word, count) for word, count in counts.items() if count <= at_most)
    return dict(sorted(rare, key=lambda item: (item[1], item[0])))


def unknown_words(counts: Mapping[str, int], vocabulary: Collection[str]) -> UnknownWords:
    """Return the words that `vocabulary` lacks, the most frequent first."""
    known = frozenset(vocabulary)
    missing = Counter({word: n for word, n in counts.items() if word not in known})
    total = max(sum(counts.values()), 1)
    return UnknownWords(dict(missing.most_common()), missing.total() / total)


def ngram_counts(items: Sequence[Item], n: int) -> Counter[tuple[Item, ...]]:
    """Count each run of `n` items; a sequence shorter than `n` has none."""
    if n < 1:
        raise ValueError(f"an n-gram has at least one item, not {n}")
    return Counter(zip(*(islice(items, start, None) for start in range(n)), strict=False))


def tf_idf(documents: Sequence[str], top: int | None = None) -> list[list[Term]]:
    """Weigh the words of each document, heaviest first, then alphabetical; at most `top`.

    Weight is count · (1 + ln((1 + N) / (1 + documents with the word))), scaled to length 1 in each
    document: scikit-learn's smooth form of Spärck Jones (1972).
    """
    counts = [Counter(words(document)) for document in documents]
    holding = Counter(chain.from_iterable(counts))
    inverse = {
        word: 1 + math.log((1 + len(documents)) / (1 + number)) for word, number in holding.items()
    }
    return [_weigh(document, inverse)[:top] for document in counts]


def _weigh(counts: Counter[str], inverse: Mapping[str, float]) -> list[Term]:
    weights = {word: count * inverse[word] for word, count in counts.items()}
    length = math.hypot(*weights.values())
    terms = [Term(word, weight / length) for word, weight in weights.items()]
    return sorted(terms, key=lambda term: (-term.weight, term.word))
