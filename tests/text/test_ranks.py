import base64
import random
from itertools import pairwise

import pytest
import tiktoken

from fledge.errors import TokenizerError
from fledge.text.patterns import GPT2_PATTERN
from fledge.text.ranks import merges_of, read_ranks, write_ranks
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data

BYTES = {bytes([byte]): byte for byte in range(256)}
TEXTS = ["def f(x):\n        return  x\n", "a" + " " * 40 + "b", "<|endoftext|> spelt", "the the"]


def save(path, ranks):
    write_ranks(path, ranks)
    return path


def whole(token, ranks):
    """Merge the bytes of a token with the ranks below its own, one lowest pair after another."""
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 1:
        pairs = [ranks.get(a + b, ranks[token]) for a, b in pairwise(parts)]
        if min(pairs) >= ranks[token]:
            break
        here = pairs.index(min(pairs))
        parts[here : here + 2] = [parts[here] + parts[here + 1]]
    return parts


def random_ranks(generator, in_order):
    """Bytes and some tokens of three letters; out of order, not all of them can be merged."""
    ranks, pool = dict(BYTES), [b"a", b"b", b"c"]
    for number in range(60):
        token = generator.choice(pool) + generator.choice(pool)
        if not in_order and generator.random() < 0.1:
            token = bytes(generator.choices(b"abc", k=generator.randint(3, 6)))
        if token not in ranks and len(token) <= 12:
            pool.append(token)
            ranks[token] = 256 + (number if in_order else generator.randrange(100) * 60 + number)
    return ranks


@pytest.mark.parametrize("in_order", [True, False])
def test_merges_are_those_of_merging_each_token_alone(in_order):
    for seed in range(150):
        ranks = random_ranks(random.Random(seed), in_order)
        longer = sorted((token for token in ranks if len(token) > 1), key=ranks.__getitem__)
        expected = [tuple(parts) for t in longer if len(parts := whole(t, ranks)) == 2]
        assert merges_of(ranks) == expected, seed


def test_a_rank_left_free_is_the_end_of_text(tmp_path):
    """p50k_base is r50k_base with runs of spaces after 50,256, which is <|endoftext|>."""
    ranks = dict(BYTES) | {b"th": 256, b"the": 257, b"  ": 258, b"   ": 260, b"    ": 261}
    tokenizer = Tokenizer.load(save(tmp_path / "p50k_base.tiktoken", ranks))
    assert tokenizer.special.end_of_text == 259
    assert sorted(tokenizer.special_ids) == [259, 262, 263, 264, 265, 266]
    theirs = tiktoken.Encoding(
        "p50k", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 259}
    )
    for text in TEXTS:
        assert tokenizer.encode(text) == theirs.encode_ordinary(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.ranks() == ranks
    tokenizer.save(tmp_path / "saved")
    assert Tokenizer.load(tmp_path / "saved").fingerprint == tokenizer.fingerprint


def test_p50k_built_from_r50k_equals_tiktoken(tmp_path):
    ranks = read_ranks(shared_data("weights/tiktoken/r50k_base.tiktoken"))
    runs = [run for length in range(2, 60) if (run := b" " * length) not in ranks][:24]
    ranks |= {run: 50_257 + place for place, run in enumerate(runs)}
    tokenizer = Tokenizer.load(save(tmp_path / "p50k_base.tiktoken", ranks))
    assert tokenizer.special.end_of_text == 50_256
    theirs = tiktoken.Encoding(
        "p50k", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    for text in TEXTS:
        assert tokenizer.encode(text) == theirs.encode_ordinary(text)


def test_many_free_ranks_are_no_trouble(tmp_path):
    ranks = {token: 3 * rank for token, rank in BYTES.items()} | {b"th": 5000}
    tokenizer = Tokenizer.load(save(tmp_path / "gaps.tiktoken", ranks))
    assert sorted(tokenizer.special_ids) == [1, 2, 4, 5, 7, 8]
    assert tokenizer.encode("th") == [5000]


def line(token, rank):
    return base64.b64encode(token) + f" {rank}\n".encode()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line(b"th", 2**31), r"its rank below 4,194,304"),
        (line(b"th", -1), r"its rank below"),
        (line(b"th", 97), r"rank 97 is there twice"),
        (line(b"a", 300), r":257: the token b'a' is there twice"),
        (line(b"x" * 5000, 300), r"at most 4,096 bytes"),
        (line(b"", 300), r":257: expected a base64 token"),
        (b"dGg= 9" + b"9" * 5000 + b"\n", r":257: expected a base64 token"),
        (b"dGg\n", r":257: expected a base64 token"),
    ],
)
def test_a_bad_rank_is_refused_with_file_and_line(tmp_path, bad, message):
    path = tmp_path / "bad.tiktoken"
    path.write_bytes(b"".join(line(token, rank) for token, rank in BYTES.items()) + bad)
    with pytest.raises(TokenizerError, match=message) as caught:
        Tokenizer.load(path)
    assert str(path) in str(caught.value)
