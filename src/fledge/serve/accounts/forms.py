"""Read the forms of the pages, and word for people why a form is refused."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from fledge.errors import FledgeError

MOST_FIELDS = 50


class BadForm(FledgeError):
    """Form that cannot be accepted; the message is shown on a page."""


class Form(BaseModel):
    """Fields of a form: blanks around a value are dropped, and an empty field is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Filled = TypeVar("Filled", bound=Form)


def read(form: type[Filled]) -> Callable[[Request], Awaitable[Filled]]:
    """Return a dependency that reads and checks the form. It raises `BadForm`."""

    async def parse(request: Request) -> Filled:
        body = await request.body()
        try:
            pairs = parse_qsl(
                body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
            )
        except ValueError as error:  # not UTF-8, or more fields than any form has
            raise BadForm("this form could not be read; reload the page") from error
        values: dict[str, object] = {name: value for name, value in pairs if value.strip()}
        lists = {name for name, field in form.model_fields.items() if "tuple" in str(field)}
        for name in lists:
            values[name] = tuple(value for key, value in pairs if key == name and value)
        try:
            return form.model_validate(values)
        except ValidationError as error:
            raise BadForm(describe(error)) from error

    return parse


LABELS = {
    "login": "username",
    "email": "e-mail address",
    "to": "e-mail address",
    "current": "current password",
    "new": "new password",
    "scopes": "permissions",
    "days": "expiry in days",
    "daily_tokens": "tokens per day",
    "concurrent_streams": "answers at once",
}
"""Names that a form shows for its fields, where they differ."""
RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this form",
    "greater_than_equal": "must be at least {ge:,}",
    "less_than_equal": "must be at most {le:,}",
    "int_parsing": "must be a whole number",
    "literal_error": "must be {expected}",
    "value_error": "is invalid: {error}",
    "string_too_long": "must have at most {max_length:,} characters",
}
"""Sentences for pydantic's types of errors, with the facts of each."""


def describe(error: ValidationError) -> str:
    """Return one sentence for each field that is wrong, under the name that the form shows."""
    return " ".join(sentence(problem) for problem in error.errors())


def sentence(problem: ErrorDetails) -> str:
    """`Tokens per day must be at least 1.`"""
    name = " ".join(part for part in problem["loc"] if isinstance(part, str))
    label = LABELS.get(name, name.replace("_", " ")).capitalize()
    rule = RULES.get(problem["type"])
    if rule is None:
        return f"{label} is invalid: {problem['msg']}."
    return f"{label} {rule.format_map(problem.get('ctx', {}))}."
