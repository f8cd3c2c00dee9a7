"""Messages of people and models, conversations, and a conversation as ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final, get_args, overload

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, and the text.

    An assistant's turn that is not `learned` is context only: SFT does not imitate it.
    """

    role: Role
    content: str
    learned: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in order, oldest first."""

    messages: tuple[Message, ...]

    def then(self, role: Role, content: str) -> "Conversation":
        """Return this conversation with one more turn."""
        return Conversation((*self.messages, Message(role, content)))

    def records(self) -> list[dict[str, str]]:
        """Return its turns as files of chats and the OpenAI API write them."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

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
        return Shorter(self.messages, tuple(starts or [0]))


@final
@dataclass(frozen=True, slots=True)
class Shorter(Sequence[Conversation]):
    """Ends of a conversation, the longest first; each is made when it is asked for.

    All of them at once would take memory with the square of the turns. `starts` rises: the first
    message of each end, beside the system messages before it.
    """

    messages: tuple[Message, ...]
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> Conversation: ...
    @overload
    def __getitem__(self, index: slice) -> "Shorter": ...
    def __getitem__(self, index: int | slice) -> "Conversation | Shorter":
        if isinstance(index, slice):
            return Shorter(self.messages, self.starts[index])
        start = self.starts[index]
        system = tuple(m for m in self.messages[:start] if m.role == "system")
        return Conversation((*system, *self.messages[start:]))


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
