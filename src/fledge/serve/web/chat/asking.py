"""Turn a stored message and the turns above it into an ask for the model."""

from collections.abc import Sequence

from fledge.database import Conversation as StoredConversation
from fledge.database import StoredMessage
from fledge.serve.models.answers import ChatAsk
from fledge.serve.people.person import Person
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.web.sources import Citation
from fledge.text.conversation import Conversation, Message, Role
from fledge.text.passages import with_passages

TITLE_CHARACTERS = 48


def title_of(text: str) -> str:
    """Return the first words of a message, at most 48 characters."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    return f"{line[: TITLE_CHARACTERS - 1].rstrip()}…"


def conversation_of(system_prompt: str | None, path: Sequence[StoredMessage]) -> Conversation:
    """Return the system prompt and the turns, without empty answers.

    Turns of one side in a row, as after a failed answer or a hand-over, are joined: many chat
    templates take only conversations that alternate.
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
    """Ask for an answer to the last message of `path`; the oldest turns of a long one are dropped.

    `begun` is the beginning of the answer. `citations` are read before the turns.
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
