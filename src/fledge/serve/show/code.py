"""Highlight code by Pygments' short class names, in bounded time."""

import re
import time
from collections.abc import Iterator

from markdown_it.common.utils import escapeHtml
from pygments import format
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Text, _TokenType
from pygments.util import ClassNotFound

MAX_HIGHLIGHTED = 20_000
"""Characters of code; longer code is plain text."""
LONGEST_LINE = 500
MOST_BLANK_LINES = 50
"""Lines in a row; code with longer lines or more blank ones is plain text.

Single patterns of some lexers are quadratic or worse in a line, or in blanks, and cannot be
interrupted.
"""
MOST_SECONDS = 0.3
"""Seconds for one piece of code; the rest of it is plain text.

Some lexers search to the end of the code at each token, which takes minutes on hostile code.
"""

_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")


def highlighted(code: str, language: str) -> str:
    """Return code as spans with class names; unknown languages are plain text."""
    if not _LANGUAGE.fullmatch(language) or not is_tame(code):
        return escapeHtml(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escapeHtml(code)
    return str(format(_tokens(lexer, code), HtmlFormatter(nowrap=True)))


def is_tame(code: str) -> bool:
    """Return whether lexers read the code in a bounded time: it is short, and so are its lines."""
    if len(code) > MAX_HIGHLIGHTED:
        return False
    blank = 0
    for line in code.split("\n"):
        blank = 0 if line.strip() else blank + 1
        if len(line) > LONGEST_LINE or blank > MOST_BLANK_LINES:
            return False
    return True


def _tokens(lexer: Lexer, code: str) -> Iterator[tuple[_TokenType, str]]:
    deadline = time.perf_counter() + MOST_SECONDS
    position = 0
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        yield kind, text
        position += len(text)
        if time.perf_counter() > deadline:
            yield Text, code[position:]
            return
