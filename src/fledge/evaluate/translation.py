"""Translations against references: BLEU and chrF by sacrebleu, with the signatures that make the
numbers comparable (Post 2018, arXiv:1804.08771)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from fledge.errors import DataError

BleuTokenizer = Literal["13a", "none", "intl", "char"]


@dataclass(frozen=True, slots=True)
class TranslationScore:
    """Corpus BLEU (Papineni et al. 2002) and chrF (Popović 2015), both 0 to 100."""

    bleu: float
    chrf: float
    brevity_penalty: float
    sentences: int
    bleu_signature: str
    chrf_signature: str

    def metrics(self) -> dict[str, float]:
        """Return BLEU and chrF by name."""
        return {"bleu": self.bleu, "chrf": self.chrf}

    def as_json(self) -> dict[str, float | int | str]:
        """Return every field by name."""
        return asdict(self)


def score_translations(
    translations: Sequence[str], references: Sequence[str], tokenizer: BleuTokenizer = "13a"
) -> TranslationScore:
    """Score a corpus of one translation and one reference per sentence.

    `tokenizer` names sacrebleu's rule for words: "13a" for ordinary text, "none" for text that is
    tokenised already.

    Raises:
        DataError: there are not as many references as translations, or none.
    """
    if len(translations) != len(references) or not references:
        raise DataError(
            f"{len(translations):,} translations but {len(references):,} references; expected one "
            "reference for each sentence, in the same order"
        )
    bleu, chrf = BLEU(tokenize=tokenizer), CHRF()
    words = bleu.corpus_score(list(translations), [list(references)])
    characters = chrf.corpus_score(list(translations), [list(references)])
    return TranslationScore(
        bleu=words.score,
        chrf=characters.score,
        brevity_penalty=words.bp,
        sentences=len(references),
        bleu_signature=str(bleu.get_signature()),
        chrf_signature=str(chrf.get_signature()),
    )
