"""A meter for the work of a chat template, and sizes that are looked at before they are made."""

import re
import time
from collections.abc import Mapping
from typing import Any, final

from jinja2 import TemplateRuntimeError
from jinja2.utils import Namespace

MOST_STEPS = 500_000
"""Iterations, calls, filters, operators and outputs of one rendering, beside the size given."""
MOST_SECONDS = 1.0
"""Processor time of one rendering; as much again for each million characters it is given."""
PAUSE = 0.25
"""Seconds between two steps that are no work of the template, once in a rendering: in a large
process a garbage collection takes as long."""
ITEM = 16
"""Characters that an item of a list or a table counts for."""
MOST_SIZE = 4_000_000
"""Characters and items of one value, beside sixteen times those that the template is given."""
WIDEST = 4
"""Digits of a width in a format."""

_PERCENT_WIDTH = re.compile(r"%(?:\([^()]*\))?[-+ #0]*(?:\*|\d{5}|\d*\.(?:\*|\d{5}))")
_BRACE_WIDTH = re.compile(r"\{[^{}]*:[^{}]*(?:\d{5}|\{)")
_WHOLE = frozenset(
    [
        "tojson",
        "string",
        "xmlattr",
        "urlencode",
        "sort",
        "unique",
        "min",
        "max",
        "groupby",
        "pprint",
    ]
)
"""Filters that walk through all of a value."""
_SLOW = frozenset({"pprint", "striptags", "urlize", "wordwrap", "xmlattr"})
"""Filters whose time may grow with the square of a text."""
LONGEST_SLOW = 20_000


class TemplateTooCostly(TemplateRuntimeError):
    """A template does more than any conversation needs."""


@final
class Meter:
    """Counts the work of one rendering."""

    def __init__(self, given: int) -> None:
        """`given` is the size of the values that the template is rendered with."""
        self.most = MOST_SIZE + 16 * given
        self._steps = MOST_STEPS + given
        self._written = self.most
        self._last = time.thread_time()
        self._end = self._last + MOST_SECONDS * (1 + given / 1e6)
        self._has_paused = False

    def step(self, written: int = 0) -> None:
        """Count a step that writes as many characters.

        Raises:
            TemplateTooCostly: it was one too many.
        """
        self._steps -= 1
        self._written -= written
        if self._steps < 0:
            raise TemplateTooCostly("it takes more steps than any conversation needs")
        if self._written < 0:
            raise TemplateTooCostly(f"it writes more than {self.most:,} characters")
        now = time.thread_time()
        if now > self._end:
            pause = now - self._last
            if self._has_paused or pause < PAUSE:
                raise TemplateTooCostly("it takes more time than any conversation needs")
            self._has_paused = True
            self._end += pause
        self._last = now

    def admit(self, size: int) -> None:
        """Refuse a value of this size.

        Raises:
            TemplateTooCostly: it is too large.
        """
        if size > self.most:
            raise TemplateTooCostly(f"it makes a value of more than {self.most:,} characters")

    def size_of(self, value: object) -> int:
        """Count the characters and items of a value, through all that it holds.

        Raises:
            TemplateTooCostly: there are too many; a value that holds itself has no end of them.
        """
        if isinstance(value, str):
            return len(value)
        size, waiting = 0, [value]
        while waiting:
            one = waiting.pop()
            size += ITEM
            if isinstance(one, str | bytes):
                size += len(one)
            elif isinstance(one, int):
                size += one.bit_length() >> 3
            elif isinstance(one, Namespace):
                waiting.extend(object.__getattribute__(one, "_Namespace__attrs").values())
            elif isinstance(one, list | tuple | set | frozenset | Mapping):
                self.admit(size + ITEM * (len(waiting) + len(one)))
                waiting.extend(one)
                if isinstance(one, Mapping):
                    waiting.extend(one.values())
            self.admit(size)
        return size


def check_filter(
    meter: Meter, name: str, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Refuse a filter whose work or result would be too much.

    Raises:
        TemplateTooCostly: it would.
    """
    given = (*args, *kwargs.values())
    if name == "format":
        _check_format(meter, _PERCENT_WIDTH, "%", value, given)
    elif name == "replace":
        _check_replace(meter, str(value), [str(one) for one in given[:2]])
    elif name == "sum":
        _check_sum(args, kwargs)
    elif name == "indent" and isinstance(value, str):
        width = given[0] if given else 4
        each = len(width) if isinstance(width, str) else _number(meter, width, 10_000)
        meter.admit(len(value) + each * (value.count("\n") + 1))
    elif name == "round":
        _number(meter, given[0] if given else 0, 1_000)
    elif name == "tojson":
        indent = next((one for one in given if isinstance(one, int)), 1)
        meter.admit(meter.size_of(value) * max(1, _number(meter, indent, 1_000)) // 8)
    for one in given:
        if isinstance(one, int):
            _number(meter, one, meter.most)
    if name in _WHOLE:
        meter.size_of(value)
    if name in _SLOW and meter.size_of(value) + sum(map(meter.size_of, given)) > LONGEST_SLOW:
        raise TemplateTooCostly(f"it uses the filter {name} on a text of its own making")


def _check_sum(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Refuse to add up lists, which copies them again and again."""
    start = kwargs.get("start", args[1] if len(args) > 1 else 0)
    if not isinstance(start, int | float):
        raise TemplateTooCostly("it adds up values that are no numbers")


def checked_call(
    meter: Meter, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Return the arguments of a call that makes nothing too large.

    Raises:
        TemplateTooCostly: it would.
    """
    # The sandbox wraps `str.format`.
    method = getattr(function, "__wrapped__", function)
    owner = getattr(method, "__self__", None)
    name = getattr(method, "__name__", "")
    given = (*args, *kwargs.values())
    if function is dict or function is Namespace:
        meter.size_of(list(given))
    if not isinstance(owner, str | bytes | int | float):
        return args
    for one in given:
        if isinstance(one, int):
            _number(meter, one, meter.most)
    if name == "join" and args and isinstance(owner, str):
        parts, _ = checked_join(meter, args[0], (owner,), {})
        return (parts, *args[1:])
    if name in ("format", "format_map"):
        _check_format(meter, _BRACE_WIDTH, "{", owner, given)
    elif name == "replace" and isinstance(owner, str):
        _check_replace(meter, owner, [one for one in given[:2] if isinstance(one, str)])
    elif name == "expandtabs" and isinstance(owner, str):
        meter.admit(len(owner) + owner.count("\t") * (given[0] if given else 8))
    elif name == "translate" and isinstance(owner, str):
        meter.admit(len(owner) * max(1, meter.size_of(list(given))))
    return args


def checked_join(
    meter: Meter, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, tuple[Any, ...]]:
    """Return the parts to join as a list, which is walked twice, and the other arguments.

    Raises:
        TemplateTooCostly: the text would be too long.
    """
    parts = list(value)
    between = args[0] if args else kwargs.get("d", "")
    meter.admit(meter.size_of(parts) + meter.size_of(str(between)) * len(parts))
    return parts, args


def check_operator(meter: Meter, operator: str, left: Any, right: Any) -> None:
    """Refuse an operator whose work or result would be too much.

    Raises:
        TemplateTooCostly: it would.
    """
    if operator == "%" and isinstance(left, str | bytes):
        _check_format(meter, _PERCENT_WIDTH, "%", left, (right,))
    elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
        meter.admit(len(left) + len(right))
    elif operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, str | bytes | list | tuple) and isinstance(other, int):
                meter.admit(len(one) * max(0, other))
        if isinstance(left, int) and isinstance(right, int):
            meter.admit((left.bit_length() + right.bit_length()) * 100)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        meter.admit(left.bit_length() * abs(right) * 100)


def _check_format(
    meter: Meter, width: re.Pattern[str], mark: str, form: Any, given: tuple[Any, ...]
) -> None:
    text = form.decode("latin-1") if isinstance(form, bytes) else str(form)
    if width.search(text):
        raise TemplateTooCostly(f"it formats to a width of more than {WIDEST} digits")
    meter.admit(len(text) + text.count(mark) * meter.size_of(list(given)))


def _check_replace(meter: Meter, text: str, pair: list[str]) -> None:
    if len(pair) == 2:
        meter.admit(len(text) + text.count(pair[0]) * len(pair[1]))


def _number(meter: Meter, value: Any, most: int) -> int:
    """Return a number among the arguments that is not too large, as a width or a count might be."""
    if isinstance(value, int) and abs(value) > most:
        raise TemplateTooCostly(f"it asks for {min(abs(value), 10**18):,} at once")
    return abs(value) if isinstance(value, int) else 1
