"""What people and models say to each other: messages, conversations, and a conversation as ids."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, and the text."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, oldest first."""

    messages: tuple[Message, ...]

    def then(self, role: Role, content: str) -> "Conversation":
        """This conversation with one more turn."""
        return Conversation((*self.messages, Message(role, content)))


@dataclass(frozen=True, slots=True)
class RenderedChat:
    """A conversation as the model reads it.

    `loss_mask` is as long as `ids`, True on what the assistant writes, its end-of-turn included;
    in a prompt for the next answer, True nowhere.
    """

    ids: list[int]
    loss_mask: list[bool]
