"""Answer every error of the app: our own, FastAPI's, and unforeseen failures."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from fledge.database.desk import DeskFull
from fledge.errors import (
    CheckpointError,
    Conflict,
    DatabaseUnavailable,
    FledgeError,
    NotFound,
    PromptTooLong,
)
from fledge.generate.upstream_errors import UpstreamFailed
from fledge.serve.errors import ApiError, too_long
from fledge.serve.models.async_engine import EngineFailed, Overloaded
from fledge.serve.people.identity import LoginRequired

logger = logging.getLogger(__name__)

MOST_PROBLEMS = 20
"""Wrong fields that one answer names."""


def from_fledge(error: FledgeError) -> ApiError:
    """Translate each of our own errors into an HTTP error."""
    match error:
        case PromptTooLong():
            return too_long(error, "messages")
        case Overloaded():
            return ApiError(
                status=503,
                message=str(error),
                type="overloaded_error",
                code="overloaded",
                retry_after=error.retry_after,
            )
        case UpstreamFailed():
            return from_upstream(error)
        case EngineFailed() | CheckpointError():
            return ApiError(500, str(error), "server_error")
        case NotFound():
            return ApiError(404, str(error), code="not_found")
        case DeskFull():
            return ApiError(429, str(error), "rate_limit_error", code="desk_full")
        case Conflict():
            return ApiError(409, str(error), code="conflict")
        case DatabaseUnavailable():
            # The driver's message names hosts and users, so it goes to the log only.
            logger.warning("%s", error)
            return ApiError(
                status=503,
                message="The database is not responding. Try again in a moment.",
                type="unavailable_error",
                code="database_unavailable",
                retry_after=2,
            )
        case _:
            return ApiError(400, str(error))


def from_upstream(error: UpstreamFailed) -> ApiError:
    """Translate the refusal or the failure of an upstream."""
    types = {429: "rate_limit_error", 502: "server_error", 503: "unavailable_error"}
    code = error.code or ("rate_limit_exceeded" if error.status == 429 else None)
    return ApiError(
        error.status,
        str(error),
        types.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error"),
        error.param,
        code,
        error.retry_after,
    )


def from_validation(error: RequestValidationError) -> ApiError:
    """Return a 400 error with the dotted path of the first wrong field and a line for each."""
    problems = error.errors()[:MOST_PROBLEMS]
    paths = [_path(problem, error.body) for problem in problems]
    lines = [
        f"{path or 'body'}: {problem['msg']}" for path, problem in zip(paths, problems, strict=True)
    ]
    # A union reports every kind of value it takes; the deepest path is the intended kind's.
    param = max((path for path in paths if path.startswith(paths[0])), key=len)
    return ApiError(400, "; ".join(lines), param=param or None)


def from_http(error: HTTPException) -> ApiError:
    """Translate errors of routing and of bodies that are too large or cannot be read."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail and error.detail != phrase else f"{phrase}."
    codes = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
    codes |= {408: "request_timeout", 503: "overloaded"}
    types = {503: "overloaded_error"}
    status = error.status_code
    type_ = types.get(status, "invalid_request_error")
    return ApiError(status, detail, type_, code=codes.get(status))


Handler = Callable[[Request, Exception], Awaitable[Response]]
Answering = Callable[[Request, ApiError], Response]


def install(app: FastAPI, answer: Answering) -> None:
    """Have `answer` word every error of the app."""

    def handler(convert: Callable[..., ApiError]) -> Handler:
        async def handle(request: Request, error: Exception) -> Response:
            return answer(request, convert(error))

        return handle

    async def failed(request: Request, _: Exception) -> Response:
        return answer(request, server_failed(request))

    app.add_exception_handler(ApiError, handler(lambda error: error))
    app.add_exception_handler(FledgeError, handler(from_fledge))
    app.add_exception_handler(RequestValidationError, handler(from_validation))
    app.add_exception_handler(HTTPException, handler(from_http))
    app.add_exception_handler(LoginRequired, to_login)
    app.add_exception_handler(Exception, failed)


async def to_login(_: Request, error: Exception) -> Response:
    """Answer `LoginRequired` with the way to the login page."""
    assert isinstance(error, LoginRequired)
    return RedirectResponse(error.location, status_code=303)


def server_failed(request: Request) -> ApiError:
    """Return a 500 error for a failure of ours; uvicorn logs its traceback.

    The log names the route instead of the path, because the path of an invitation is its secret.
    """
    request_id = request.scope.get("state", {}).get("request_id", "")
    route = getattr(request.scope.get("route"), "path", "no route")
    logger.error("request %s failed: %s %s", request_id, request.method, route)
    message = f"The server failed. Its log has details about request {request_id}."
    return ApiError(500, message, "server_error")


def _path(problem: Mapping[str, Any], body: object) -> str:
    """`body.messages.0.role` → `messages.0.role`.

    Name only steps that the body can take, and a field that it lacks: pydantic also puts the tags
    of unions and the position of a syntax error into a location. A query or a header has its name.
    """
    *steps, last = problem["loc"]
    if steps and steps[0] != "body":
        return str(last)
    names: list[str] = []
    here = body
    for step in (*steps[1:], last):
        if isinstance(here, dict) and (step in here or str(step) in here):
            here = here[step] if step in here else here[str(step)]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif problem["type"] != "missing" or step != last:
            continue
        names.append(str(step))
    return ".".join(names).encode(errors="replace").decode()
