"""Parts that the requests and answers of several endpoints share.

Null means "not given", as the official client expects. Bodies keep the fields that they do not
declare, for `fields.refused` to judge; their parts ignore such fields.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Incoming(BaseModel):
    """Part of a request; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True, allow_inf_nan=False)


class Body(Incoming):
    """Whole request; `model_extra` holds its undeclared fields."""

    model_config = ConfigDict(extra="allow")


class StreamOptions(Incoming):
    """Extras of a stream besides its text."""

    include_usage: bool | None = None
    """A last chunk with the token counts."""


class Usage(BaseModel):
    """Tokens read and written; the end token counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class EstimatedUsage(Usage):
    """Tokens as guessed from the length of the texts, because an upstream tells none."""

    estimated: Literal[True]


class ModelCard(BaseModel):
    """Entry of `/v1/models`."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["fledge", "upstream"]
    name: str
    max_model_len: int | None


class ModelList(BaseModel):
    """`GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class ErrorBody(BaseModel):
    """Error as the official client reads it."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """Body of every error."""

    error: ErrorBody


class Incomplete(BaseModel):
    """Reason why a response ended early."""

    reason: Literal["max_output_tokens", "content_filter"]


class Repeating(Incomplete):
    """Reason of a response that was ended because it repeated itself."""

    stop_reason: Literal["repetition"]
    """Extension to OpenAI's API."""
