"""Errors of the API: status, type, code and headers as the official `openai` client reads them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from fledge.errors import FledgeError, PromptTooLong
from fledge.serve.async_engine import EngineFailed, Overloaded
from fledge.serve.schemas import ErrorBody, ErrorReply


@dataclass(eq=False)
class ApiError(Exception):
    """An HTTP error with OpenAI's fields."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    retry_after: int | None = None
    """Seconds."""

    def reply(self) -> ErrorReply:
        """The JSON body, also sent as an event where a stream has begun."""
        return ErrorReply(
            error=ErrorBody(message=self.message, type=self.type, param=self.param, code=self.code)
        )

    def response(self) -> JSONResponse:
        """Always JSON, never an event stream."""
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return JSONResponse(self.reply().model_dump(), self.status, headers)


def unknown_model(model: str, known: list[str]) -> ApiError:
    """404, with what there is."""
    return ApiError(
        404,
        f"The model {model!r} does not exist here; there is: {', '.join(known)}",
        param="model",
        code="model_not_found",
    )


def unsupported(param: str, message: str) -> ApiError:
    """400 for what the OpenAI API has and this server has not."""
    return ApiError(400, message, param=param, code="unsupported_parameter")


def from_fledge(error: FledgeError) -> ApiError:
    """What each of our own errors is over HTTP."""
    match error:
        case PromptTooLong():
            return ApiError(400, str(error), param="messages", code="context_length_exceeded")
        case Overloaded():
            return ApiError(
                status=503,
                message=str(error),
                type="overloaded_error",
                code="overloaded",
                retry_after=error.retry_after,
            )
        case EngineFailed():
            return ApiError(500, str(error), "server_error")
        case _:
            return ApiError(400, str(error))


def from_validation(error: RequestValidationError) -> ApiError:
    """400, with the dotted path of the first wrong field and a line for each."""
    problems = error.errors()
    lines = [f"{_path(problem['loc']) or 'body'}: {problem['msg']}" for problem in problems]
    return ApiError(400, "; ".join(lines), param=_path(problems[0]["loc"]) or None)


def from_http(error: HTTPException) -> ApiError:
    """Unknown paths, wrong methods, bodies that are too large or cannot be read."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail and error.detail != phrase else f"{phrase}."
    codes = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
    return ApiError(error.status_code, detail, code=codes.get(error.status_code))


Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Answer every error of the app in OpenAI's form."""

    def handler(convert: Callable[..., ApiError]) -> Handler:
        async def handle(request: Request, error: Exception) -> Response:
            return convert(error).response()

        return handle

    app.add_exception_handler(ApiError, handler(lambda error: error))
    app.add_exception_handler(FledgeError, handler(from_fledge))
    app.add_exception_handler(RequestValidationError, handler(from_validation))
    app.add_exception_handler(HTTPException, handler(from_http))
    app.add_exception_handler(
        Exception, handler(lambda _: ApiError(500, "The server failed.", "server_error"))
    )


def _path(location: tuple[str | int, ...]) -> str:
    """`body.messages.0.role` → `messages.0.role`; a syntax error's position is left out."""
    names = [str(part) for part in location[1:]]
    return "" if names and names[0].isdigit() else ".".join(names)
