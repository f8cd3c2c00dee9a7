"""Rank files of tiktoken, one token a line, base64 and rank; turned into merges and back.

A rank file holds no merges: tiktoken merges whatever pair gives the token of lowest rank. Taking
each token apart with only the ranks below its own gives the pair it is merged from.
"""

import base64
import json
from binascii import a2b_base64
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from fledge.errors import TokenizerError
from fledge.text.patterns import rank_file_pattern
from fledge.text.vocabulary import Definition, byte_alphabet, with_special

Ranks = dict[bytes, int]

MOST_IDS = 2**22
"""Number that every id is below: twenty times the largest vocabulary in use."""
MOST_TOKENS = MOST_IDS + 256
LONGEST_TOKEN = 4096
"""Bytes of the longest token; o200k's has 128."""


def read_ranks(path: Path) -> Ranks:
    """Read a `*.tiktoken` file.

    Raises:
        TokenizerError: a line is not a token and its rank, two lines have the same token or rank,
            or one of the 256 bytes is missing.
    """
    lines = path.read_bytes().splitlines()
    ranks: Ranks = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            encoded, rank = line.split()
            token = a2b_base64(encoded, strict_mode=True)
            if not 0 < len(token) <= LONGEST_TOKEN or not 0 <= (value := int(rank)) < MOST_IDS:
                raise ValueError
        except ValueError as error:
            raise TokenizerError(
                f"{path}:{number}: expected a base64 token of at most {LONGEST_TOKEN:,} bytes and "
                f"its rank below {MOST_IDS:,}, found {line[:60]!r}; the file is damaged or not a "
                "tiktoken rank file"
            ) from error
        if token in ranks:
            raise TokenizerError(f"{path}:{number}: the token {token[:60]!r} is there twice")
        ranks[token] = value
    if len(set(ranks.values())) < len(ranks):
        twice = next(rank for rank, count in Counter(ranks.values()).items() if count > 1)
        raise TokenizerError(f"{path}: rank {twice:,} is there twice; the file is damaged")
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise TokenizerError(
            f"{path}: expected a rank for each of the 256 bytes, {len(missing)} are missing "
            f"(the first is 0x{missing[0]:02X}); the file is cut off or not a rank file"
        )
    return ranks


def write_ranks(path: Path, ranks: Ranks) -> None:
    """Write a rank file that tiktoken reads."""
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in ordered)
    path.write_bytes(b"".join(lines))


def merges_of(ranks: Ranks) -> list[tuple[bytes, bytes]]:
    """Return the pair each longer token is merged from, in order of rank.

    A token that no pair of lower tokens gives has no merge: only a whole piece can become it.
    """
    known = {bytes([byte]): byte for byte in range(256)}
    seams = _Seams()
    merges: list[tuple[bytes, bytes]] = []
    longer = sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__)
    for place, token in enumerate(longer):
        for cut in range(len(token) - 1, 0, -1):
            left, right = known.get(token[:cut]), known.get(token[cut:])
            if left is not None and right is not None and seams.is_stable(left, right):
                known[token] = seams.merge(left, right)
                merges.append((token[:cut], token[cut:]))
                break
        else:
            # No training makes such a token, and the short way does not hold for those after it.
            taken_apart = (merge_below(token, ranks) for token in longer[place:])
            return merges + [(parts[0], parts[1]) for parts in taken_apart if len(parts) == 2]
    return merges


def merge_below(token: bytes, ranks: Ranks) -> list[bytes]:
    """Merge the bytes of `token` with only the ranks below its own."""
    parts = [token[index : index + 1] for index in range(len(token))]
    own = ranks[token]
    while len(parts) > 1:
        candidates = [ranks.get(a + b, own) for a, b in pairwise(parts)]
        lowest = min(candidates)
        if lowest >= own:
            break
        here = candidates.index(lowest)
        parts[here : here + 2] = [parts[here] + parts[here + 1]]
    return parts


class _Seams:
    """Merges so far, each with a number: bytes are 0 to 255, merged tokens follow in order."""

    def __init__(self) -> None:
        self._merged: dict[int, int] = {}
        self._first = list(range(256))
        self._last = list(range(256))

    def merge(self, left: int, right: int) -> int:
        """Return the number of the token that `left` and `right` make from now on."""
        own = len(self._first)
        self._merged[left * MOST_TOKENS + right] = own
        self._first.append(left)
        self._last.append(right)
        return own

    def is_stable(self, left: int, right: int) -> bool:
        """Return whether merging the bytes of both, lowest first, ends at `left` and `right`.

        It does unless an earlier merge crosses the seam. So take both apart again, the newest half
        first, and look at each pair of neighbours that has stood at the seam.
        """
        merged, first, last = self._merged, self._first, self._last
        limit = MOST_TOKENS
        while True:
            across = merged.get(left * MOST_TOKENS + right)
            if across is not None and across < limit:
                return False
            # The left one of two merges with the same number is made first.
            if left > right and left > 255:
                limit, left = left, last[left]
            elif right > 255:
                limit, right = right + 1, first[right]
            elif left > 255:
                limit, left = left, last[left]
            else:
                return True


def definition_of_rank_file(path: Path, special_texts: Sequence[str]) -> Definition:
    """Read a `*.tiktoken` file as a tokenizer.json; its name tells the pattern that it is cut by.

    Ids that the ranks leave free go to `special_texts`, in order: p50k_base leaves 50,256 free for
    `<|endoftext|>`. The others follow the last rank.

    Raises:
        TokenizerError: as `read_ranks`.
    """
    ranks = read_ranks(path)
    definition = definition_from_ranks(ranks, rank_file_pattern(path.name))
    taken = set(ranks.values())
    vocabulary = definition["model"]["vocab"]
    if len(ranks) <= max(taken):
        # Named in the model, because `tokenizers` counts on from the number of its tokens.
        free = (number for number in range(MOST_TOKENS) if number not in taken)
        missing = [text for text in special_texts if text not in vocabulary]
        vocabulary |= dict(zip(missing, free, strict=False))
    return with_special(definition, special_texts)


def definition_from_ranks(ranks: Ranks, pattern: str) -> Definition:
    """Make the tokenizer.json that gives tiktoken's ids for these ranks and `pattern`."""
    printable = {byte: character for character, byte in byte_alphabet().items()}
    text = {token: token.decode("latin-1").translate(printable) for token in ranks}
    # tiktoken looks a whole piece up before it merges.
    definition = byte_level(models.BPE(ignore_merges=True), pattern)
    # Put in as Python values: `tokenizers` would take a second to read and write them.
    definition["model"]["vocab"] = {text[token]: rank for token, rank in ranks.items()}
    definition["model"]["merges"] = [[text[left], text[right]] for left, right in merges_of(ranks)]
    return definition


def byte_level(model: models.BPE, pattern: str) -> Definition:
    """Build a byte-level tokenizer around `model` that cuts text by `pattern`."""
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = byte_level_splitter(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    definition: Definition = json.loads(tokenizer.to_str())
    return definition


def byte_level_splitter(pattern: str) -> pre_tokenizers.PreTokenizer:
    """Cut by `pattern`, then write each byte as its printable character; no space is added."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
