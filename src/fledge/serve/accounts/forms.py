"""Read the forms of the pages, and word for people why a form is refused."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

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
    """Return one line for each field that is wrong."""
    return "; ".join(
        f"{' '.join(str(part) for part in problem['loc']).replace('_', ' ')}: "
        f"{'is needed' if problem['type'] == 'missing' else problem['msg']}"
        for problem in error.errors()
    )
