"""Forms of the pages: read from the body, checked, and refused with words for people."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from fledge.errors import FledgeError

MOST_FIELDS = 50


class BadForm(FledgeError):
    """What was filled in cannot be taken; shown on the page it came from."""


class Form(BaseModel):
    """The fields of a form; blanks around them do not count, an empty one is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Filled = TypeVar("Filled", bound=Form)


def read(form: type[Filled]) -> Callable[[Request], Awaitable[Filled]]:
    """A dependency that gives the filled form. Raises `BadForm`."""

    async def parse(request: Request) -> Filled:
        body = await request.body()
        try:
            pairs = parse_qsl(
                body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
            )
        except ValueError as error:  # not UTF-8, or more fields than any form has
            raise BadForm("this form cannot be read; load the page again") from error
        values: dict[str, object] = {name: value for name, value in pairs if value.strip()}
        lists = {name for name, field in form.model_fields.items() if "tuple" in str(field)}
        for name in lists:
            values[name] = tuple(value for key, value in pairs if key == name and value)
        try:
            return form.model_validate(values)
        except ValidationError as error:
            raise BadForm(describe(error)) from error

    return parse


def describe(error: ValidationError) -> str:
    """One line for each field that is wrong."""
    return "; ".join(
        f"{' '.join(str(part) for part in problem['loc']).replace('_', ' ')}: "
        f"{'is needed' if problem['type'] == 'missing' else problem['msg']}"
        for problem in error.errors()
    )
