"""Errors of the API: status, type, code and headers as the official `openai` client reads them."""

from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from fledge.errors import PromptTooLong
from fledge.serve.schemas.common import ErrorBody, ErrorReply

AWAITED_RETRY_SECONDS = 10


@dataclass(eq=False)
class ApiError(Exception):
    """HTTP error with OpenAI's fields."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    retry_after: int | None = None
    """Seconds."""

    def reply(self) -> ErrorReply:
        """Return the JSON body, which is also sent as an event where a stream has begun."""
        return ErrorReply(
            error=ErrorBody(message=self.message, type=self.type, param=self.param, code=self.code)
        )

    def response(self) -> JSONResponse:
        """Return the response: always JSON, never an event stream."""
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return JSONResponse(self.reply().model_dump(), self.status, headers)


def unknown_model(model: str, known: list[str]) -> ApiError:
    """Return a 404 error that names the models there are."""
    return ApiError(
        404,
        f"The model {model!r} does not exist. Available models: {', '.join(known)}.",
        param="model",
        code="model_not_found",
    )


def awaited_model(model: str, known: list[str]) -> ApiError:
    """Return a 503 error for a model that is offered once it is raised."""
    return ApiError(
        503,
        f"The model {model!r} is not ready yet: it is offered when its training is finished. "
        f"Available models: {', '.join(known)}.",
        type="unavailable_error",
        param="model",
        code="model_loading",
        retry_after=AWAITED_RETRY_SECONDS,
    )


def error_replies(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the entries of an endpoint's errors in the OpenAPI description."""
    return {status: {"model": ErrorReply} for status in statuses}


def unsupported(param: str, message: str) -> ApiError:
    """Return a 400 error for a feature of the OpenAI API that is not built here."""
    return ApiError(400, message, param=param, code="unsupported_parameter")


def too_long(error: PromptTooLong, param: str) -> ApiError:
    """Return a 400 error for a text that the context does not hold."""
    return ApiError(400, str(error), param=param, code="context_length_exceeded")
