"""Records of what people said of answers: rankings of every format, and ratings of one answer."""

from pydantic import ValidationError

from fledge.data.comparison_records import KWAY_FIELDS, LABELLED_FIELDS, PAIR_FIELDS, ranked
from fledge.data.marks import truth
from fledge.data.records import Located, shown
from fledge.data.told import optional_number, optional_text, optional_truth
from fledge.data.turns import prompt_field, prompt_turns, text_in
from fledge.feedback.records import ChatTurn, Ranking, Rating

RATED_FIELDS = ("response", "completion", "answer", "output")
"""Fields that may hold a rated answer, in the order in which they are looked for."""
_COMPARISONS = (KWAY_FIELDS[1:], PAIR_FIELDS, LABELLED_FIELDS)


def judgement_from(record: Located) -> Ranking | Rating:
    """Read a record as a rating if it has one, or else as a ranking, learned or not.

    Raises:
        RecordError: it is neither.
    """
    fields = record.present()
    compares = any(all(name in fields for name in names) for names in _COMPARISONS)
    if "rating" in fields and not compares:
        return rating_from(record)
    return ranked(record)


def rating_from(record: Located) -> Rating:
    """Read a mark for one answer; a thumb up is 1, a thumb down -1.

    Raises:
        RecordError: prompt, answer or mark are missing, or are something else.
    """
    fields = record.present()
    name = next((name for name in RATED_FIELDS if name in fields), None)
    if name is None or prompt_field(record) is None:
        expected = f"a rating: a prompt, an answer ({', '.join(RATED_FIELDS)}) and a rating"
        raise record.error(expected, record.describe("prompt", *RATED_FIELDS))
    turns = prompt_turns(record)
    try:
        return Rating(
            prompt=tuple(ChatTurn(role=turn.role, content=turn.content) for turn in turns),
            response=text_in(record, name),
            rating=_mark(record, "rating"),
            model=optional_text(record, "model"),
            labeler=optional_text(record, "labeler"),
            prompt_id=optional_text(record, "prompt_id"),
            flags=_flags(record),
            seconds=optional_number(record, "seconds"),
            guideline=optional_text(record, "guideline"),
            gold=None if record.take("gold") in (None, "") else _mark(record, "gold"),
            consent=optional_truth(record, "consent"),
        )
    except ValidationError as error:
        raise record.error("a rating", error.errors()[0]["msg"]) from error


def _mark(record: Located, name: str) -> int:
    """Read a whole number; true, false and words for a thumb are 1 and -1."""
    value = record.take(name)
    is_word = isinstance(value, bool) or (
        isinstance(value, str) and not any(map(str.isdigit, value))
    )
    thumb = truth(value) if is_word else None
    if thumb is not None:
        return 1 if thumb else -1
    number = optional_number(record, name)
    if number is None or number != int(number):
        raise record.error(f"a whole number or a thumb in {name!r}", shown(value))
    return int(number)


def _flags(record: Located) -> tuple[str, ...] | None:
    value = record.take("flags")
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(flag, str) for flag in value):
        raise record.error('a list of names in "flags"', shown(value))
    return tuple(map(str, value))
