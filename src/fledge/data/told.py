"""Optional fields that tell how a judgement came about: who, when, how long, under which rules."""

import math

from fledge.data.marks import truth
from fledge.data.records import Located, shown
from fledge.data.turns import text_in


def optional_text(record: Located, name: str) -> str | None:
    """Read a text or a number as text; None if the field is absent or empty.

    Raises:
        RecordError: it is anything else.
    """
    if record.take(name) in (None, ""):
        return None
    return text_in(record, name)


def optional_number(record: Located, name: str) -> float | None:
    """Read a number, also one that a table holds as text; None if the field is absent or empty.

    Raises:
        RecordError: it is anything else.
    """
    text = optional_text(record, name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise record.error(f"a number in {name!r}", shown(record.value[name]))
    return number


def optional_truth(record: Located, name: str) -> bool | None:
    """Read true or false in any spelling; None if the field is absent or empty.

    Raises:
        RecordError: it is anything else.
    """
    value = record.take(name)
    if value in (None, ""):
        return None
    mark = truth(value)
    if mark is None:
        raise record.error(f"true or false in {name!r}", shown(value))
    return mark
