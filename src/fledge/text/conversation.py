"""Messages of people and models, calls of tools, conversations, and a conversation as ids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final, get_args, overload

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Call of a tool by the assistant; `arguments` is JSON as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Function that the assistant may call.

    `definition` is JSON in OpenAI's form, as templates tell it; `parameters` is the JSON Schema of
    its arguments.
    """

    name: str
    definition: str
    parameters: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, and the text.

    An assistant's turn that is not `learned` is context only: SFT does not imitate it. Its `calls`
    of tools follow its text. A tool's turn answers the call `call_id`.
    """

    role: Role
    content: str
    learned: bool = True
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, oldest first, and the tools that the assistant may call."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()

    def then(self, role: Role, content: str) -> "Conversation":
        """Return this conversation with one more turn."""
        return self.with_messages((*self.messages, Message(role, content)))

    def with_messages(self, messages: tuple[Message, ...]) -> "Conversation":
        """Return a conversation of these turns with the same tools."""
        return replace(self, messages=messages)

    def texts(self) -> Iterator[str]:
        """Yield every text that a prompt is made of: contents, calls and the tools' definitions."""
        for message in self.messages:
            yield message.content
            for call in message.calls:
                yield call.name
                yield call.arguments
        for tool in self.tools:
            yield tool.definition

    def records(self) -> list[dict[str, object]]:
        """Return its turns as files of chats and the OpenAI API write them."""
        return [_record(message) for message in self.messages]

    def shorter(self) -> "Shorter":
        """Return this conversation, then it without its oldest turn, its two oldest, …

        A turn is a user's message and all that follows it up to the next. System messages stay, and
        so does the newest turn.
        """
        dialogue = [i for i, message in enumerate(self.messages) if message.role != "system"]
        starts = [
            index
            for order, index in enumerate(dialogue)
            if order == 0 or self.messages[index].role == "user"
        ]
        return Shorter(self, tuple(starts or [0]))


@final
@dataclass(frozen=True, slots=True)
class Shorter(Sequence[Conversation]):
    """Ends of a conversation, the longest first; each is made when it is asked for.

    All of them at once would take memory with the square of the turns. `starts` rises: the first
    message of each end, beside the system messages before it.
    """

    whole: Conversation
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> Conversation: ...
    @overload
    def __getitem__(self, index: slice) -> "Shorter": ...
    def __getitem__(self, index: int | slice) -> "Conversation | Shorter":
        if isinstance(index, slice):
            return Shorter(self.whole, self.starts[index])
        messages, start = self.whole.messages, self.starts[index]
        system = tuple(message for message in messages[:start] if message.role == "system")
        return self.whole.with_messages((*system, *messages[start:]))


@dataclass(frozen=True, slots=True)
class RenderedChat:
    """A conversation as the model reads it.

    `loss_mask` is as long as `ids`, True on what the assistant writes, its end-of-turn included;
    in a prompt for the next answer, True nowhere.
    """

    ids: list[int]
    loss_mask: list[bool]
    left_out: tuple[Role, ...] = ()
    """Roles of the messages that the template does not write as they stand; none in a prompt."""


def _record(message: Message) -> dict[str, object]:
    record: dict[str, object] = {"role": message.role, "content": message.content}
    if message.calls:
        record["content"] = message.content or None
        record["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    if message.call_id:
        record["tool_call_id"] = message.call_id
    return record
