"""`POST /v1/responses`: OpenAI's newer API, answered as a chat; streams have named events."""

import uuid
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.response_events import events, named_events
from fledge.serve.api.response_input import ask_of, turns_of
from fledge.serve.api.response_output import Responding, finish
from fledge.serve.api.response_store import ResponseStore
from fledge.serve.api.structure import response_structure
from fledge.serve.errors import error_replies, unsupported
from fledge.serve.models.answers import written
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.responses import DeletedResponse, ResponseObject, ResponseRequest
from fledge.serve.show.streaming import EventStream, whole_or_gone


def response_routes(
    service: ModelService,
    identity: Identity,
    quota: Quota,
    store: ResponseStore,
    clock: Callable[[], float],
) -> APIRouter:
    """Make the routes; `clock` gives seconds since 1970."""
    router = APIRouter(tags=["Responses"])

    @router.post(
        "/v1/responses",
        response_model=ResponseObject,
        responses=error_replies(400, 401, 403, 404, 413, 429, 500, 503),
    )
    async def create_response(
        request: ResponseRequest,
        http: Request,
        person: Annotated[Person, Depends(identity.caller)],
    ) -> Response:
        """Create a response, also after a stored one; `stream` sends named events."""
        person.require_scope("chat")
        refuse_unread(request)
        refuse_unsupported(request)
        turns = turns_of(request, store, person)
        structure = response_structure(request)
        ask = ask_of(request, turns, structure, identity.user_of(person, request.user))
        answer = await service.answer(ask, person, quota)
        id_ = f"resp_{uuid.uuid4().hex}"
        responding = Responding(id_, int(clock()), request, person, turns, structure, answer)
        if request.stream:
            return EventStream(
                events(responding, store), answer.close, answer.headers, frame=named_events
            )
        return await whole_or_gone(http, whole(responding, store), answer.close, answer.headers)

    @router.get("/v1/responses/{response_id}", responses=error_replies(401, 403, 404))
    def retrieve_response(
        response_id: str, person: Annotated[Person, Depends(identity.caller)]
    ) -> ResponseObject:
        """Return a stored response."""
        person.require_scope("chat")
        return store.get(person, response_id).response

    @router.delete("/v1/responses/{response_id}", responses=error_replies(401, 403, 404))
    def delete_response(
        response_id: str, person: Annotated[Person, Depends(identity.caller)]
    ) -> DeletedResponse:
        """Delete a stored response."""
        person.require_scope("chat")
        store.delete(person, response_id)
        return DeletedResponse(id=response_id)

    return router


def refuse_unsupported(request: ResponseRequest) -> None:
    """Raise `ApiError` for features of the OpenAI API that an answer would silently lack."""
    if request.background:
        raise unsupported("background", "Background responses are not supported.")
    if request.prompt is not None:
        raise unsupported("prompt", "Stored prompts are not supported; send their text.")


async def whole(responding: Responding, store: ResponseStore) -> ResponseObject:
    """Return the finished response."""
    (said,) = await written(responding.answer)
    return finish(responding, said, store)
