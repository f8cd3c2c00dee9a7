"""Normalisation before tokenising: visible, chosen by the user, saved inside tokenizer.json."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tokenizers import normalizers

from fledge.config import Config


class NormaliserConfig(Config):
    """Changes to a text before it is cut into tokens; the default makes none."""

    form: Literal["none", "NFC", "NFKC"] = "none"
    """Unicode normalisation form (UAX #15). NFC composes accents and loses nothing a reader sees;
    NFKC also replaces compatibility characters (ﬁ → fi, ² → 2)."""
    lower_case: bool = False
    """Lower-case everything: a smaller vocabulary, but the model never writes a capital."""
    strip_accents: bool = False
    """Drop combining marks (é → e): loses meaning in most languages but English."""


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text without spaces that normalising changed, and how often it did."""

    before: str
    after: str
    count: int


def build_normaliser(config: NormaliserConfig) -> normalizers.Normalizer | None:
    """Build the steps as `tokenizers` applies and saves them; None for the default."""
    steps: list[normalizers.Normalizer] = []
    composed = normalizers.NFKC() if config.form == "NFKC" else normalizers.NFC()
    if config.strip_accents:
        # Marks can only be dropped once they stand alone.
        steps += [normalizers.NFD(), normalizers.StripAccents()]
    if config.form != "none" or config.strip_accents:
        steps.append(composed)
    if config.lower_case:
        steps.append(normalizers.Lowercase())
    return normalizers.Sequence(steps) if steps else None


def normalise(text: str, config: NormaliserConfig) -> str:
    """Return `text` as the tokenizer will see it."""
    normaliser = build_normaliser(config)
    return text if normaliser is None else str(normaliser.normalize_str(text))


def changes(texts: Iterable[str], config: NormaliserConfig) -> list[Change]:
    """List the changes that normalising makes in `texts`, most frequent first."""
    normaliser = build_normaliser(config)
    if normaliser is None:
        return []
    words = Counter(word for text in texts for word in re.findall(r"\S+", text))
    normalised = ((word, str(normaliser.normalize_str(word)), words[word]) for word in words)
    changed = [Change(*change) for change in normalised if change[0] != change[1]]
    return sorted(changed, key=lambda change: -change.count)


def spell_out(text: str) -> str:
    """Name every character, to show a change that looks the same: `U+00E9 LATIN SMALL …`."""
    return " ".join(
        f"U+{ord(character):04X} {unicodedata.name(character, 'unnamed')}" for character in text
    )
