"""Every regular expression that a text of users can meet takes linear time."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import pytest

import fledge.serve
from fledge.database import full_text
from fledge.generate import upstream
from fledge.inspect import words
from fledge.text import chat, features, sentence_pieces
from fledge.text.vocabulary import special_pattern
from linear import RUNS, assert_linear

PLAIN = {"special": True, "single_word": False, "lstrip": False, "rstrip": False}
SPECIAL = [
    {**PLAIN, "content": "<mask>", "lstrip": True},
    {**PLAIN, "content": "<|end|>", "lstrip": True, "rstrip": True},
    {**PLAIN, "content": "<s>", "rstrip": True},
]
OF_OUR_OWN_FILES = {"fledge.serve.show.page"}
"""Modules whose patterns read nothing but our own sources."""


def served_modules() -> Iterator[object]:
    for module in pkgutil.walk_packages(fledge.serve.__path__, "fledge.serve."):
        if module.name not in OF_OUR_OWN_FILES:
            yield importlib.import_module(module.name)


def patterns() -> Iterator[tuple[str, re.Pattern, bool]]:
    """Each pattern with its name, and whether its module looks for it anywhere in a text."""
    for module in (*served_modules(), full_text, upstream, words, chat, features, sentence_pieces):
        source = inspect.getsource(module)
        for name, pattern in vars(module).items():
            if isinstance(pattern, re.Pattern) and f"{name} = re.compile(" in source:
                is_searched = re.search(rf"{name}\.(finditer|findall|search|split|sub)\(", source)
                yield f"{module.__name__}.{name}", pattern, is_searched is not None
    yield "special tokens", special_pattern({"added_tokens": SPECIAL}), True


@pytest.mark.parametrize(
    ("pattern", "is_searched"), [pytest.param(*each, id=name) for name, *each in patterns()]
)
def test_a_pattern_takes_linear_time_on_runs_of_every_character(
    pattern: re.Pattern, is_searched: bool
) -> None:
    def every_way(text: str | bytes) -> None:
        pattern.match(text)
        pattern.fullmatch(text)
        if is_searched:
            for _ in pattern.finditer(text):
                pass

    def run(text: str) -> None:
        every_way(text.encode() if isinstance(pattern.pattern, bytes) else text)

    for unit in (*RUNS, ">>", "{a|", "{% ", "qu'", "<0x", "\\label{", "\\begin", "[1", "<mask"):
        assert_linear(run, unit, 20_000)


def test_special_tokens_take_the_blanks_around_them_as_before() -> None:
    pattern = special_pattern({"added_tokens": SPECIAL})
    texts = ["a  <mask>  b", "<mask>", "  <mask>", "<s> <mask>", "<s>  <|end|>  <mask>"]
    found = [[match.span() for match in pattern.finditer(text)] for text in texts]
    assert found == [
        [(1, 9)],
        [(0, 6)],
        [(0, 8)],
        [(0, 4), (4, 10)],
        [(0, 5), (5, 14), (14, 20)],
    ]
