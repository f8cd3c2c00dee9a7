"""Patterns that cut text into pieces before bytes are merged: merges never cross a cut.

GPT-2's pattern is Radford et al. 2019 (encoder.py); the GPT-4-like one is cl100k's (tiktoken).
"""

from typing import Literal

PatternName = Literal["gpt2", "gpt4"]

GPT2_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
O200K_PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)

TEKKEN_PATTERN = O200K_PATTERN.replace(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace("{1,3}", "")
"""Pattern of Mistral's Tekken: o200k's without contractions, and each digit alone."""


def gpt4_pattern(digits: int) -> str:
    """Return cl100k's pattern with numbers cut into at most `digits` digits (GPT-4 takes 3)."""
    return (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1," + str(digits) + r"}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def split_pattern(name: PatternName, vocabulary_size: int) -> str:
    """Return the pattern that a vocabulary of this size is trained with.

    Small vocabularies have no room for a token per number, and small models copy and add better
    when every digit is a token: below 8,192 tokens digits stand alone, below 65,536 in pairs.
    """
    if name == "gpt2":
        return GPT2_PATTERN
    if vocabulary_size < 8_192:
        return gpt4_pattern(digits=1)
    return gpt4_pattern(digits=2 if vocabulary_size < 65_536 else 3)


def rank_file_pattern(file_name: str) -> str:
    """Return the pattern of a published rank file, which does not carry it itself."""
    if file_name.startswith(("gpt2", "r50k", "p50k")):
        return GPT2_PATTERN
    if file_name.startswith("o200k"):
        return O200K_PATTERN
    return gpt4_pattern(digits=3)
