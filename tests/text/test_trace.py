import random
from itertools import pairwise

import pytest

from fledge.text.ranks import write_ranks
from fledge.text.tokenizer import Tokenizer
from fledge.text.trace import Merge, Tracer, trace
from text.corpora import CORPORA
from text.foreign import save_sentencepiece_style


@pytest.fixture(params=["bpe", "characters", "sentencepiece", "ranks"])
def tokenizer(request, tmp_path):
    if request.param == "sentencepiece":
        save_sentencepiece_style(tmp_path, CORPORA.values())
        return Tokenizer.load(tmp_path)
    if request.param == "ranks":
        write_ranks(tmp_path / "small.tiktoken", request.getfixturevalue("bpe").ranks())
        return Tokenizer.load(tmp_path / "small.tiktoken")
    return request.getfixturevalue(request.param)


def test_a_trace_ends_where_the_encoder_does(tokenizer):
    generator = random.Random(0)
    tracer = Tracer(tokenizer)
    texts = [text[:120] for text in CORPORA.values()] + ["", "Ω aaaa", "the the", "\x00"]
    letters = list(CORPORA["mixed"] + CORPORA["english"])
    texts += ["".join(generator.choices(letters, k=20)) for _ in range(100)]
    for text in texts:
        traced = list(tracer.trace(text))
        assert [i for word in traced for i in word.ids] == tokenizer.encode(text)


def test_every_merge_is_one_step(bpe):
    for word in trace(CORPORA["english"], bpe):
        lengths = [len(word.start), *(len(merge.symbols) for merge in word.merges)]
        assert lengths == list(range(len(word.start), len(word.tokens) - 1, -1))
        symbols = word.start
        for merge in word.merges:
            assert merge.pair in pairwise(symbols)
            symbols = merge.symbols
        assert symbols == word.tokens


def test_a_word_by_hand():
    # "ab" is the most frequent pair, then "ab" with "c".
    tokenizer = Tokenizer.train(["abc abc abc ab"], 264, pattern="gpt2")
    (word,) = trace("abcab", tokenizer)
    assert word.start == ("a", "b", "c", "a", "b")
    assert word.merges[0] == Merge(0, ("a", "b"), ("ab", "c", "a", "b"))
    assert word.merges[1].symbols == ("ab", "c", "ab")
    assert word.ids == tuple(tokenizer.encode("abcab"))
