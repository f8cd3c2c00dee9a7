"""Relay requests to an upstream: passed on as they came, within our own limits."""

from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from fledge.serve.models.registry import UpstreamModel
from fledge.serve.models.remote import total_tokens
from fledge.serve.models.service import ModelService
from fledge.serve.people.quota import CountedRequest
from fledge.serve.show.streaming import EventStream


async def relay(
    service: ModelService,
    model: UpstreamModel,
    path: str,
    body: BaseModel,
    request: CountedRequest,
    stream: bool = False,
) -> Response:
    """Return the upstream's answer to a request; `path` is relative to the upstream's base URL.

    Raises:
        UpstreamFailed: there is no answer.
        LimitReached: the person's limits are reached.
    """
    sent = {**body.model_dump(mode="json", exclude_unset=True), "model": model.id}
    with request.admit(model.id, 0) as admission:
        if stream:
            relayed = await service.relay_stream(model, path, sent, admission)
            return EventStream(relayed.chunks(), relayed.close, admission.headers)
        answer = await service.relay(model, path, sent, admission)
        admission.close(total_tokens(answer))
        return JSONResponse(answer, headers=dict(admission.headers))
