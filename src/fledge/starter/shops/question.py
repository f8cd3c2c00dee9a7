"""A question of a customer at the end of a conversation, with the marks of a right answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from fledge.starter.shops.conversations import ASKED_LENGTHS, conversations
from fledge.starter.shops.shop import Tone
from fledge.starter.shops.turn import Turn
from fledge.starter.task import Split
from fledge.text.conversation import Conversation


@dataclass(frozen=True, slots=True)
class ShopQuestion:
    """A prompt for a model, and what the ranking rule knows about it. Models see `conversation`."""

    conversation: Conversation
    turn: Turn
    tone: Tone

    @property
    def told(self) -> str:
        """Return everything that was said before the question, the system prompt included."""
        return "\n".join(message.content for message in self.conversation.messages[:-1])


def questions(
    seed: int, count: int, split: Split = "train", lengths: Sequence[int] = ASKED_LENGTHS
) -> list[ShopQuestion]:
    """Return the last questions of `count` conversations, each of another random shop.

    Another seed than that of the demonstrations draws other shops.
    """
    chats = conversations(seed, count, split, lengths)
    return [ShopQuestion(chat.prompt, chat.turns[-1], chat.shop.tone) for chat in chats]


def held_out(seed: int, count: int) -> list[ShopQuestion]:
    """Return questions to shops whose trades, people and names no demonstration has."""
    return questions(seed, count, "held_out")
