"""Rank files of tiktoken, one token a line, base64 and rank; turned into merges and back.

A rank file holds no merges: tiktoken merges whatever pair gives the token of lowest rank. Taking
each token apart with only the ranks below its own gives the pair it is merged from.
"""

import base64
import binascii
import json
from itertools import pairwise
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from fledge.errors import TokenizerError
from fledge.text.patterns import rank_file_pattern
from fledge.text.vocabulary import Definition, byte_alphabet

Ranks = dict[bytes, int]


def read_ranks(path: Path) -> Ranks:
    """Read a `*.tiktoken` file.

    Raises:
        TokenizerError: a line is not a token and its rank, or one of the 256 bytes is missing.
    """
    ranks: Ranks = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise TokenizerError(
                f"{path}:{number}: expected a base64 token and its rank, found {line[:60]!r}; "
                "the file is damaged or not a tiktoken rank file"
            ) from error
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
    longer = sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__)
    taken_apart = (merge_below(token, ranks) for token in longer)
    return [(parts[0], parts[1]) for parts in taken_apart if len(parts) == 2]


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


def definition_of_rank_file(path: Path) -> Definition:
    """Read a `*.tiktoken` file as a tokenizer.json; its name tells the pattern that it is cut by.

    Raises:
        TokenizerError: as `read_ranks`.
    """
    return definition_from_ranks(read_ranks(path), rank_file_pattern(path.name))


def definition_from_ranks(ranks: Ranks, pattern: str) -> Definition:
    """Make the tokenizer.json that gives tiktoken's ids for these ranks and `pattern`."""
    printable = {byte: character for character, byte in byte_alphabet().items()}
    text = {token: "".join(printable[byte] for byte in token) for token in ranks}
    model = models.BPE(
        vocab={text[token]: rank for token, rank in ranks.items()},
        merges=[(text[left], text[right]) for left, right in merges_of(ranks)],
        # tiktoken looks a whole piece up before it merges.
        ignore_merges=True,
    )
    return byte_level(model, pattern)


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
