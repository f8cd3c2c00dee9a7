"""A response as a stream of named events: items added, deltas, and each of them done."""

from collections.abc import AsyncIterator, Iterator

from pydantic import BaseModel

from fledge.errors import FledgeError
from fledge.serve.api.response_output import Responding, call_item, finish, item_status
from fledge.serve.api.response_store import ResponseStore
from fledge.serve.http.error_handlers import from_fledge
from fledge.serve.models.answers import Piece, Written
from fledge.serve.schemas.responses import (
    ArgumentsDoneEvent,
    ArgumentsEvent,
    DeltaEvent,
    ErrorEvent,
    ItemEvent,
    OutputText,
    PartEvent,
    ResponseEvent,
    TextDoneEvent,
)
from fledge.serve.show.streaming import Chunk


class ItemEvents:
    """Events of the items of one response, numbered; only one item is open at a time."""

    def __init__(self, responding: Responding) -> None:
        self.said = Written()
        self._responding = responding
        self._number = 0
        self._has_message = False
        self._is_message_open = False
        self._open_call: int | None = None

    def count(self) -> int:
        """Return the number of the next event."""
        self._number += 1
        return self._number - 1

    def open_message(self) -> Iterator[Chunk]:
        """Yield the beginning of the message."""
        self._has_message = self._is_message_open = True
        yield ItemEvent(
            type="response.output_item.added",
            sequence_number=self.count(),
            item=self._responding.message(None, None),
        )
        yield PartEvent(
            type="response.content_part.added",
            sequence_number=self.count(),
            item_id=self._responding.message_id,
            part=OutputText(text=""),
        )

    def piece(self, piece: Piece) -> Iterator[Chunk]:
        """Yield what a piece of the answer adds."""
        self.said.add(piece)
        if piece.text:
            if not self._has_message:
                yield from self.open_message()
            yield DeltaEvent(
                sequence_number=self.count(),
                item_id=self._responding.message_id,
                delta=piece.text,
            )
        for part in piece.calls:
            if part.id:
                yield from self._close("completed")
                self._open_call = part.index
                yield self._item("response.output_item.added", part.index, "in_progress")
            if part.arguments:
                yield ArgumentsEvent(
                    sequence_number=self.count(),
                    item_id=call_item(self.said.calls[part.index], "in_progress").id,
                    output_index=self._place(part.index),
                    delta=part.arguments,
                )

    def end(self) -> Iterator[Chunk]:
        """Yield the ends of the items that are open; an answer without any has an empty message."""
        if not self._has_message and not self.said.calls:
            yield from self.open_message()
        yield from self._close(item_status(self.said.reason()))

    def _close(self, status: str) -> Iterator[Chunk]:
        if self._is_message_open:
            self._is_message_open = False
            yield from self._message_done()
        if self._open_call is not None:
            index, self._open_call = self._open_call, None
            call = call_item(self.said.calls[index], status)
            yield ArgumentsDoneEvent(
                sequence_number=self.count(),
                item_id=call.id,
                output_index=self._place(index),
                name=call.name,
                arguments=call.arguments,
            )
            yield self._item("response.output_item.done", index, status)

    def _message_done(self) -> Iterator[Chunk]:
        text, reason = self.said.text, self.said.reason()
        yield TextDoneEvent(
            sequence_number=self.count(), item_id=self._responding.message_id, text=text
        )
        yield PartEvent(
            type="response.content_part.done",
            sequence_number=self.count(),
            item_id=self._responding.message_id,
            part=OutputText(text=text),
        )
        yield ItemEvent(
            type="response.output_item.done",
            sequence_number=self.count(),
            item=self._responding.message(text, "stop" if self.said.calls else reason),
        )

    def _place(self, index: int) -> int:
        """Return the place of a call in the output, where the message comes first."""
        return index + self._has_message

    def _item(self, kind: str, index: int, status: str) -> ItemEvent:
        call = call_item(self.said.calls[index], status)
        if status == "in_progress":
            call = call.model_copy(update={"arguments": ""})
        return ItemEvent.model_validate(
            {
                "type": kind,
                "sequence_number": self.count(),
                "output_index": self._place(index),
                "item": call,
            }
        )


async def events(responding: Responding, store: ResponseStore) -> AsyncIterator[Chunk]:
    """Yield the stream: created, items with their parts and deltas, each of them done."""
    items = ItemEvents(responding)
    started = responding.response()
    yield ResponseEvent(type="response.created", sequence_number=items.count(), response=started)
    yield ResponseEvent(
        type="response.in_progress", sequence_number=items.count(), response=started
    )
    if not responding.structure.tools:
        for event in items.open_message():
            yield event
    try:
        async for _, piece in responding.answer.events():
            for event in items.piece(piece):
                yield event
    except FledgeError as error:
        told = from_fledge(error)
        yield ErrorEvent(
            sequence_number=items.count(), code=told.code, message=told.message, param=told.param
        )
        return
    for event in items.end():
        yield event
    response = finish(responding, items.said, store)
    end = "response.completed" if response.status == "completed" else "response.incomplete"
    yield ResponseEvent.model_validate(
        {"type": end, "sequence_number": items.count(), "response": response}
    )


async def named_events(chunks: AsyncIterator[Chunk]) -> AsyncIterator[bytes]:
    """Frame each event under the name of its type; there is no `[DONE]`."""
    async for chunk in chunks:
        assert isinstance(chunk, BaseModel)
        data = chunk.model_dump_json(by_alias=True)
        name = chunk.model_dump(include={"type"})["type"]
        yield f"event: {name}\ndata: {data}\n\n".encode()
