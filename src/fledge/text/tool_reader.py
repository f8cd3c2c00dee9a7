"""Answers with calls of tools, taken apart as they come: text, then calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fledge.text.stream import first_stop, possible_stop
from fledge.text.tool_format import ToolFormat

NESTING = {"{": 1, "[": 1, "}": -1, "]": -1}


@dataclass(frozen=True, slots=True)
class CallPiece:
    """Piece of a call: the first has id and name, the others more of the arguments."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Text and pieces of calls that became certain."""

    text: str = ""
    calls: tuple[CallPiece, ...] = ()


class ToolReader:
    """Reads one answer that was held to the grammar of its format.

    Dropped is only what stands around names and arguments, unfinished at the end of an answer that
    was cut off.
    """

    def __init__(
        self, tool_format: ToolFormat, names: Sequence[str], new_id: Callable[[], str]
    ) -> None:
        """`names` are those of the tools; JSON that names another is text."""
        self._format = tool_format
        self._heads = [name + tool_format.middle for name in names]
        self._new_id = new_id
        self._held = ""
        self._step = self._read_text
        self._at_start = True
        self._index = -1
        self._arguments = Braces()
        self._taken: list[str | CallPiece] = []

    def push(self, text: str) -> Taken:
        """Return what became certain with more text."""
        self._held += text
        while self._step():
            pass
        return self._take()

    def finish(self) -> Taken:
        """Return what was held back, when no more text will come."""
        if self._step in (self._read_text, self._read_plain):
            self._taken.append(self._held)
        self._held = ""
        return self._take()

    def _take(self) -> Taken:
        text = "".join(each for each in self._taken if isinstance(each, str))
        calls = tuple(each for each in self._taken if isinstance(each, CallPiece))
        self._taken = []
        return Taken(text, calls)

    def _read_text(self) -> bool:
        """Read up to the first call; the line break in front of it is no text."""
        first = self._format.start + self._format.opening
        if self._at_start and self._held.startswith(first):
            found = 0
        elif self._at_start and first.startswith(self._held):
            return False
        else:
            starts = [f"\n{first}"] if self._format.on_own_line else [f"\n{first}", first]
            at = first_stop(self._held, starts)
            if at is None:
                self._say(len(self._held) - possible_stop(self._held, starts))
                return False
            found = at
        self._say(found)
        line_break = "\n" if self._held.startswith("\n") else ""
        return self._read_literal(line_break + first, self._read_name)

    def _read_plain(self) -> bool:
        self._say(len(self._held))
        return False

    def _say(self, length: int) -> None:
        self._taken.append(self._held[:length])
        self._held = self._held[length:]
        self._at_start = self._at_start and not length

    def _read_name(self) -> bool:
        name, middle, rest = self._held.partition(self._format.middle)
        if not any(head.startswith(self._held[: len(head)]) for head in self._heads):
            self._held = self._format.start + self._format.opening + self._held
            self._step = self._read_plain
            return True
        if not middle:
            return False
        self._index += 1
        self._taken.append(CallPiece(self._index, self._new_id(), name))
        self._held, self._arguments = rest, Braces()
        self._step = self._read_arguments
        return True

    def _read_arguments(self) -> bool:
        length = self._arguments.read(self._held)
        if length:
            self._taken.append(CallPiece(self._index, arguments=self._held[:length]))
            self._held = self._held[length:]
        if self._arguments.closed:
            self._step = self._read_closing
        return self._arguments.closed

    def _read_closing(self) -> bool:
        return self._read_literal(self._format.closing, self._read_between)

    def _read_between(self) -> bool:
        return self._read_literal(self._format.between + self._format.opening, self._read_name)

    def _read_literal(self, literal: str, then: Callable[[], bool]) -> bool:
        if not self._held.startswith(literal):
            return False
        self._held = self._held.removeprefix(literal)
        self._step = then
        return True


@dataclass(slots=True)
class Braces:
    """Finds the end of a JSON object that comes in pieces."""

    closed: bool = False
    _depth: int = 0
    _in_string: bool = False
    _escaped: bool = False

    def read(self, text: str) -> int:
        """Return how many characters of `text` belong to the object."""
        for position, character in enumerate(text):
            if self._in_string:
                self._read_in_string(character)
            elif character == '"':
                self._in_string = True
            else:
                step = NESTING.get(character, 0)
                self._depth += step
                if step < 0 and self._depth == 0:
                    self.closed = True
                    return position + 1
        return len(text)

    def _read_in_string(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._in_string = False
