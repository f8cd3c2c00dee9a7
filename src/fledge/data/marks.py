"""Marks on answers that people do not want learned, in every spelling on disk."""

from collections.abc import Mapping

from fledge.data.records import Located, shown
from fledge.errors import RecordError

VERDICTS = ("label", "kto_tag")
"""Fields of a record that tell good answers from bad ones (TRL, LLaMA-Factory)."""
WEIGHTS = ("weight", "loss_weight", "trainable", "train")
"""Fields of a record or a message that tell whether it is learned.

OpenAI has the first, LLaMA-Factory the second, axolotl the others.
"""
OPINIONS = ("rating", "feedback", "thumb", "thumbs", "vote")
"""Fields of a record that may hold a thumb, a score or a comment; only a thumb is a mark."""
MESSAGE_WEIGHTS = (*WEIGHTS, "loss", "loss_mask", "loss_scale")
"""Fields of a message that tell whether it is learned: also those of verl and ms-swift."""
MESSAGE_MASKS = ("masked",)
"""Fields of a message that tell that it is not learned (torchtune)."""
PARTIAL_MASKS = ("train_detail", "training_detail")
"""Fields of a message that mark stretches of characters to learn (axolotl)."""

_TRUE = frozenset(
    [
        *("true", "t", "yes", "y", "on", "good", "up", "thumbs_up", "thumb_up", "👍"),
        *("like", "liked", "desirable", "chosen", "accepted"),
    ]
)
_FALSE = frozenset(
    [
        *("false", "f", "no", "n", "off", "bad", "down", "thumbs_down", "thumb_down", "👎"),
        *("dislike", "disliked", "undesirable", "rejected"),
    ]
)


def truth(value: object) -> bool | None:
    """Read true or false, as a word or a number; -1 is a thumb down. Other values give None."""
    number = _number(value)
    if number is not None:
        return {1.0: True, 0.0: False, -1.0: False}.get(number)
    if not isinstance(value, str):
        return None
    word = "_".join(value.casefold().replace("-", " ").split())
    return word in _TRUE if word in _TRUE | _FALSE else None


def refuse_bad(record: Located) -> None:
    """Check that nobody marked the answer of a demonstration as bad, or as not to be learned.

    Raises:
        RecordError: somebody did, or a mark is in an unknown spelling.
    """
    refuse_withheld(record)
    _refuse_false(record, (*VERDICTS, *WEIGHTS), "an answer worth imitating")
    for name in OPINIONS:
        value = record.value.get(name)
        if _is_thumb(value):
            record.take(name)
            if not truth(value):
                raise _marked(record, name, "an answer worth imitating")


def refuse_weightless(record: Located) -> None:
    """Check that nobody marked a ranking as not to be learned.

    Raises:
        RecordError: somebody did, or a mark is in an unknown spelling.
    """
    refuse_withheld(record)
    _refuse_false(record, WEIGHTS, "a ranking to learn")


def refuse_withheld(record: Located) -> None:
    """Check that nobody who wrote in a record forbids training; one who was not asked allows it.

    Raises:
        RecordError: `consent` is false, or neither true nor false.
    """
    value = record.take("consent")
    if value in (None, "") or truth(value):
        return
    if truth(value) is None:
        raise record.error("true or false in 'consent'", shown(value))
    found = "one with 'consent' false (--skip-bad leaves such records out)"
    raise record.error("a record whose writers allow training", found)


def is_learned(record: Located, place: str, message: Mapping[str, object]) -> bool:
    """Return whether an assistant's message at `place` is to be learned; those unmarked are.

    Raises:
        RecordError: a mark is in an unknown spelling, or there is one for a part of the message.
    """
    for name in PARTIAL_MASKS:
        if message.get(name):
            expected = f"messages that are learned whole or not at all in {place}"
            raise record.error(expected, f"{name!r}, which marks parts of one")
    learned = True
    for name in (*MESSAGE_WEIGHTS, *MESSAGE_MASKS):
        value = message.get(name)
        if value is None or value == "":
            continue
        mark = truth(value)
        if mark is None:
            raise record.error(f"true or false, or 1 or 0, in {name!r} of {place}", shown(value))
        learned = learned and mark == (name not in MESSAGE_MASKS)
    return learned


def _refuse_false(record: Located, names: tuple[str, ...], wanted: str) -> None:
    for name in names:
        value = record.take(name)
        if value is None or value == "":
            continue
        good = truth(value)
        if good is None:
            expected = f"true or false, or 1 or 0, in {name!r}, which marks what is learned"
            raise record.error(expected, f"{shown(value)}; rename the field if it means otherwise")
        if not good:
            raise _marked(record, name, wanted)


def _is_thumb(value: object) -> bool:
    """Return whether a value is true, false, a word for them, or -1; 0 and 1 may be scores."""
    is_number = not isinstance(value, bool) and _number(value) not in (None, -1.0)
    return truth(value) is not None and not is_number


def _number(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _marked(record: Located, name: str, wanted: str) -> RecordError:
    found = f"one that was marked bad ({name!r} is {shown(record.value[name])}"
    return record.error(wanted, f"{found}; --skip-bad leaves such records out)")
