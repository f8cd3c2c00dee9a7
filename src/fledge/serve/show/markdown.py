"""Render a model's Markdown as harmless HTML: CommonMark, tables, maths, highlighted code.

Three fences keep a text from acting. Raw HTML is never read as HTML. Pictures are never loaded,
because their address could carry the chat away. The result passes through nh3's list of allowed
elements. No inline style survives, so the page's policy needs no exception.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from latex2mathml import exceptions as latex_errors
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

MAX_FORMULA = 2_000
"""Characters; a longer formula is shown as it was written."""
MAX_HIGHLIGHTED = 20_000
"""Characters of code; highlighting more would hold up the page."""

_LATEX_ERRORS: tuple[type[Exception], ...] = tuple(
    error
    for error in vars(latex_errors).values()
    if isinstance(error, type) and issubclass(error, Exception)
)
_FORMULA_ERRORS: tuple[type[Exception], ...] = (
    *_LATEX_ERRORS,
    ValueError,
    LookupError,
    RecursionError,
    StopIteration,
)
_BRACKETS = {"(": ("\\)", "inline"), "[": ("\\]", "block")}


def _names(line: str) -> tuple[str, ...]:
    return tuple(line.split())


_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")

_MATHML = _names(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded mphantom menclose"
)
_MATH_ATTRIBUTES = _names(
    "display displaystyle scriptlevel stretchy fence separator accent accentunder lspace rspace "
    "minsize maxsize linethickness columnalign rowspacing columnspacing mathvariant width height "
    "depth notation movablelimits largeop"
)
_TEXT = _names(
    "p br hr strong em s code pre blockquote ul ol li table thead tbody tr th td a span div "
    "h1 h2 h3 h4 h5 h6"
)
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "code": {"class", "data-language"},
    "span": {"class"},
    "div": {"class", "tabindex"},
    "th": {"class"},
    "td": {"class"},
    **{tag: set(_MATH_ATTRIBUTES) for tag in _MATHML},
}


KEPT_TEXTS = 1_024
LONGEST_KEPT = 8_000
"""Characters: the texts that are kept take some tens of megabytes at most."""


def render(text: str) -> str:
    """Return `text` as safe HTML. A line break stays one; headings start below the page's own.

    Beyond CommonMark: tables, strike-through, and formulas between `$…$`, `$$…$$`, `\\(…\\)` and
    `\\[…\\]`. The same text gives the same HTML, so it is kept for the next reader.
    """
    return _kept(text) if len(text) <= LONGEST_KEPT else _rendered(text)


@lru_cache(maxsize=KEPT_TEXTS)
def _kept(text: str) -> str:
    return _rendered(text)


def _rendered(text: str) -> str:
    return nh3.clean(
        _markdown().render(text),
        tags={*_TEXT, *_MATHML},
        attributes=_ATTRIBUTES,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"]).disable("image")
    markdown.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,
        allow_labels=False,
        double_inline=True,
        renderer=lambda text, options: formula(
            text, "block" if options["display_mode"] else "inline"
        ),
    )
    markdown.inline.ruler.before("escape", "bracket_math", _bracket_math)
    markdown.core.ruler.push("tidy", _tidy)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    markdown.add_render_rule("bracket_math", _bracket_formula)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    return markdown


def formula(latex: str, display: str) -> str:
    """Return LaTeX as MathML, `display` block or inline; unreadable LaTeX stays."""
    if len(latex) <= MAX_FORMULA:
        try:
            return convert(latex.strip(), display=display)
        except _FORMULA_ERRORS:
            pass
    return f"<code>{escapeHtml(latex)}</code>"


def highlighted(code: str, language: str) -> str:
    """Return code as spans with Pygments' short class names; unknown languages are plain text."""
    if len(code) <= MAX_HIGHLIGHTED and _LANGUAGE.fullmatch(language):
        try:
            lexer = get_lexer_by_name(language, stripnl=False)
        except ClassNotFound:
            return escapeHtml(code)
        return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
    return escapeHtml(code)


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""Read `\(…\)` and `\[…\]`, as most chat models write formulas."""
    opening = state.src[state.pos : state.pos + 2]
    if len(opening) < 2 or opening[0] != "\\" or opening[1] not in _BRACKETS:
        return False
    closing, display = _BRACKETS[opening[1]]
    end = state.src.find(closing, state.pos + 2, state.posMax)
    if end < 0:
        return False
    if not silent:
        token = state.push("bracket_math", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.info = display
    state.pos = end + 2
    return True


def _tidy(state: StateCore) -> None:
    """Lower headings by one level at a time from the page's second; make alignment a class."""
    level = 2
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            if token.type == "heading_open":
                level = min(int(token.markup.count("#") or 1) + 2, level + 1, 6)
            token.tag = f"h{level}"
        style = token.attrs.pop("style", None)
        if style is not None:
            token.attrs["class"] = str(style).replace("text-align:", "align-")


def _fence(_: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, ___: Any) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    code = highlighted(token.content, language)
    named = f' data-language="{escapeHtml(language)}"' if language else ""
    return f'<pre tabindex="0"><code{named}>{code}</code></pre>\n'


def _bracket_formula(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, ___: Any
) -> str:
    return formula(tokens[index].content, tokens[index].info)


def _table_open(
    _: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, _____: Any
) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def _table_close(
    _: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, _____: Any
) -> str:
    return "</table></div>\n"
