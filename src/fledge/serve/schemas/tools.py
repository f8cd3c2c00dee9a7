"""Calls of tools as data."""

from typing import Literal

from pydantic import Field

from fledge.serve.schemas.common import Incoming


class CalledFunction(Incoming):
    """Function that the assistant called."""

    name: str = Field(min_length=1, max_length=200)
    arguments: str
    """Arguments as JSON."""


class MessageToolCall(Incoming):
    """Call in an assistant's message."""

    id: str = Field(min_length=1, max_length=200)
    """Id that the tool's message repeats."""
    type: Literal["function"]
    function: CalledFunction
