"""English sentences and their French: phrases, and a large sample of the bilingual grammar."""

from collections.abc import Iterator
from functools import cache
from itertools import islice

from fledge.starter.bilingual.everyday import everyday_sentences
from fledge.starter.bilingual.exchanges import phrases
from fledge.starter.bilingual.grammar import sentences
from fledge.starter.bilingual.lexicon import lexicon
from fledge.starter.french import PHRASES
from fledge.starter.task import Split, is_held_out

DRAWN = 60_000
"""Number of draws from the grammar; short sentences are drawn more than once and kept once."""
HELD_OUT = 300
"""Number of sentences to measure on; the others of their fifth are not used at all."""
PHRASE_COPIES = 8
"""Number of times that each phrase is read in a pass: no other sentence helps to learn it."""
NOUNS = lexicon().nouns["thing"]
ADJECTIVES = lexicon().adjectives["thing"]


def sentence_pairs(split: Split) -> list[tuple[str, str]]:
    """Return pairs of English and French; the everyday sentences are in neither split."""
    if split == "train":
        learnt = list(fixed_phrases().items()) * PHRASE_COPIES
        return learnt + [pair for pair in grammar() if not is_held_out(pair[0])]
    return list(islice((pair for pair in grammar() if is_held_out(pair[0])), HELD_OUT))


def fixed_phrases() -> dict[str, str]:
    """Map every phrase that is learnt by heart to its translation."""
    measured = {sentence.english for sentence in everyday_sentences()}
    known = {pair.english: pair.french for pair in phrases()} | dict(PHRASES)
    return {english: french for english, french in known.items() if english not in measured}


@cache
def grammar() -> tuple[tuple[str, str], ...]:
    """Draw the sentences of the grammar, each English sentence once."""
    return tuple(_unlike_each_other())


def _unlike_each_other() -> Iterator[tuple[str, str]]:
    seen = {sentence.english for sentence in everyday_sentences()} | set(fixed_phrases())
    for pair in islice(sentences("0"), DRAWN):
        if pair.english not in seen:
            seen.add(pair.english)
            yield pair.english, pair.french
