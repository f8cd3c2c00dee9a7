"""Records that Argilla exports: nested, flat, and those of feedback datasets before version 2."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from fledge.data.exports.shape import (
    TIED,
    Fields,
    folded,
    known_fields,
    named_like,
    prompt_in,
    ranking_of,
)
from fledge.data.judgement_records import RATED_FIELDS
from fledge.data.records import Located, shown

_DONE = (None, "submitted")
"""States of a response that count; drafts and discarded ones do not."""
_RESPONSES = ".responses"
_NUMBER = re.compile(r"(?<!\d)\d+$|(?<=[\s_-])[a-i]$")
"""Number or letter at the end of a name."""
_OWN = ("id", "_server_id", "status", "external_id", "metadata", "inserted_at", "updated_at")


class Reply(NamedTuple):
    """One person's reply to one question."""

    question: str
    value: object
    user: str | None


def is_record(fields: Fields) -> bool:
    """Return whether a record is one of Argilla."""
    nested = isinstance(fields.get("fields"), dict) and "responses" in fields
    return nested or any(name.endswith(_RESPONSES) for name in fields) or bool(_old(fields))


def records_of_record(record: Located) -> Iterator[Fields]:
    """Yield a ranking, a rating or a written answer for each reply that is one.

    Raises:
        RecordError: an order or label names no field, and nothing else can be read.
    """
    fields, replies = _read(record)
    unknown: list[str] = []
    made = 0
    for reply in replies:
        one = _of_reply(record, fields, reply, unknown)
        if one is not None:
            made += 1
            yield {**one, **known_fields(labeler=reply.user)}
    if unknown and not made:
        known = ", ".join(fields) or "none"
        raise record.error(f"a label that names a field ({known}) or a tie", ", ".join(unknown))
    record.passed_over.update(f"the reply {shown(text)}, which names no field" for text in unknown)


def _read(record: Located) -> tuple[Fields, list[Reply]]:
    """Return the fields that people saw, and their replies, of any of the three shapes."""
    value = record.value
    inner = value.get("fields")
    if isinstance(inner, dict):
        return inner, list(_nested(record, value["responses"]))
    flat = [name for name in value if name.endswith(_RESPONSES)]
    questions = [name.removesuffix(_RESPONSES) for name in flat] or list(_old(value))
    shown_fields = {
        name: part
        for name, part in value.items()
        if "." not in name and name not in (*_OWN, *questions) and not name.endswith("-suggestion")
    }
    if not flat:
        return shown_fields, list(_nested(record, _old(value)))
    return shown_fields, [reply for name in questions for reply in _flat(record, name)]


def _nested(record: Located, responses: object) -> Iterator[Reply]:
    if isinstance(responses, list):
        for each in responses:
            values = each.get("values") or {} if isinstance(each, dict) else None
            if not isinstance(values, dict):
                raise record.error('replies with "values" by question', shown(each))
            if each.get("status") in _DONE:
                for question, held in values.items():
                    value = held.get("value") if isinstance(held, dict) else held
                    yield Reply(question, value, _user(each))
        return
    if not isinstance(responses, dict):
        raise record.error('replies by question in "responses"', shown(responses))
    for question, several in responses.items():
        if several is not None and not isinstance(several, list):
            raise record.error(f"a list of replies to {question!r}", shown(several))
        for each in several or ():
            if not isinstance(each, dict) or "value" not in each:
                raise record.error(f"replies with a value to {question!r}", shown(each))
            if each.get("status") in _DONE:
                yield Reply(question, each["value"], _user(each))


def _flat(record: Located, question: str) -> Iterator[Reply]:
    values = record.value.get(f"{question}{_RESPONSES}") or []
    users = record.value.get(f"{question}{_RESPONSES}.users") or []
    states = record.value.get(f"{question}{_RESPONSES}.status") or []
    assert isinstance(values, list) and isinstance(users, list) and isinstance(states, list)
    if users and len(users) != len(values):
        found = f"{len(users)} for {len(values)} replies"
        raise record.error(f"a user for each reply to {question!r}", found)
    for number, value in enumerate(values):
        if (states[number] if number < len(states) else None) in _DONE:
            yield Reply(question, value, str(users[number]) if users else None)


def _old(fields: Fields) -> Fields:
    """Return the questions of a feedback dataset: lists of replies with a user and a value."""
    return {
        name: several
        for name, several in fields.items()
        if isinstance(several, list)
        and several
        and all(isinstance(each, dict) and {"user_id", "value"} <= each.keys() for each in several)
    }


def _of_reply(record: Located, fields: Fields, reply: Reply, unknown: list[str]) -> Fields | None:
    value = _as_order(reply.value)
    match value:
        case [[str(), *_], *_]:
            return _order(record, fields, value)
        case [str(first), *_] if len(named_like(first, fields)) > 1:
            return _order(record, fields, [[str(one)] for one in value])
        case None:
            return None
        case int() | float() if not isinstance(value, bool):
            rated = _rated(record, fields, reply.question, value)
            if rated is not None:
                return rated
        case str() if len(answers := named_like(value, fields)) > 1:
            others = [name for name in answers if name != folded(value)]
            return _order(record, fields, [[value], others])
        case str() if folded(value) in TIED and (tied := _numbered(fields)):
            return _order(record, fields, [list(tied)])
        case str() if reply.question in (*RATED_FIELDS, "demonstration", "correction"):
            return {"prompt": prompt_in(record, fields), "response": value}
        case str():
            unknown.append(value)
            return None
    record.passed_over.add(f"the reply {shown(value)} to {reply.question!r}")
    return None


def _as_order(value: object) -> Any:
    """Return ranked values as groups of names, the best first; anything else as it is."""
    if isinstance(value, dict) and isinstance(value.get("rank"), list):
        several = value.get("value")
        named = several if isinstance(several, list) else []
        value = [{"rank": r, "value": v} for r, v in zip(value["rank"], named, strict=False)]
    if not isinstance(value, list) or not all(isinstance(e, dict) and "rank" in e for e in value):
        return value
    ranked = sorted(value, key=_rank)
    return [[str(one.get("value")) for one in group] for _, group in groupby(ranked, _rank)]


def _rank(one: Fields) -> float:
    rank = one.get("rank")
    return float(rank) if isinstance(rank, int | float) else float("inf")


def _order(record: Located, fields: Fields, groups: list[list[str]]) -> Fields:
    answers = named_like(groups[0][0], fields)
    named = [[folded(name) for name in group] for group in groups]
    return ranking_of(record, prompt_in(record, fields), answers, named)


def _numbered(fields: Fields) -> dict[str, str]:
    """Return the answers of a comparison: fields of one name with different numbers or letters."""
    return next((like for name in fields if len(like := named_like(name, fields)) > 1), {})


def _rated(record: Located, fields: Fields, question: str, rating: int | float) -> Fields | None:
    """Make a rating, if there is one answer that it can be about.

    `rating-1` rates the answer of that number: `response-1`.
    """
    usual = next((name for name in RATED_FIELDS if isinstance(fields.get(name), str)), None)
    name = _of_number(question, fields) or usual
    if name is None:
        return None
    return {"prompt": prompt_in(record, fields), "response": fields[name], "rating": rating}


def _of_number(question: str, fields: Fields) -> str | None:
    """Return the answer whose name ends with the number of a question, if one alone does."""
    asked = _NUMBER.search(question.casefold())
    numbered = _numbered(fields)
    named = [
        name
        for name in fields
        if folded(name) in numbered
        and (own := _NUMBER.search(name.casefold()))
        and asked
        and own.group() == asked.group()
    ]
    return named[0] if len(named) == 1 else None


def _user(each: Fields) -> str | None:
    user = each.get("user_id")
    return None if user is None else str(user)
