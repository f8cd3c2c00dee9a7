"""Docstrings and comments begin with a verb or a concrete noun; the rule is in CONTRIBUTING.md."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fledge"
FILES = sorted(SOURCE.rglob("*.py"))
OPENINGS = re.compile(r"(What|Of|Whoever|That|Whose|How)\b")
WORDS = re.compile(r"\b(whoever|so\s+many)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_prose_begins_with_a_verb_or_a_noun(path):
    assert riddles(path.read_text(encoding="utf-8")) == []


def test_every_kind_of_prose_is_read():
    text = '''"""What a module is."""
# Of two lines,
# one comment.
x = 1  # for whoever reads
y = 2
"""How y is set."""


def f():
    """Return
    so
    many."""
    return "What a string says is no prose."  # A comment that is as it should be.
'''
    assert riddles(text) == [
        (1, "What a module is."),
        (2, "Of two lines, one comment."),
        (4, "for whoever reads"),
        (6, "How y is set."),
        (10, "Return so many."),
    ]


def riddles(text: str) -> list[tuple[int, str]]:
    """Return line and words of each docstring and comment that breaks the rule."""
    prose = sorted([*docstrings(text), *comments(text)])
    return [(line, words) for line, words in prose if OPENINGS.match(words) or WORDS.search(words)]


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and words of the docstrings of modules, classes, functions and attributes."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield node.lineno, " ".join(words.split())


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and words of the comments; those on neighbouring lines are one."""
    block: list[str] = []
    start = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, words = token.start[0], token.string.lstrip("# ")
        if not token.line.lstrip().startswith("#"):
            yield line, words
        elif block and line == start + len(block):
            block.append(words)
        else:
            if block:
                yield start, " ".join(block)
            block, start = [words], line
    if block:
        yield start, " ".join(block)
