"""Failures of an OpenAI-compatible server, translated from HTTP, JSON and httpx."""

import json
import logging
import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from fledge.errors import BrokenOff, GenerationError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5
MOST_RETRY_SECONDS = 86_400
UNAVAILABLE = 503
TIMED_OUT = 504

Json = dict[str, Any]

_DELAY = re.compile(r"[0-9]{1,6}")


class UpstreamFailed(GenerationError):
    """The other server refused, failed or could not be reached.

    `status` is the server's own for errors that the client can mend (400, 404, 413, 422, 429), else
    502 to 504.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after


class UpstreamBrokeOff(UpstreamFailed, BrokenOff):
    """The other server failed after it had begun to answer."""

    @classmethod
    def after(cls, failure: UpstreamFailed) -> "UpstreamBrokeOff":
        """Return a failure as one that came after the answer's beginning."""
        return cls(failure.status, str(failure), failure.code, failure.param, failure.retry_after)

    @classmethod
    def without_end(cls) -> "UpstreamBrokeOff":
        """Return the failure of a stream that ended without saying that the answer had."""
        return cls(
            502,
            "the upstream broke off: its stream ended without a finish reason and without [DONE]",
            "upstream_broke_off",
        )


@dataclass(frozen=True, slots=True)
class failures_told:  # noqa: N801  (a context manager reads like a function)
    """Translates exceptions of httpx and JSON into `UpstreamFailed`."""

    shown: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case httpx.TimeoutException():
                logger.warning("the upstream %s took too long", self.shown)
                raise UpstreamFailed(
                    TIMED_OUT, "the upstream took too long", "upstream_timeout"
                ) from error
            case httpx.HTTPError() | httpx.InvalidURL() | httpx.StreamError():
                # Its address is for the log; people who chat have no use for it.
                logger.warning("the upstream %s: %s", self.shown, error)
                raise UpstreamFailed(
                    UNAVAILABLE,
                    "the upstream cannot be reached or broke off",
                    "upstream_unavailable",
                    retry_after=RETRY_SECONDS,
                ) from error


def told_failure(told: Json) -> UpstreamFailed:
    """Return an error that the server tells in the midst of a stream."""
    return UpstreamFailed(502, f"the upstream failed: {_message(told)}", "upstream_error")


def json_body(body: Json) -> bytes:
    """Return a request as JSON in UTF-8.

    Raises:
        UpstreamFailed: there is no spelling for a text or a number in it (400).
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise UpstreamFailed(
            400, "a text of the request holds half of a surrogate pair; remove it", "invalid_json"
        ) from error
    except ValueError as error:
        raise UpstreamFailed(
            400, "a number of the request is infinite, or none (NaN); leave it out", "invalid_json"
        ) from error


def json_object(content: bytes) -> Json:
    """Return a body or an event as a JSON object. Raises `UpstreamFailed` for anything else."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise UpstreamFailed(502, "the upstream's answer is not JSON", "upstream_error") from error
    if not isinstance(value, dict):
        raise UpstreamFailed(502, "the upstream's answer is not an object", "upstream_error")
    return value


def require_success(response: httpx.Response, content: bytes) -> None:
    """Raise unless the status is a success; pass on errors that the client can mend."""
    if response.is_success:
        return
    status = response.status_code
    body: Json = {}
    with suppress(UpstreamFailed):
        body = json_object(content)
    if status in (401, 403):
        raise UpstreamFailed(
            502,
            f"the upstream does not accept this server's key ({status}); its administrator "
            "must name a valid one with --upstream-key-env",
            "upstream_unauthorized",
        )
    if status in (400, 404, 413, 422, 429):
        error = body.get("error")
        fields: Mapping[str, object] = error if isinstance(error, dict) else {}
        raise UpstreamFailed(
            400 if status == 422 else status,
            _message(body) or f"the upstream answers {status}",
            _text(fields.get("code")),
            _text(fields.get("param")),
            _seconds(response.headers.get("retry-after")) if status == 429 else None,
        )
    code = "upstream_unavailable" if status == UNAVAILABLE else "upstream_error"
    retry_after = _seconds(response.headers.get("retry-after")) if status == UNAVAILABLE else None
    raise UpstreamFailed(
        UNAVAILABLE if status == UNAVAILABLE else 502,
        f"the upstream answers {status}: {_message(body) or response.reason_phrase}",
        code,
        retry_after=retry_after,
    )


def _message(body: Json) -> str:
    """Return the message of an error in OpenAI's form, vLLM's older one, or FastAPI's."""
    error = body.get("error", body.get("message", body.get("detail", "")))
    return str(error.get("message", "") if isinstance(error, dict) else error)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: str | None) -> int:
    """Return a `Retry-After`, a number or a date, in seconds; other text becomes the usual wait."""
    if value is None:
        return RETRY_SECONDS
    if _DELAY.fullmatch(value):
        return int(value)
    try:
        wait = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return RETRY_SECONDS
    return min(max(0, math.ceil(wait)), MOST_RETRY_SECONDS)
