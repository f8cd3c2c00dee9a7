import math
from collections import Counter

import pytest

from fledge.text.compression import bytes_per_token, compression_report
from fledge.text.features import (
    Coverage,
    Term,
    coverage,
    most_common,
    ngram_counts,
    rare_words,
    tf_idf,
    token_counts,
    unknown_words,
    word_counts,
    words,
    zipf_fit,
)
from text.corpora import CORPORA


def test_words_are_lower_case_and_keep_inner_apostrophes():
    assert words("Don't stop, L’été! 42 'quoted'") == [
        "don't",
        "stop",
        "l’été",
        "42",
        "quoted",
    ]


def test_words_and_tokens_are_counted(bpe):
    assert word_counts(["a b", "A"]) == {"a": 2, "b": 1}
    counts = token_counts(["the the", " the"], bpe)
    assert counts.total() == sum(len(bpe.encode(text)) for text in ("the the", " the"))
    assert counts[bpe.encode(" the")[0]] == 2


def test_most_common_gives_counts_and_shares():
    assert most_common({"a": 3, "b": 1}, 1) == [("a", 3, 0.75)]
    assert most_common({}, 3) == []


def test_zipf_of_a_perfect_law_is_minus_one():
    counts = {rank: 5040 // rank for rank in range(1, 11)}
    fit = zipf_fit(counts)
    assert fit.slope == pytest.approx(-1)
    assert math.exp(fit.intercept) == pytest.approx(5040)
    assert fit.r_squared == pytest.approx(1)


def test_zipf_can_leave_the_tail_out():
    counts = {rank: 3600 // rank**2 for rank in range(1, 6)} | {10 + i: 1 for i in range(50)}
    assert zipf_fit(counts, ranks=(1, 5)).slope == pytest.approx(-2)
    assert zipf_fit({"a": 2, "b": 2}).slope == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="needs two ranks"):
        zipf_fit({"a": 2})


def test_coverage_is_the_share_of_the_most_frequent():
    counts = {"a": 5, "b": 3, "c": 2}
    expected = [Coverage(0, 0.0), Coverage(1, 0.5), Coverage(2, 0.8), Coverage(9, 1.0)]
    assert coverage(counts, [0, 1, 2, 9]) == expected
    assert coverage({}, [1]) == [Coverage(1, 0.0)]


def test_rare_and_unknown_words():
    counts = Counter({"a": 5, "z": 1, "b": 1, "c": 2})
    assert list(rare_words(counts)) == ["b", "z"]
    assert list(rare_words(counts, at_most=2)) == ["b", "z", "c"]
    unknown = unknown_words(counts, ["a", "b"])
    assert unknown.counts == {"c": 2, "z": 1}
    assert unknown.share == pytest.approx(3 / 9)
    assert unknown_words({}, []).share == 0


def test_ngrams_overlap():
    assert ngram_counts("abab", 2) == {("a", "b"): 2, ("b", "a"): 1}
    assert ngram_counts([1, 2], 3) == {}
    with pytest.raises(ValueError, match="at least one"):
        ngram_counts([1], 0)


def test_tf_idf_by_hand():
    first, second = tf_idf(["hen hen egg", "egg"])
    # hen: 2 · (1 + ln(3/2)), egg: 1 · (1 + ln(3/3)), over their length.
    hen, egg = 2 * (1 + math.log(1.5)), 1.0
    length = math.hypot(hen, egg)
    assert [term.word for term in first] == ["hen", "egg"]
    assert [term.weight for term in first] == pytest.approx([hen / length, egg / length])
    assert second == [Term("egg", 1.0)]
    assert tf_idf(["a b c", ""], top=2) == [tf_idf(["a b c", ""])[0][:2], []]


def test_bytes_per_token(bpe, characters):
    assert bytes_per_token(["\u0378\u0378"], bpe) == pytest.approx(1.0)
    assert bytes_per_token(["aé"], characters) == pytest.approx(1.5)
    assert bytes_per_token([], bpe) == 0


def test_compression_report_puts_the_best_first(bpe, characters):
    texts = [CORPORA["english"]]
    best, worst = compression_report(texts, {"characters": characters, "bpe": bpe})
    assert (best.name, worst.name) == ("bpe", "characters")
    assert worst.tokens == len(texts[0])
    assert worst.bytes == len(texts[0].encode())
    assert best.bytes_per_token == pytest.approx(bytes_per_token(texts, bpe))
    assert best.tokens_per_word == pytest.approx(best.tokens / len(words(texts[0])))
    assert worst.vocabulary_used == len(set(texts[0])) / characters.vocabulary_size
