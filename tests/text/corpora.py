"""Small texts in several scripts, and an independent BPE trainer to check against."""

from collections import Counter
from itertools import pairwise

import regex

from fledge.text.vocabulary import byte_alphabet

ENGLISH = (
    "The hen sat on her eggs. The fledgling's wings weren't strong; it fell, and it fell again! "
    "Then one day in 1999 it flew: higher than the barn, higher than the hill, higher than 1234567."
) * 3
GERMAN = (
    "Der Vogel übt das Fliegen. Größe ist nicht alles, süße Beeren schmecken besser als saure. "
    "Übung macht den Meister: Flügel schlagen, fallen, wieder aufstehen, noch einmal üben."
) * 3
MIXED = (
    "naïve café — 東京の鳥は飛ぶ。 птица летит, ציפור עפה، طائر يطير 🐣🐥🦅 "
    "\n\n  tabs\tand   spaces\r\n ﬁ ² ½ Ⅷ e\u0301 \u200d\u00a0 x² + y² = z²\n"
) * 3
CORPORA = {"english": ENGLISH, "german": GERMAN, "mixed": MIXED}


def slow_bpe(text, pattern, num_merges, best=None):
    """Merges learnt the plain way: count pairs, merge the best, count again (Sennrich et al. 2016).

    `best` picks from (pair of bytes, pair of ids, count); by default ties go to the smallest ids.
    """
    ids = {bytes([byte]): rank for rank, byte in enumerate(_ordered_bytes())}
    pieces = Counter(regex.findall(pattern, text))
    words = [([bytes([b]) for b in piece.encode()], count) for piece, count in pieces.items()]
    counts = Counter()
    for symbols, count in words:
        counts.update({pair: count * n for pair, n in Counter(pairwise(symbols)).items()})
    choose = best or (lambda pair, count: (count, -ids[pair[0]], -ids[pair[1]]))
    merges = []
    while len(merges) < num_merges and +counts:
        pair = max(counts, key=lambda pair: choose(pair, counts[pair]))
        merges.append(pair)
        ids.setdefault(pair[0] + pair[1], len(ids))
        for index, (symbols, count) in enumerate(words):
            if pair in pairwise(symbols):
                merged = _merged(symbols, pair)
                words[index] = (merged, count)
                for sign, old in ((-count, symbols), (count, merged)):
                    for changed in pairwise(old):
                        counts[changed] += sign
    return merges


def _ordered_bytes():
    return [byte for _, byte in sorted(byte_alphabet().items())]


def _merged(symbols, pair):
    result, index = [], 0
    while index < len(symbols):
        if tuple(symbols[index : index + 2]) == pair:
            result.append(pair[0] + pair[1])
            index += 2
        else:
            result.append(symbols[index])
            index += 1
    return result
