"""Conversations as requests send them: messages, calls of tools and their results, checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fledge.serve.errors import ApiError, unsupported
from fledge.serve.schemas.chat import ChatMessage
from fledge.serve.schemas.tools import MOST_TOOLS
from fledge.text.conversation import Conversation, Message, ToolCall

FUNCTION_CALL_ID = "function_call"
"""Id of a call in the older form, which has none."""


@dataclass(slots=True)
class OpenCalls:
    """Calls of the newest assistant's turn that no result has answered yet."""

    ids: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def after(self, message: Message) -> None:
        """Note the calls of a turn; another turn than a tool's leaves none open."""
        if message.role == "tool":
            self.ids.discard(message.call_id)
        else:
            self.ids = {call.id for call in message.calls}
            self.known |= self.ids

    def require(self, call_id: str, path: str) -> None:
        """Raise `ApiError` unless the call waits for its result."""
        if call_id in self.ids:
            return
        if call_id in self.known:
            found = f"the call {call_id!r} already has a result, or other messages stand between"
        else:
            found = f"no call before has the id {call_id!r}"
        raise ApiError(
            400,
            f"A tool's result must follow the assistant's message that called it; {found}.",
            param=path,
        )


def require_new(turn: Message, call_id: str, path: str) -> None:
    """Raise `ApiError` if a turn already has a call of this id, or as many as it may have."""
    if any(call.id == call_id for call in turn.calls):
        raise ApiError(400, "Each call needs an id of its own.", param=path)
    if len(turn.calls) == MOST_TOOLS:
        most = f"One turn can have at most {MOST_TOOLS} calls; send their outputs between them."
        raise ApiError(400, most, param=path)


def conversation_of(messages: Sequence[ChatMessage]) -> Conversation:
    """Return the messages as a conversation.

    A `developer` turn is a system turn, and a function's turn is a tool's.

    Raises:
        ApiError: a result without its call, or a call of somebody else than the assistant.
    """
    open_calls = OpenCalls()
    turns: list[Message] = []
    for index, message in enumerate(messages):
        turn = _turn(message, f"messages.{index}", open_calls)
        open_calls.after(turn)
        turns.append(turn)
    return Conversation(tuple(turns))


def _turn(message: ChatMessage, path: str, open_calls: OpenCalls) -> Message:
    if message.audio is not None:
        raise unsupported(f"{path}.audio", "Audio is not supported; send text.")
    match message.role:
        case "assistant":
            return Message("assistant", message.text(), calls=_calls(message, path))
        case "tool":
            call_id, field_path = message.tool_call_id, f"{path}.tool_call_id"
        case "function":
            call_id, field_path = f"{FUNCTION_CALL_ID}:{message.name}", f"{path}.name"
        case role:
            _refuse_calls(message, path)
            return Message("system" if role == "developer" else role, message.text())
    _refuse_calls(message, path)
    if call_id is None:
        raise ApiError(400, "A tool's message needs the tool_call_id it answers.", param=field_path)
    open_calls.require(call_id, field_path)
    return Message("tool", message.text(), call_id=call_id)


def _calls(message: ChatMessage, path: str) -> tuple[ToolCall, ...]:
    calls = [
        ToolCall(call.id, call.function.name, call.function.arguments)
        for call in message.tool_calls or ()
    ]
    if message.function_call is not None:
        older = message.function_call
        calls.append(ToolCall(f"{FUNCTION_CALL_ID}:{older.name}", older.name, older.arguments))
    if len({call.id for call in calls}) < len(calls):
        raise ApiError(400, "Each call needs an id of its own.", param=f"{path}.tool_calls")
    return tuple(calls)


def _refuse_calls(message: ChatMessage, path: str) -> None:
    calls = {"tool_calls": message.tool_calls, "function_call": message.function_call}
    for name, value in calls.items():
        if value:
            raise ApiError(400, "Only the assistant calls tools.", param=f"{path}.{name}")
