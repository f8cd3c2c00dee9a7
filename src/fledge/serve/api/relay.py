"""Requests that an upstream answers as it likes: passed on as they came, within our limits."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from fledge.generate.upstream import ChunkStream
from fledge.serve.models.registry import UpstreamModel
from fledge.serve.people.limits import Admission
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.show.streaming import EventStream

Json = dict[str, Any]


async def relay(
    model: UpstreamModel,
    path: str,
    request: BaseModel,
    quota: Quota,
    person: Person,
    stream: bool = False,
) -> Response:
    """The upstream's answer to a request for its model; `path` is relative to its base URL.

    Raises:
        UpstreamFailed: it gave none.
        ApiError: the person's limits are reached.
    """
    body = {**request.model_dump(mode="json", exclude_unset=True), "model": model.id}
    admission = quota.admit(person, model.id, 0)
    started = False
    try:
        if not stream:
            answer = await model.server.post(path, body)
            admission.close(total_tokens(answer))
            return JSONResponse(answer, headers=dict(admission.headers))
        chunks = await model.server.stream(path, body)
        started = True
    finally:
        if not started:
            admission.close()
    passing = Passing(chunks, admission)
    return EventStream(passing.chunks(), passing.close, admission.headers)


class Passing:
    """A stream on its way through; a chunk counts as a token unless the usage says otherwise."""

    def __init__(self, stream: ChunkStream, admission: Admission) -> None:
        self._stream = stream
        self._admission = admission
        self._tokens = 0

    async def chunks(self) -> AsyncIterator[Json]:
        """The chunks as they are."""
        async for chunk in self._stream.chunks():
            self._tokens = total_tokens(chunk) or self._tokens + 1
            yield chunk

    def close(self) -> None:
        """Hang up and charge."""
        self._stream.cancel()
        self._admission.close(self._tokens)


def total_tokens(answer: Json) -> int:
    """What an answer's usage says; 0 if it says nothing."""
    usage = answer.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0
