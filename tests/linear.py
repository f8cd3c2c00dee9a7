"""Measure that work grows with its input and no faster, on long runs of each kind of character."""

import gc
import time
from collections.abc import Callable

CHARACTERS = [
    " ",
    "\t",
    "\n",
    "#",
    "*",
    "_",
    "`",
    "[",
    "]",
    "(",
    ")",
    "\\",
    "<",
    ">",
    "&",
    "7",
    "a",
]
CHARACTERS += ["$", "|", "-", "+", "~", "!", "=", ":", ".", "'", '"', "{", "}", "%", "/", "\r", "é"]
PAIRS = [
    "\\(",
    "\\[",
    "$$",
    "$a",
    "a$",
    "**a",
    "*a ",
    "_a_",
    "`a",
    "`$",
    "[a](",
    "[a][",
    "![",
    "<a ",
]
PAIRS += [
    "a|b\n",
    "|a|\n",
    "|-|\n",
    "```\n",
    "\\\n",
    "#\n",
    "# a\n",
    "- a\n",
    "- \n",
    "> a\n",
    "> ",
]
PAIRS += [
    " \n",
    "\n ",
    "$$ab\n\n",
    "\\[a\n\n",
    "$\\$",
    "\\(a\\)",
    "[[",
    "<<",
    ">>",
    "{%",
    "{|",
    "a.",
]
PAIRS += ["a'", "1.", "1. a\n\n", "&a;", "http://", "  - ", "_{", "中 "]
RUNS = [*CHARACTERS, *PAIRS]

IGNORED_SECONDS = 0.03
TRIES = 4


def run_of(unit: str, length: int) -> str:
    """Repeat `unit` up to `length` characters; the last one fits no pattern."""
    return (unit * (length // len(unit) + 1))[: length - 1] + "\x01"


def assert_linear(work: Callable[[str], object], unit: str, length: int) -> None:
    """Fail where twice the length takes far more than twice the processor time.

    Quadratic work takes four times as long. A busy machine may spoil one measurement, not four.
    """
    ratios = []
    for _ in range(TRIES):
        once, twice = (_seconds(work, run_of(unit, size)) for size in (length, 2 * length))
        if twice < IGNORED_SECONDS or twice < 2.9 * once:
            return
        ratios.append(f"{once:.3f} s, then {twice:.3f} s")
    raise AssertionError(f"not linear in runs of {unit!r}: {'; '.join(ratios)}")


def _seconds(work: Callable[[str], object], text: str) -> float:
    gc.disable()  # its passes over all objects come at steps of their own
    try:
        began = time.thread_time()
        work(text)
        return time.thread_time() - began
    finally:
        gc.enable()
