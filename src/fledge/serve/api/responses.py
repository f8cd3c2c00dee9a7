"""`POST /v1/responses`: OpenAI's newer API, answered as a chat; streams have named events."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from fledge.errors import FledgeError
from fledge.serve.api.fields import refuse_unread
from fledge.serve.errors import ApiError, error_replies, unsupported
from fledge.serve.http.error_handlers import from_fledge
from fledge.serve.models.answers import AnswerStream, ChatAsk, SentReason, sent_reason, written
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.chat import MOST_MESSAGES
from fledge.serve.schemas.fields import reasoning_of
from fledge.serve.schemas.responses import (
    DeletedResponse,
    DeltaEvent,
    ErrorEvent,
    Incomplete,
    ItemEvent,
    OutputMessage,
    OutputText,
    PartEvent,
    ResponseEvent,
    ResponseObject,
    ResponseRequest,
    ResponseUsage,
    TextDoneEvent,
)
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.show.streaming import Chunk, EventStream, whole_or_gone
from fledge.text.conversation import Conversation, Message

MOST_STORED = 1000
MOST_CHARACTERS = 50_000_000
MESSAGE_SIZE = 100  # characters that the memory of an empty message would hold


@dataclass(frozen=True, slots=True)
class Stored:
    """Finished response, its account, and the conversation to continue from it."""

    account_id: str
    response: ResponseObject
    conversation: Conversation

    @property
    def characters(self) -> int:
        """Number of characters in all its messages, each of which counts `MESSAGE_SIZE` more."""
        messages = self.conversation.messages
        return sum(len(message.content) + MESSAGE_SIZE for message in messages)


class ResponseStore:
    """Keep the newest responses in memory; they end with the server."""

    def __init__(self, most: int = MOST_STORED, most_characters: int = MOST_CHARACTERS) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._kept: OrderedDict[str, Stored] = OrderedDict()
        self._lock = threading.RLock()

    def keep(self, stored: Stored) -> None:
        """Add a response; drop the oldest while there are too many, or too many characters."""
        with self._lock:
            self._kept[stored.response.id] = stored
            self._characters += stored.characters
            while len(self._kept) > self._most or self._characters > self._most_characters:
                self._drop(next(iter(self._kept)))

    def get(self, person: Person, id_: str, param: str | None = None) -> Stored:
        """Return a response of the person. Raises `ApiError` 404 for any other."""
        stored = self._kept.get(id_)
        if stored is None or stored.account_id != person.id:
            raise ApiError(
                404,
                f"There is no response {id_!r}. The server keeps the newest {self._most:,} "
                "responses until it stops.",
                param=param,
                code="response_not_found",
            )
        return stored

    def delete(self, person: Person, id_: str) -> None:
        """Forget a response of the person. Raises `ApiError` 404 for any other."""
        with self._lock:
            self._drop(self.get(person, id_).response.id)

    def forget(self, account_id: str) -> None:
        """Forget all responses of a person."""
        with self._lock:
            theirs = [id_ for id_, each in self._kept.items() if each.account_id == account_id]
            for id_ in theirs:
                self._drop(id_)

    def _drop(self, id_: str) -> None:
        self._characters -= self._kept.pop(id_).characters


@dataclass(frozen=True, slots=True)
class Responding:
    """Request and the answer that is being written to it."""

    id: str
    created: int
    request: ResponseRequest
    person: Person
    turns: Conversation
    answer: AnswerStream

    @property
    def item_id(self) -> str:
        """Id of the only item of the output."""
        return f"msg_{self.id.removeprefix('resp_')}"

    def item(self, text: str | None, reason: SentReason | None) -> OutputMessage:
        """Return the output as it stands; without a reason it is unfinished."""
        done = "completed" if reason == "stop" else "incomplete"
        return OutputMessage(
            id=self.item_id,
            status="in_progress" if reason is None else done,
            content=[] if text is None else [OutputText(text=text)],
        )

    def response(self, text: str | None = None, reason: SentReason | None = None) -> ResponseObject:
        """Return the response as it stands."""
        request = self.request
        early = {"length": "max_output_tokens", "content_filter": "content_filter"}
        details = None
        if reason is not None and reason in early:
            details = Incomplete.model_validate({"reason": early[reason]})
        return ResponseObject(
            id=self.id,
            created_at=self.created,
            status="in_progress" if reason is None else "incomplete" if details else "completed",
            incomplete_details=details,
            instructions=request.instructions,
            max_output_tokens=request.max_output_tokens,
            metadata=request.metadata or {},
            model=self.answer.model,
            output=[] if reason is None else [self.item(text or "", reason)],
            previous_response_id=request.previous_response_id,
            store=request.store is not False,
            temperature=request.temperature,
            top_p=request.top_p,
            truncation=request.truncation or "disabled",
            usage=self.usage(),
        )

    def usage(self) -> ResponseUsage:
        """Return the token counts."""
        read, wrote = self.answer.prompt_tokens, self.answer.completion_tokens
        return ResponseUsage(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)


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
        ask = ask_of(request, turns, identity.user_of(person, request.user))
        answer = await service.answer(ask, person, quota)
        id_ = f"resp_{uuid.uuid4().hex}"
        responding = Responding(id_, int(clock()), request, person, turns, answer)
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
    if request.tools:
        raise unsupported("tools", "Tools are not supported; leave `tools` out.")
    if request.background:
        raise unsupported("background", "Background responses are not supported.")
    if request.prompt is not None:
        raise unsupported("prompt", "Stored prompts are not supported; send their text.")
    form = None if request.text is None else request.text.format
    if form is not None and form.type != "text":
        raise unsupported("text.format", "Only the format 'text' is supported.")


def turns_of(request: ResponseRequest, store: ResponseStore, person: Person) -> Conversation:
    """Return the conversation so far, without the instructions."""
    before: tuple[Message, ...] = ()
    if request.previous_response_id is not None:
        id_ = request.previous_response_id
        before = store.get(person, id_, "previous_response_id").conversation.messages
    if isinstance(request.input, str):
        added = [Message("user", request.input)]
    else:
        added = [
            Message("system" if item.role == "developer" else item.role, item.text())
            for item in request.input
        ]
    if len(before) + len(added) > MOST_MESSAGES:
        most = f"A conversation can have at most {MOST_MESSAGES:,} messages."
        raise ApiError(400, most, param="input")
    return Conversation((*before, *added))


def ask_of(request: ResponseRequest, turns: Conversation, user: str) -> ChatAsk:
    """Translate the request into an ask; `user` takes its turn where requests wait."""
    told = () if request.instructions is None else (Message("system", request.instructions),)
    return ChatAsk(
        model=request.model,
        conversation=Conversation((*told, *turns.messages)),
        user=user,
        wishes=SamplingWishes(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_output_tokens,
        ),
        truncate=request.truncation == "auto",
        extra=reasoning_of(request),
    )


async def whole(responding: Responding, store: ResponseStore) -> ResponseObject:
    """Return the finished response."""
    (said,) = await written(responding.answer)
    return finish(responding, said.text, said.reason(), store)


def finish(
    responding: Responding, text: str, reason: SentReason, store: ResponseStore
) -> ResponseObject:
    """Return the response at its end, and store it unless the request forbids it."""
    response = responding.response(text, reason)
    if response.store:
        turns = responding.turns.then("assistant", text)
        store.keep(Stored(responding.person.id, response, turns))
    return response


async def events(responding: Responding, store: ResponseStore) -> AsyncIterator[Chunk]:
    """Yield the stream: created, item and part added, deltas, and each of them done."""
    item_id, number, text = responding.item_id, 0, ""
    reason: SentReason = "length"

    def count() -> int:
        nonlocal number
        number += 1
        return number - 1

    started = responding.response()
    yield ResponseEvent(type="response.created", sequence_number=count(), response=started)
    yield ResponseEvent(type="response.in_progress", sequence_number=count(), response=started)
    yield ItemEvent(
        type="response.output_item.added",
        sequence_number=count(),
        item=responding.item(None, None),
    )
    yield PartEvent(
        type="response.content_part.added",
        sequence_number=count(),
        item_id=item_id,
        part=OutputText(text=""),
    )
    try:
        async for _, piece in responding.answer.events():
            text += piece.text
            if piece.text:
                yield DeltaEvent(sequence_number=count(), item_id=item_id, delta=piece.text)
            if piece.finish_reason is not None:
                reason = sent_reason(piece.finish_reason)
    except FledgeError as error:
        told = from_fledge(error)
        yield ErrorEvent(
            sequence_number=count(), code=told.code, message=told.message, param=told.param
        )
        return
    yield TextDoneEvent(sequence_number=count(), item_id=item_id, text=text)
    yield PartEvent(
        type="response.content_part.done",
        sequence_number=count(),
        item_id=item_id,
        part=OutputText(text=text),
    )
    yield ItemEvent(
        type="response.output_item.done",
        sequence_number=count(),
        item=responding.item(text, reason),
    )
    response = finish(responding, text, reason, store)
    end = "response.completed" if response.status == "completed" else "response.incomplete"
    yield ResponseEvent.model_validate(
        {"type": end, "sequence_number": count(), "response": response}
    )


async def named_events(chunks: AsyncIterator[Chunk]) -> AsyncIterator[bytes]:
    """Frame each event under the name of its type; there is no `[DONE]`."""
    async for chunk in chunks:
        assert isinstance(chunk, BaseModel)
        data = chunk.model_dump_json()
        name = chunk.model_dump(include={"type"})["type"]
        yield f"event: {name}\ndata: {data}\n\n".encode()
