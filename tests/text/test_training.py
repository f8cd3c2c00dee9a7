import json

import pytest

from fledge.errors import TokenizerError
from fledge.text.normalise import NormaliserConfig
from fledge.text.patterns import GPT2_PATTERN, gpt4_pattern
from fledge.text.special import SPECIAL_TEXTS
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import byte_alphabet, merge_pairs
from shared_data import shared_data
from text.corpora import CORPORA, slow_bpe


def merges_as_bytes(tokenizer):
    alphabet = byte_alphabet()

    def to_bytes(symbol):
        return bytes(alphabet[character] for character in symbol)

    return [(to_bytes(a), to_bytes(b)) for a, b in merge_pairs(tokenizer.definition)]


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_merges_equal_an_independent_trainer(corpus, pattern):
    text = CORPORA[corpus]
    tokenizer = Tokenizer.train([text], 400, pattern=pattern)
    expected = GPT2_PATTERN if pattern == "gpt2" else gpt4_pattern(digits=1)
    merges = merges_as_bytes(tokenizer)
    assert merges == slow_bpe(text, expected, len(merges))
    assert len(merges) > 50


def test_training_twice_gives_the_same_tokenizer():
    first, second = (Tokenizer.train(CORPORA.values(), 400) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != Tokenizer.train(CORPORA.values(), 401).fingerprint


def test_bytes_have_the_first_ids_and_special_tokens_the_last(bpe):
    ordered = [byte for _, byte in sorted(byte_alphabet().items())]
    assert [bpe.token_bytes(token_id) for token_id in range(256)] == [bytes([b]) for b in ordered]
    assert [bpe.token(token_id) for token_id in range(506, 512)] == list(SPECIAL_TEXTS)
    assert bpe.vocabulary_size == 512


def test_gpt2_bytes_have_gpt2_ids(bpe):
    # "!" is 0 and newline 198 in GPT-2's vocabulary.
    assert bpe.encode("!") == [0]
    assert bpe.encode("\n") == [198]


def test_small_corpus_gives_fewer_tokens_than_asked_for():
    assert Tokenizer.train(["ab ab"], 10_000).vocabulary_size < 270


def test_digits_stand_alone_in_small_vocabularies():
    tokenizer = Tokenizer.train(["1234 1234 1234 1234"], 300)
    assert len(tokenizer.encode("1234")) == 4
    assert len(Tokenizer.train(["1234 1234"] * 9, 300, pattern="gpt2").encode("1234")) == 1


@pytest.mark.parametrize("texts", [[], ["", ""]])
@pytest.mark.parametrize("make", [lambda t: Tokenizer.train(t, 300), Tokenizer.characters])
def test_empty_corpus_is_refused(texts, make):
    with pytest.raises(TokenizerError, match=r"corpus is empty.*check the paths"):
        make(texts)


def test_too_small_vocabulary_is_refused():
    with pytest.raises(TokenizerError, match=r"261 tokens is too small.*need 262"):
        Tokenizer.train(["text"], 261)
    assert Tokenizer.train(["text"], 262).vocabulary_size == 262


@pytest.mark.parametrize("make", [lambda t: Tokenizer.train(t, 300), Tokenizer.characters])
def test_lone_surrogate_in_the_corpus_is_refused(make):
    with pytest.raises(TokenizerError, match=r"half of a surrogate pair, U\+D800"):
        make(iter(["fine", "bad \ud800 text"]))


def test_normaliser_is_learnt_and_saved_with_the_vocabulary(tmp_path):
    config = NormaliserConfig(form="NFC", lower_case=True)
    Tokenizer.train(CORPORA.values(), 300, normaliser=config).save(tmp_path)
    saved = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert [step["type"] for step in saved["normalizer"]["normalizers"]] == ["NFC", "Lowercase"]
    loaded = Tokenizer.load(tmp_path)
    assert loaded.decode(loaded.encode("CAFE\u0301")) == "caf\u00e9"


def test_merges_equal_the_cs336_reference_up_to_its_tie_rule():
    folder = shared_data("tokenizer/cs336")
    text = (folder / "corpus.en").read_text(encoding="utf-8")
    lines = (folder / "train-bpe-reference-merges.txt").read_text(encoding="utf-8").splitlines()
    alphabet = byte_alphabet()
    reference = [
        tuple(bytes(alphabet[c] for c in symbol) for symbol in line.split(" ")) for line in lines
    ]
    # The reference breaks ties towards the greatest pair of bytes, we towards the smallest ids.
    assert reference == slow_bpe(
        text, GPT2_PATTERN, len(reference), best=lambda pair, count: (count, pair)
    )
    ours = merges_as_bytes(Tokenizer.train([text], 256 + len(reference) + 6, pattern="gpt2"))
    assert ours == slow_bpe(text, GPT2_PATTERN, len(reference))
    assert len(set(ours) & set(reference)) >= 0.95 * len(reference)
