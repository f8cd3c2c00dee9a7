"""Render a model's Markdown as harmless HTML: CommonMark, tables, maths, highlighted code.

Three fences keep a text from acting. Raw HTML is never read as HTML. Pictures are never loaded,
because their address could carry the chat away. The result passes through nh3's list of allowed
elements. No inline style survives, so the page's policy needs no exception.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from fledge.serve.show.code import highlighted
from fledge.serve.show.formulas import use_formulas, with_joined_formulas

MAX_MARKDOWN = 100_000
"""Characters; a longer text is shown without its marks, because reading them takes seconds."""
MOST_HIGHLIGHTED = 60_000
"""Characters of code that are highlighted in one text; the rest is plain."""


def _names(line: str) -> tuple[str, ...]:
    return tuple(line.split())


_MATHML = _names(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded mphantom menclose"
)
_MATH_ATTRIBUTES = _names(
    "display displaystyle scriptlevel stretchy fence separator accent accentunder lspace rspace "
    "minsize maxsize linethickness columnalign rowspacing columnspacing mathvariant width height "
    "depth notation movablelimits largeop columnlines rowlines"
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
KEPT_LONG_TEXTS = 16


def render(text: str) -> str:
    """Return `text` as safe HTML. A line break stays one; headings start below the page's own.

    Beyond CommonMark: tables, strike-through, and formulas between `$…$`, `$$…$$`, `\\(…\\)` and
    `\\[…\\]`. The same text gives the same HTML, so it is kept for the next reader.
    """
    if len(text) > MAX_MARKDOWN:
        return f"<p>{escapeHtml(text).replace(chr(10), '<br>' + chr(10))}</p>\n"
    return _kept(text) if len(text) <= LONGEST_KEPT else _kept_long(text)


@lru_cache(maxsize=KEPT_TEXTS)
def _kept(text: str) -> str:
    return _rendered(text)


@lru_cache(maxsize=KEPT_LONG_TEXTS)
def _kept_long(text: str) -> str:
    return _rendered(text)


def _rendered(text: str) -> str:
    return nh3.clean(
        _markdown().render(with_joined_formulas(text)),
        tags={*_TEXT, *_MATHML},
        attributes=_ATTRIBUTES,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        attribute_filter=_with_address,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _with_address(tag: str, attribute: str, value: str) -> str | None:
    """Leave out an empty address, which would lead to the chat itself."""
    return None if (tag, attribute, value) == ("a", "href", "") else value


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"]).disable("image")
    use_formulas(markdown)
    markdown.core.ruler.push("tidy", _tidy)
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("code_block", _fence)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    return markdown


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


def _fence(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    env["code"] = env.get("code", 0) + (len(token.content) if language else 0)
    is_plain = env["code"] > MOST_HIGHLIGHTED
    code = escapeHtml(token.content) if is_plain else highlighted(token.content, language)
    named = f' data-language="{escapeHtml(language)}"' if language else ""
    return f'<pre tabindex="0"><code{named}>{code}</code></pre>\n'


def _table_open(
    _: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, _____: Any
) -> str:
    return '<div class="table" tabindex="0"><table>\n'


def _table_close(
    _: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, _____: Any
) -> str:
    return "</table></div>\n"
