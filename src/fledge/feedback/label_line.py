"""Lines of an upload of tasks: their fields, and what is said of a bad one."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as PydanticError

from fledge.feedback.judgements import HIGHEST_RATING, LOWEST_RATING

LONGEST_CONTENT = 100_000
"""Characters of one message or answer."""
MOST_TURNS = 200


class BadLine(Exception):
    """Problem of one line."""


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("the text has a NUL character; remove it")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


WholeText = Annotated[
    str, StringConstraints(max_length=LONGEST_CONTENT), AfterValidator(_without_nul)
]
Said = Annotated[WholeText, AfterValidator(_said)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    AfterValidator(_without_nul),
]


class Line(BaseModel):
    """Base of the objects in a line; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TurnLine(Line):
    """Message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: Said


class AnswerLine(Line):
    """Answer to judge, with its writer, which labellers do not see."""

    id: Name
    content: Said
    model: Name | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None


class GoldLine(Line):
    """Known judgement: an order of the answers, the best one, or their ratings."""

    ranking: list[list[str]] | None = None
    best: str | None = None
    ratings: dict[str, Annotated[int, Field(ge=LOWEST_RATING, le=HIGHEST_RATING)]] | None = None


class TaskLine(Line):
    """One line of an upload."""

    id: Name | None = None
    prompt: Said | Annotated[list[TurnLine], Field(min_length=1, max_length=MOST_TURNS)]
    responses: list[AnswerLine] = []
    gold: GoldLine | None = None
    source: Name | None = None
    consent: bool | None = None
    pseudonym: Name | None = None


def parsed(content: bytes) -> TaskLine:
    """Read one line. Raises `BadLine`."""
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadLine("expected UTF-8") from error
    except json.JSONDecodeError as error:
        raise BadLine(f"invalid JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise BadLine("JSON nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise BadLine("a number has too many digits") from error
    if not isinstance(value, dict):
        raise BadLine("expected a JSON object")
    try:
        return TaskLine.model_validate(value)
    except PydanticError as error:
        raise BadLine("; ".join(dict.fromkeys(map(_worded, _relevant(value, error))))) from error


def _refuse_constant(spelling: str) -> float:
    raise BadLine(f"{spelling} is no number; write null or leave the field out")


def _relevant(value: dict[str, object], error: PydanticError) -> list[tuple[str, str, str]]:
    """Return place, message and kind of each problem; of a prompt, only those of its own form."""
    form = "list" if isinstance(value.get("prompt"), list) else "function-after"
    found = []
    for problem in error.errors(include_url=False):
        steps = [str(step) for step in problem["loc"]]
        if steps[0] == "prompt" and len(steps) > 1:
            if not steps[1].startswith(form):
                continue
            del steps[1]
        found.append((".".join(steps), problem["msg"], problem["type"]))
    return found


def _worded(problem: tuple[str, str, str]) -> str:
    place, message, kind = problem
    if kind == "extra_forbidden":
        return f"unknown field {place!r}"
    if kind == "missing":
        return f"the field {place!r} is missing"
    if kind == "string_unicode":
        return f"{place}: the text has half of a surrogate pair; remove it"
    if place.endswith("id") and kind == "string_too_short":
        return f"{place}: the id is empty"
    return f"{place}: {message.removeprefix('Value error, ')}"
