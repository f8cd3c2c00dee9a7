"""From a message of the tree to what the model is asked: the turns above it, and how to sample."""

from collections.abc import Sequence

from fledge.database import Conversation as StoredConversation
from fledge.database import StoredMessage
from fledge.serve.models.answers import ChatAsk
from fledge.serve.people.person import Person
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.web.knowledge import with_passages
from fledge.serve.web.shapes import Citation
from fledge.text.conversation import Conversation, Message, Role

TITLE_CHARACTERS = 48


def title_of(text: str) -> str:
    """The first words that a person said."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    return f"{line[: TITLE_CHARACTERS - 1].rstrip()}…"


def conversation_of(system_prompt: str | None, path: Sequence[StoredMessage]) -> Conversation:
    """What the model reads: the system prompt and the turns, without answers that say nothing.

    What one side says twice in a row, as where an answer failed or a person took over, is one
    turn: many chat templates take no other conversation than one that alternates.
    """
    turns = [Message("system", system_prompt)] if system_prompt else []
    for message in path:
        role: Role = "user" if message.role == "user" else "assistant"
        if not message.content:
            continue
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(role, message.content))
    return Conversation(tuple(turns))


def chat_ask(
    person: Person,
    chat: StoredConversation,
    path: Sequence[StoredMessage],
    model: str,
    *,
    begun: str = "",
    citations: Sequence[Citation] = (),
) -> ChatAsk:
    """The next answer to the last message of `path`; the oldest turns go where it is too long.

    `begun`: what that answer says already. `citations` are read before the turns.
    """
    system_prompt = with_passages(chat.system_prompt, citations)
    return ChatAsk(
        model=model,
        conversation=conversation_of(system_prompt, path),
        user=person.id,
        wishes=SamplingWishes.model_validate(chat.sampling),
        truncate=True,
        begun=begun,
    )
