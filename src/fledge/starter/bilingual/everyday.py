"""Everyday sentences with every translation that counts as right, read from `everyday.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class EverydaySentence:
    """An English sentence and its accepted French translations."""

    english: str
    french: tuple[str, ...]

    def accepts(self, translation: str) -> bool:
        """Tell whether a translation is one of the accepted ones, letter by letter."""
        return " ".join(translation.split()) in self.french


@cache
def everyday_sentences() -> tuple[EverydaySentence, ...]:
    """Return the sentences in the order of the file."""
    text = files(__package__).joinpath("everyday.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["sentence"]
    return tuple(EverydaySentence(one["english"], tuple(one["french"])) for one in entries)
