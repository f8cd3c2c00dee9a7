"""Make a vocabulary from text: byte-level BPE merges (Sennrich et al. 2016), or characters."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from fledge.errors import TokenizerError
from fledge.text.normalise import NormaliserConfig, build_normaliser
from fledge.text.patterns import PatternName, split_pattern
from fledge.text.ranks import byte_level_splitter
from fledge.text.special import SPECIAL_TEXTS
from fledge.text.vocabulary import Definition, with_special

SMALLEST_VOCABULARY = 256 + len(SPECIAL_TEXTS)
UNKNOWN_CHARACTER = "\ufffd"


def train_bpe(
    texts: Iterable[str], vocabulary_size: int, pattern: PatternName, normaliser: NormaliserConfig
) -> Definition:
    """Merge the most frequent pair until the vocabulary is full; ties go to the smallest ids.

    Ids: the 256 bytes in the order of GPT-2's alphabet, the merges in order, the special tokens.
    """
    if vocabulary_size < SMALLEST_VOCABULARY:
        raise TokenizerError(
            f"a vocabulary of {vocabulary_size:,} tokens is too small: 256 bytes and "
            f"{len(SPECIAL_TEXTS)} special tokens need {SMALLEST_VOCABULARY}; ask for more, "
            "or use a character tokenizer"
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level_splitter(split_pattern(pattern, vocabulary_size))
    tokenizer.decoder = decoders.ByteLevel()
    if (steps := build_normaliser(normaliser)) is not None:
        tokenizer.normalizer = steps
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(SPECIAL_TEXTS),
        # Bytes that the corpus lacks would otherwise be lost when a text has them.
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[],
        show_progress=False,
    )
    try:
        tokenizer.train_from_iterator(_not_empty(texts), trainer)
    except UnicodeEncodeError as error:
        raise lone_surrogate(str(error.object), error.start) from error
    return with_special(json.loads(tokenizer.to_str()), SPECIAL_TEXTS)


def character_vocabulary(texts: Iterable[str]) -> Definition:
    """Give each character met an id, in the order of code points, and one to unknown ones."""
    counts: Counter[str] = Counter()
    for text in _not_empty(texts):
        counts.update(text)
    characters = sorted(counts.keys() | {UNKNOWN_CHARACTER})
    surrogate = next((c for c in characters if "\ud800" <= c <= "\udfff"), None)
    if surrogate is not None:
        raise lone_surrogate(surrogate, 0)
    vocabulary = {character: token_id for token_id, character in enumerate(characters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=UNKNOWN_CHARACTER))
    tokenizer.decoder = decoders.Fuse()
    return with_special(json.loads(tokenizer.to_str()), SPECIAL_TEXTS)


def lone_surrogate(text: str, position: int) -> TokenizerError:
    """Make the error for half of a surrogate pair, which UTF-8 cannot write."""
    around = text[max(position - 20, 0) : position + 20]
    return TokenizerError(
        f"the text holds half of a surrogate pair, U+{ord(text[position]):04X}, at character "
        f"{position:,} (near {around!r}), which is no character; read the file as UTF-8, or clean "
        'it with text.encode("utf-8", "replace").decode()'
    )


def _not_empty(texts: Iterable[str]) -> Iterator[str]:
    found = False
    for text in texts:
        found = found or bool(text)
        yield text
    if not found:
        raise TokenizerError(
            "the corpus is empty: expected text to learn a vocabulary from, found none; "
            "check the paths, and that the files are not empty"
        )
