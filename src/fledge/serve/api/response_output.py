"""A response as it stands: its items, its status, and what it repeats of the request."""

from dataclasses import dataclass
from typing import Any

from fledge.serve.api.response_store import ResponseStore, Stored
from fledge.serve.models.answers import AnswerStream, SentReason, Written
from fledge.serve.models.structure import Structure
from fledge.serve.people.person import Person
from fledge.serve.schemas.common import Incomplete, Repeating
from fledge.serve.schemas.responses import (
    AnswerFormat,
    OutputCall,
    OutputItem,
    OutputMessage,
    OutputText,
    ResponseObject,
    ResponseRequest,
    ResponseUsage,
    SchemaFormat,
    TextForm,
)
from fledge.serve.schemas.wishes import NO_LIMIT
from fledge.text.conversation import Conversation, Message, ToolCall


@dataclass(frozen=True, slots=True)
class Responding:
    """Request and the answer that is being written to it."""

    id: str
    created: int
    request: ResponseRequest
    person: Person
    turns: Conversation
    structure: Structure
    answer: AnswerStream

    @property
    def message_id(self) -> str:
        """Id of the message in the output."""
        return f"msg_{self.id.removeprefix('resp_')}"

    def message(self, text: str | None, reason: SentReason | None) -> OutputMessage:
        """Return the message as it stands; without a reason it is unfinished."""
        return OutputMessage(
            id=self.message_id,
            status="in_progress" if reason is None else item_status(reason),
            content=[] if text is None else [OutputText(text=text)],
        )

    def items(self, said: Written) -> list[OutputItem]:
        """Return the finished output: a message where there is text or no call, then the calls."""
        reason = said.reason()
        calls: list[OutputItem] = [
            call_item(call, item_status(reason) if call is said.calls[-1] else "completed")
            for call in said.calls
        ]
        if not calls:
            return [self.message(said.text, reason)]
        return [self.message(said.text, "stop"), *calls] if said.text else calls

    def response(self, said: Written | None = None) -> ResponseObject:
        """Return the response as it stands; without what was said it is unfinished."""
        request, reason = self.request, None if said is None else said.reason()
        longest = request.max_output_tokens
        early = {"length": "max_output_tokens", "content_filter": "content_filter"}
        details = None
        if said is not None and reason in early:
            details = Incomplete.model_validate({"reason": early[reason]})
            if said.finish_reason == "repetition":
                details = Repeating(reason=details.reason, stop_reason="repetition")
        return ResponseObject(
            id=self.id,
            created_at=self.created,
            status="in_progress" if reason is None else "incomplete" if details else "completed",
            incomplete_details=details,
            instructions=request.instructions,
            max_output_tokens=None if longest == NO_LIMIT else longest,
            metadata=request.metadata or {},
            model=self.answer.model,
            output=[] if said is None else self.items(said),
            previous_response_id=request.previous_response_id,
            store=request.store is not False,
            temperature=request.temperature,
            text=TextForm(format=_format(request)),
            top_p=request.top_p,
            truncation=request.truncation or "disabled",
            usage=self.usage(),
            **_tools(request, self.structure),
        )

    def usage(self) -> ResponseUsage:
        """Return the token counts."""
        read, wrote = self.answer.prompt_tokens, self.answer.completion_tokens
        return ResponseUsage(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)


def call_item(call: ToolCall, status: str) -> OutputCall:
    """Return a call as an item of the output."""
    return OutputCall.model_validate(
        {
            "id": call.id.replace("call_", "fc_", 1),
            "status": status,
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
    )


def item_status(reason: SentReason) -> str:
    """Return the status of an item that ended for this reason."""
    return "completed" if reason == "stop" else "incomplete"


def finish(responding: Responding, said: Written, store: ResponseStore) -> ResponseObject:
    """Return the response at its end, and store it unless the request forbids it."""
    response = responding.response(said)
    if response.store:
        turn = Message("assistant", said.text, calls=tuple(said.calls))
        turns = responding.turns.with_messages((*responding.turns.messages, turn))
        size = len(response.model_dump_json(by_alias=True))
        store.keep(Stored(responding.person.id, response, turns, size))
    return response


def _format(request: ResponseRequest) -> AnswerFormat | SchemaFormat:
    asked = None if request.text is None else request.text.format
    if asked is None or asked.type == "text":
        return AnswerFormat()
    if asked.type == "json_object":
        return AnswerFormat(type="json_object")
    return SchemaFormat.model_validate(
        {
            "name": asked.name or "answer",
            "schema": asked.schema_ or {},
            "strict": bool(asked.strict),
        }
    )


def _tools(request: ResponseRequest, structure: Structure) -> dict[str, Any]:
    """Return the fields of a response that repeat its tools; none where there are none."""
    if not request.tools:
        return {}
    choice = structure.sent["tool_choice"]
    if isinstance(choice, dict):
        choice = {"type": "function", "name": choice["function"]["name"]}
    told = [
        {"description": None, "parameters": None, "strict": None, **tool.model_dump()}
        for tool in request.tools
    ]
    return {"tools": told, "tool_choice": choice, "parallel_tool_calls": structure.several}
