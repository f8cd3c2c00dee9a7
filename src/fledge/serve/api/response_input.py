"""Input of a response: items to the turns of a conversation, and those to an ask."""

from dataclasses import replace

from fledge.serve.api.history import OpenCalls, require_new
from fledge.serve.api.response_store import ResponseStore
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import ChatAsk
from fledge.serve.models.structure import Structure
from fledge.serve.people.person import Person
from fledge.serve.schemas.chat import MOST_MESSAGES
from fledge.serve.schemas.fields import reasoning_of
from fledge.serve.schemas.responses import (
    CallOutput,
    InputCall,
    InputItem,
    ResponseRequest,
    input_text,
)
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.text.conversation import Conversation, Message, ToolCall


def turns_of(request: ResponseRequest, store: ResponseStore, person: Person) -> Conversation:
    """Return the conversation so far, without the instructions.

    Raises:
        ApiError: a stored response is unknown, an output belongs to no call, or there are too many
            messages.
    """
    turns: list[Message] = []
    if request.previous_response_id is not None:
        id_ = request.previous_response_id
        turns += store.get(person, id_, "previous_response_id").conversation.messages
    if isinstance(request.input, str):
        turns.append(Message("user", request.input))
    else:
        open_calls = OpenCalls()
        for turn in turns:
            open_calls.after(turn)
        for index, item in enumerate(request.input):
            _add(turns, item, f"input.{index}", open_calls)
    if len(turns) > MOST_MESSAGES:
        most = f"A conversation can have at most {MOST_MESSAGES:,} messages."
        raise ApiError(400, most, param="input")
    return Conversation(tuple(turns))


def _add(turns: list[Message], item: InputItem, path: str, open_calls: OpenCalls) -> None:
    """Add an item; calls belong to the assistant's turn before them."""
    match item:
        case InputCall():
            call = ToolCall(item.call_id, item.name, item.arguments)
            speaks = bool(turns) and turns[-1].role == "assistant"
            turn = turns.pop() if speaks else Message("assistant", "")
            require_new(turn, item.call_id, f"{path}.call_id")
            turns.append(replace(turn, calls=(*turn.calls, call)))
        case CallOutput():
            open_calls.require(item.call_id, f"{path}.call_id")
            turns.append(Message("tool", input_text(item.output), call_id=item.call_id))
        case _:
            role = "system" if item.role == "developer" else item.role
            turns.append(Message(role, input_text(item.content)))
    open_calls.after(turns[-1])


def ask_of(
    request: ResponseRequest, turns: Conversation, structure: Structure, user: str
) -> ChatAsk:
    """Translate the request into an ask; `user` takes its turn where requests wait."""
    told = () if request.instructions is None else (Message("system", request.instructions),)
    return ChatAsk(
        model=request.model,
        conversation=Conversation((*told, *turns.messages), structure.told),
        user=user,
        wishes=SamplingWishes(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_output_tokens,
            stop_repetition=request.stop_repetition,
        ),
        truncate=request.truncation == "auto",
        extra=reasoning_of(request),
        structure=structure,
    )
