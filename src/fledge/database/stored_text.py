"""Rule for texts that are stored: whole characters only, in either database.

PostgreSQL keeps no NUL, neither keeps half of a surrogate pair, and neither has JSON numbers beyond
the finite ones. The rule is applied to every value that reaches a driver (`engine`), to bodies of
requests, and to rows that an older fledge wrote without it (`backup`).
"""

import json
import math
import re
from collections.abc import Mapping, Sequence

from fledge.errors import DatabaseError

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""NUL, and either half of a surrogate pair."""


class TextRefused(DatabaseError):
    """Text with a character that no database keeps; its sender can mend it."""

    def __init__(self) -> None:
        super().__init__(
            "the database does not keep this text: it has a character that no text has (NUL, or "
            "half of a surrogate pair); remove it"
        )


def is_text(value: object) -> bool:
    """Return whether all texts in a JSON value, names of fields included, can be stored."""
    if isinstance(value, str):
        return NO_CHARACTER.search(value) is None
    if isinstance(value, Mapping):
        return all(is_text(name) and is_text(each) for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return all(map(is_text, value))
    return True


def mended(value: object) -> object:
    """Return a JSON value as it can be stored.

    U+FFFD replaces each character that cannot, and null each number that is not finite.
    """
    if isinstance(value, str):
        return NO_CHARACTER.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {str(mended(name)): mended(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(mended, value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def mended_text(text: str) -> str:
    """Return a text with U+FFFD in place of each character that cannot be stored."""
    return NO_CHARACTER.sub(REPLACEMENT, text)


def to_json(value: object) -> str:
    """Return JSON for a column.

    Raises:
        TextRefused: one of its texts cannot be stored.
        DatabaseError: one of its numbers is not finite.
    """
    if not is_text(value):
        raise TextRefused
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise DatabaseError(
            "the database does not keep this number: it is infinite or not a number (NaN)"
        ) from error


def require_text(parameters: object) -> None:
    """Raise `TextRefused` where one of the values of a statement cannot be stored."""
    if not is_text(parameters):
        raise TextRefused
