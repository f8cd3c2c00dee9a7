"""Translate LaTeX formulas into MathML, with the environments that chat models write.

latex2mathml reads matrices, `cases`, `array`, `split` and `align`. All other environments are
rewritten as one of these first, because it would print their `&` and join their rows.
"""

import re

from latex2mathml import exceptions as latex_errors
from latex2mathml.commands import MATRICES
from latex2mathml.converter import convert
from markdown_it.common.utils import escapeHtml

MAX_FORMULA = 2_000
"""Characters; a longer formula is shown as it was written."""

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

_READ = frozenset(name.removeprefix("\\") for name in MATRICES)
"""Environments that latex2mathml reads itself."""
_ALIGNED = (r"\begin{align*}", r"\end{align*}")
_CENTRED = (r"\begin{array}{c}", r"\end{array}")
_BRACED = (r"\left.\begin{array}{ll}", r"\end{array}\right\}")
_BARE = ("", "")
_REWRITTEN = {
    **dict.fromkeys(("aligned", "alignedat", "alignat", "flalign"), _ALIGNED),
    **dict.fromkeys(("gather", "gathered", "multline", "multlined"), _CENTRED),
    "eqnarray": (r"\begin{array}{rcl}", r"\end{array}"),
    "dcases": (r"\begin{cases}", r"\end{cases}"),
    **dict.fromkeys(("rcases", "drcases"), _BRACED),
    "tabular": (r"\begin{array}", r"\end{array}"),
    "subarray": (r"\begin{array}", r"\end{array}"),
    **dict.fromkeys(("equation", "displaymath", "math", "subequations"), _BARE),
}
_UNKNOWN = (r"\begin{matrix}", r"\end{matrix}")

_LENGTH = r"\[-?[\d.]{1,9}(?:pt|em|ex|mm|cm|in|mu)\]"
_TOKEN = re.compile(
    rf"(?P<row>\\\\\*?(?:{_LENGTH})?)"
    r"|\\(?P<edge>begin|end) {0,9}\{(?P<name>[A-Za-z]+)(?P<star>\*?)\}(?:\[[tbc]\])?"
    r"(?P<number>\{\d\})?"
    r"|(?P<unseen>\\(?:notag|nonumber)(?![A-Za-z])|\\label\{[^{}]*\})"
    r"|\\.|[{}&]",
    re.DOTALL,
)
_SEPARATORS = re.compile(r"[@!]\{[^{}]*\}")


def formula(latex: str, display: str) -> str:
    """Return LaTeX as MathML, `display` block or inline; unreadable LaTeX stays."""
    if len(latex) <= MAX_FORMULA:
        try:
            return convert(readable(latex.strip()), display=display)
        except _FORMULA_ERRORS:
            pass
    return as_written(latex)


def as_written(latex: str) -> str:
    """Return LaTeX as code."""
    return f"<code>{escapeHtml(latex)}</code>"


def readable(latex: str) -> str:
    r"""Return LaTeX in the environments that latex2mathml reads.

    Rows (`\\`) and columns (`&`) outside of any environment are aligned, as inside `aligned`.
    Labels and the spaces between rows are left out.
    """
    pieces: list[str] = []
    depth, position = 0, 0
    has_rows = has_columns = False
    for token in _TOKEN.finditer(latex):
        pieces += [latex[position : token.start()], _rewritten(token)]
        position = token.end()
        depth += _deeper(token)
        has_rows |= depth == 0 and token["row"] is not None
        has_columns |= depth == 0 and token[0] == "&"
    body = "".join([*pieces, latex[position:]])
    if "\\begin{array}" in body:
        body = _SEPARATORS.sub("", body)
    if has_columns:
        return f"{_ALIGNED[0]}{body}{_ALIGNED[1]}"
    return f"{_CENTRED[0]}{body}{_CENTRED[1]}" if has_rows else body


def _rewritten(token: re.Match[str]) -> str:
    if token["row"]:
        return r"\\ "
    if token["unseen"]:
        return ""
    name = token["name"]
    if name is None:
        return token[0]
    if name + token["star"] in _READ:
        # A matrix that begins with a number in braces keeps it.
        return rf"\{token['edge']}{{{name}{token['star']}}}{token['number'] or ''}"
    return _REWRITTEN.get(name, _UNKNOWN)[token["edge"] == "end"]


def _deeper(token: re.Match[str]) -> int:
    if token["name"] is not None:
        is_bare = _REWRITTEN.get(token["name"]) == _BARE
        return 0 if is_bare else 1 if token["edge"] == "begin" else -1
    return {"{": 1, "}": -1}.get(token[0], 0)
