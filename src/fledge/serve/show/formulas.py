r"""Find formulas in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, and leave money as written.

A formula over several lines would be read as a list wherever a line begins with a minus. So its
lines are joined before Markdown is read. Every scan is linear in the text, however hostile.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from fledge.serve.show.latex import MAX_FORMULA, as_written, formula

MOST_LATEX = 40_000
"""Characters of formulas that are translated in one text; the others are shown as written."""

_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_DISPLAY = {"\\(": "inline", "\\[": "block", "$$": "block"}

_MARK = re.compile(
    r"^[ \t>]*(?P<bullet>(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$"
    r"|\\.|`+|\$\$|\n(?P<blank>[ \t]*\n)",
    re.MULTILINE | re.DOTALL,
)
_LIST = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)%.*")

_AMOUNT = re.compile(r"\d[\d.,]*")
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{2,}")
_FUNCTIONS = frozenset(
    (
        *("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "exp", "log", "ln"),
        *("max", "min", "sup", "inf", "lim", "det", "dim", "gcd", "lcm", "mod", "ker", "arg"),
        *("deg", "Pr", "rank", "tr"),
    )
)
"""Words that stand in formulas without a backslash, as in `2 sin x`."""
_CODE_OR_MONEY = re.compile("[`€£¥₹₽₩]")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def use_formulas(markdown: MarkdownIt) -> None:
    """Teach a parser to read formulas and to show them as MathML."""
    markdown.inline.ruler.before("escape", "dollar_formula", _dollar_formula)
    markdown.inline.ruler.before("escape", "bracket_formula", _bracket_formula)
    markdown.block.ruler.before("fence", "formula_line", _formula_line)
    markdown.add_render_rule("formula_inline", _shown_inline)
    markdown.add_render_rule("formula_bare", _shown_bare)
    markdown.add_render_rule("formula_double", _shown_double)
    markdown.add_render_rule("formula_block", _shown_block)


def with_joined_formulas(text: str) -> str:
    r"""Return Markdown with every formula of several lines on one; a LaTeX line break is a space.

    Code keeps its lines. So does a formula that is never closed, or is too long to be shown.
    """
    if "\n" not in text or not any(opening in text for opening in _CLOSING):
        return text
    pieces: list[str] = []
    position = 0
    for start, end in _spans(text):
        pieces += [text[position:start], _joined(text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _joined(formula_lines: str) -> str:
    """Return LaTeX on one line, without comments and the marks of a quotation."""
    *lines, last = formula_lines.split("\n")
    bare = [_COMMENT.sub("", line).strip(" \t>") for line in lines]
    return " ".join([*bare, last.lstrip(" \t>")])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the [start, end) characters of each formula outside code that should be one line."""
    marks = [*_MARK.finditer(text)]
    places: dict[str, list[int]] = {}
    for index, mark in enumerate(marks):
        places.setdefault("" if mark["blank"] is not None else mark[0], []).append(index)
    has_list = _LIST.search(text) is not None
    index = 0
    while index < len(marks):
        mark = marks[index]
        if mark["fence"] and "`" not in mark["info"]:
            index = _after_fence(marks, index)
            continue
        closing = mark[0] if mark[0].startswith("`") else _CLOSING.get(mark[0], "")
        close = _next(places.get(closing, ()), index) if closing else None
        index += 1
        if close is None:
            continue
        start, end = mark.start(), marks[close].end()
        line = text[text.rfind("\n", max(0, start - MAX_FORMULA), start) + 1 : start]
        blank = _next(places.get("", ()), index - 1)
        is_parted = blank is not None and blank < close
        if mark[0].startswith("`"):
            index = index if is_parted else close + 1
        elif end - start <= MAX_FORMULA + 4 and (not is_parted or not line.strip(" \t>")):
            index = close + 1
            is_code = not has_list and line.startswith(("    ", "\t"))
            if not is_code and "\n" in text[start:end]:
                yield start, end


def _after_fence(marks: Sequence[re.Match[str]], index: int) -> int:
    """Return the index of the mark after a fenced block; a block that stays open takes the rest."""
    fence = marks[index]["fence"]
    for after in range(index + 1, len(marks)):
        mark = marks[after]
        ends = mark["fence"] and mark["fence"].startswith(fence) and not mark["info"].strip()
        if ends and not mark["bullet"]:
            return after + 1
    return len(marks)


def _next(places: Sequence[int], index: int) -> int | None:
    """Return the first of the rising `places` after `index`, or None."""
    found = bisect_right(places, index)
    return places[found] if found < len(places) else None


def _formula_line(state: StateBlock, start_line: int, _: int, silent: bool) -> bool:
    """Read a line that is one formula in double dollars or square brackets."""
    if state.sCount[start_line] - state.blkIndent >= 4:
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    line = state.src[start : state.eMarks[start_line]].rstrip()
    closing = _CLOSING.get(line[:2])
    latex = line[2:-2].strip()
    if closing is None or line[0:2] == "\\(" or not latex or not line.endswith(closing):
        return False
    if closing in line[2:-2]:
        return False
    if not silent:
        state.line = start_line + 1
        token = state.push("formula_block", "math", 0)
        token.block = True
        token.content = latex
        token.map = [start_line, state.line]
    return True


def _bracket_formula(state: StateInline, silent: bool) -> bool:
    """Read `\\(…\\)` and `\\[…\\]`, as most chat models write formulas."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    return _take(state, opening, silent)


def _dollar_formula(state: StateInline, silent: bool) -> bool:
    """Read `$…$` where it is a formula rather than money or a shell variable, and `$$…$$`."""
    source, start = state.src, state.pos
    if source[start] != "$":
        return False
    if source.startswith("$$", start):
        return _take(state, "$$", silent)
    end = _closing_dollar(source, start + 1)
    if not start < end < state.posMax:
        return False
    before, after = source[start - 1 : start], source[end + 1 : end + 2]
    if not is_formula(before, source[start + 1 : end], after):
        return False
    if not silent:
        state.push("formula_inline", "math", 0).content = source[start + 1 : end]
    state.pos = end + 1
    return True


def _take(state: StateInline, opening: str, silent: bool) -> bool:
    """Take a formula up to its closing mark; remember where there is none, so as to look once."""
    closing, start = _CLOSING[opening], state.pos + 2
    missing: dict[str, tuple[str, int, int]] = state.env.setdefault("missing", {})
    source, since, until = missing.get(closing, ("", 0, 0))
    if source is state.src and since <= start and state.posMax <= until:
        return False
    end = state.src.find(closing, start, state.posMax)
    if end < 0:
        missing[closing] = (state.src, start, state.posMax)
        return False
    latex = state.src[start:end]
    if not latex.strip():
        return False
    if not silent:
        name = "formula_double" if opening == "$$" else "formula_bare"
        token = state.push(name, "math", 0)
        token.content, token.info = latex, _DISPLAY[opening]
    state.pos = end + 2
    return True


def _closing_dollar(source: str, start: int) -> int:
    """Return the place of the next dollar that no backslash escapes, or -1."""
    end = source.find("$", start)
    while end >= 0:
        bare = end
        while source[bare - 1] == "\\" and bare > start:
            bare -= 1
        if (end - bare) % 2 == 0:
            return end
        end = source.find("$", end + 1)
    return -1


def is_formula(before: str, latex: str, after: str) -> bool:
    """Return whether dollars with this text between them, and these characters around, are LaTeX.

    A sum of money (`$5 (US$)`, `$20, you have 30$`) and shell variables (`$USER:$GROUP`) are not.
    """
    if not latex or latex[0].isspace() or latex[-1].isspace() or _CODE_OR_MONEY.search(latex):
        return False
    if (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum()):
        return False
    if before.isdigit() or after.isdigit() or (after in ("(", "{") and latex[0] == after):
        return False
    if len(latex) > MAX_FORMULA or re.search(r"\\[A-Za-z]", latex):
        return True
    if sum(map(latex.count, "([")) != sum(map(latex.count, ")]")) and len(latex) > 1:
        return latex[0] in ")]" or latex[-1] in "[("
    words = [word for word in _WORD.findall(latex) if word not in _FUNCTIONS]
    if _AMOUNT.match(latex):
        return not words and not _IDEOGRAPH.search(latex)
    is_name = _WORD.fullmatch(latex.rstrip(":/@.;,-")) is not None
    return not (is_name and latex[-1] in ":/@.;,-")


def _shown_inline(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: EnvType
) -> str:
    return f'<span class="math inline">{_shown(tokens[index], "inline", env)}</span>'


def _shown_bare(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: EnvType
) -> str:
    return _shown(tokens[index], tokens[index].info, env)


def _shown_double(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: EnvType
) -> str:
    return f'<div class="math inline">{_shown(tokens[index], "block", env)}</div>'


def _shown_block(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: EnvType
) -> str:
    return f'<div class="math block">\n{_shown(tokens[index], "block", env)}\n</div>\n'


def _shown(token: Token, display: str, env: EnvType) -> str:
    """Return a formula as MathML, or as written once the text has had `MOST_LATEX` of them."""
    env["latex"] = env.get("latex", 0) + len(token.content)
    if env["latex"] > MOST_LATEX:
        return as_written(token.content)
    return formula(token.content.strip(), display)
