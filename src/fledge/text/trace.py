"""Trace a word to its tokens, merge after merge, as the encoder does (Sennrich et al. 2016).

At every step the adjacent pair of lowest rank is merged, the leftmost first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from fledge.errors import TokenizerError
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import merge_pairs, model_tokens


@dataclass(frozen=True, slots=True)
class Merge:
    """One step: `pair` of this `rank` (0 is learnt first) is joined, which leaves `symbols`."""

    rank: int
    pair: tuple[str, str]
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordTrace:
    """Trace of one piece of text, in the vocabulary's letters (`Ġ` is a space).

    `start` is its bytes or characters; `tokens` and `ids` are those of the encoder.
    """

    text: str
    start: tuple[str, ...]
    merges: tuple[Merge, ...]
    tokens: tuple[str, ...]
    ids: tuple[int, ...]


def trace(text: str, tokenizer: Tokenizer) -> list[WordTrace]:
    """Normalise and cut `text` as the encoder does, and follow the merges of every piece.

    Raises:
        TokenizerError: the tokenizer does not merge pairs (it is not BPE).
    """
    return list(Tracer(tokenizer).trace(text))


class Tracer:
    """Holds a tokenizer's merges by rank, to trace many texts."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        model = tokenizer.definition["model"]
        if model["type"] != "BPE":
            raise TokenizerError(
                f"only BPE has merges to show; this tokenizer's model is {model['type']}"
            )
        self._backend = tokenizer.backend
        self._whole_words = bool(model.get("ignore_merges"))
        self._unknown: str | None = model.get("unk_token")
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._ids = model_tokens(tokenizer.definition)
        pairs = merge_pairs(tokenizer.definition)
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}

    def trace(self, text: str) -> Iterator[WordTrace]:
        """Trace every piece of `text`."""
        normaliser, splitter = self._backend.normalizer, self._backend.pre_tokenizer
        normalised = text if normaliser is None else normaliser.normalize_str(text)
        if splitter is None:
            pieces = [normalised] if normalised else []
        else:
            pieces = [piece for piece, _ in splitter.pre_tokenize_str(normalised)]
        return map(self._word, pieces)

    def _word(self, piece: str) -> WordTrace:
        start = tuple(symbol for character in piece for symbol in self._symbols(character))
        merges = tuple(self._merges(start))
        tokens = merges[-1].symbols if merges else start
        if self._whole_words and piece in self._ids:
            tokens = (piece,)
        return WordTrace(piece, start, merges, tokens, tuple(self._ids[t] for t in tokens))

    def _symbols(self, character: str) -> list[str]:
        if character in self._ids:
            return [character]
        if self._byte_fallback:
            return [f"<0x{byte:02X}>" for byte in character.encode()]
        return [] if self._unknown is None else [self._unknown]

    def _merges(self, start: tuple[str, ...]) -> Iterator[Merge]:
        symbols = list(start)
        while known := [pair for pair in pairwise(symbols) if pair in self._ranks]:
            pair = min(known, key=self._ranks.__getitem__)
            here = next(i for i, found in enumerate(pairwise(symbols)) if found == pair)
            symbols[here : here + 2] = ["".join(pair)]
            yield Merge(self._ranks[pair], pair, tuple(symbols))
