import pytest
from sacrebleu import corpus_bleu, corpus_chrf

from fledge.errors import DataError
from fledge.evaluate.translation import score_translations

FOUND = ["The cat sat on the mat.", "He reads a book"]
RIGHT = ["The cat sat on a mat.", "He is reading the book."]


@pytest.mark.parametrize("tokenizer", ["13a", "none", "char"])
def test_scores_are_those_of_sacrebleu(tokenizer):
    score = score_translations(FOUND, RIGHT, tokenizer)
    assert score.bleu == corpus_bleu(FOUND, [RIGHT], tokenize=tokenizer).score
    assert score.chrf == corpus_chrf(FOUND, [RIGHT]).score
    assert f"tok:{tokenizer}" in score.bleu_signature and "version:" in score.bleu_signature
    assert score.sentences == 2 and score.metrics() == {"bleu": score.bleu, "chrf": score.chrf}


def test_bleu_by_hand():
    """One sentence of 5 words for one of 6: precisions 5/5, 4/4, 3/3, 2/2, brevity exp(1 - 6/5)."""
    score = score_translations(["a b c d e"], ["a b c d e f"], "none")
    assert score.brevity_penalty == pytest.approx(0.818731, abs=1e-6)
    assert score.bleu == pytest.approx(81.8731, abs=1e-4)


def test_a_translation_without_its_reference_is_refused():
    with pytest.raises(DataError, match="2 translations but 1 references"):
        score_translations(FOUND, RIGHT[:1])
    with pytest.raises(DataError):
        score_translations([], [])
