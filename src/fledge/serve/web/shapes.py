"""Requests and replies of the chat page: the JSON of `/api/conversations` and its neighbours."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from fledge.database import Conversation as StoredConversation
from fledge.database import Rating, StoredMessage
from fledge.database.assistants import Assistant
from fledge.database.chat_search import Found
from fledge.database.folding import Span
from fledge.database.stored_text import is_text
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.show.markdown import render
from fledge.serve.web.sources import Citation, used_passages

LONGEST_TEXT = 200_000
"""Characters of one message or system prompt."""
MOST_MODELS = 2
MOST_FIELDS = 100
"""Fields of a request; each unknown one would have an error of its own."""
MOST_SECONDS = 86_400.0
"""Seconds that a choice between two answers can take: a day."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
Prompt = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
ModelName = Annotated[str, StringConstraints(max_length=200)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Asked(BaseModel):
    """Body of a request; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _has_only_characters(cls, body: object) -> object:
        """Refuse NUL and half surrogate pairs, which no database stores."""
        if isinstance(body, dict) and len(body) > MOST_FIELDS:
            raise ValueError(f"expected at most {MOST_FIELDS} fields, found {len(body):,}")
        if not is_text(body):
            raise ValueError(
                "the text contains an invalid character (NUL or half of a surrogate pair)"
            )
        return body


class NewConversation(Asked):
    """Chat to begin."""

    title: Annotated[str, StringConstraints(max_length=200)] = ""
    model: ModelName | None = None
    system_prompt: Prompt | None = None
    sampling: SamplingWishes = SamplingWishes()
    temporary: bool = False
    assistant_id: str | None = None
    folder_id: str | None = None


class ChangedConversation(Asked):
    """Changes of a chat; fields that are not named stay, and their defaults are never read."""

    title: Title = ""
    model: ModelName | None = None
    system_prompt: Prompt | None = None
    sampling: SamplingWishes = SamplingWishes()
    current_message_id: str = ""
    pinned: bool = False
    archived: bool = False
    folder_id: str | None = None


class NewMessage(Asked):
    """Message of a person; with two models, two answers are written to be compared."""

    parent_id: str | None = None
    content: Text
    models: list[str] = Field(min_length=1, max_length=MOST_MODELS)


class NewAnswer(Asked):
    """Wish for another answer to `parent_id`, or for the rest of the answer `continues`."""

    parent_id: str
    models: list[str] = Field(min_length=1, max_length=MOST_MODELS)
    continues: str | None = None


class NewRating(Asked):
    """Thumb to store; 0 takes it back."""

    value: Annotated[int, Field(ge=-1, le=1, strict=True)]
    reasons: list[Annotated[str, StringConstraints(max_length=60)]] = Field(
        default_factory=list, max_length=12
    )
    comment: Annotated[str, StringConstraints(max_length=1_000)] = ""


class NewPreference(Asked):
    """Choice between two answers to `prompt_id`: groups of ids, best first, ties together."""

    prompt_id: str
    ranking: list[Annotated[list[str], Field(max_length=MOST_MODELS)]] = Field(
        min_length=1, max_length=2
    )
    seconds: float | None = Field(None, ge=0, le=MOST_SECONDS, strict=True)


class NewDemonstration(Asked):
    """Answer that the person would have given."""

    content: Text


class Thumb(BaseModel):
    """Rating as the page shows it."""

    value: int
    reasons: list[str]
    comment: str

    @classmethod
    def of(cls, rating: Rating) -> "Thumb":
        """Convert a stored rating."""
        return cls(value=rating.value, reasons=list(rating.reasons), comment=rating.comment)


class MessageShown(BaseModel):
    """One turn; `html` is safe, and null while the text grows and for a person's own text."""

    id: str
    parent_id: str | None
    role: str
    content: str
    html: str | None
    model: str | None
    status: str
    finish_reason: str | None
    error: str | None
    run_id: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float | None
    by: str | None
    """Person or persona that wrote it in place of a model."""
    rating: Thumb | None
    compare: str | None
    """Name of the pair that waits for a choice."""
    citations: list[Citation]
    """Passages that the finished answer uses."""
    created_at: float


def message_shown(
    message: StoredMessage,
    *,
    rating: Rating | None = None,
    run_id: str | None = None,
    is_judged: bool = False,
) -> MessageShown:
    """Convert a stored message."""
    details = message.details
    seconds, by, pair = details.get("seconds"), details.get("by"), details.get("compare")
    is_final = message.role == "assistant" and message.status != "running"
    is_comparable = bool(message.content) or not is_final
    return MessageShown(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        html=render(message.content) if is_final else None,
        model=message.model,
        status=message.status,
        finish_reason=message.finish_reason,
        error=message.error,
        run_id=run_id,
        prompt_tokens=message.prompt_tokens,
        completion_tokens=message.completion_tokens,
        seconds=seconds if isinstance(seconds, float | int) else None,
        by=by if isinstance(by, str) else None,
        rating=None if rating is None else Thumb.of(rating),
        compare=pair if isinstance(pair, str) and is_comparable and not is_judged else None,
        citations=sources_of(message) if is_final else [],
        created_at=message.created_at,
    )


def sources_of(message: StoredMessage) -> list[Citation]:
    """Return the passages that an answer uses, of those that were read before it."""
    read, asked = message.details.get("citations"), message.details.get("question_words")
    if not isinstance(read, list):
        return []
    passages = [Citation.model_validate(each) for each in read]
    words = [str(word) for word in asked] if isinstance(asked, list) else []
    return used_passages(message.content, passages, words)


class AssistantShown(BaseModel):
    """Assistant as a chat shows it."""

    id: str
    name: str
    description: str
    greeting: str
    suggestions: list[str]
    model: str | None

    @classmethod
    def of(cls, stored: Assistant) -> "AssistantShown":
        """Convert a stored assistant."""
        return cls(
            id=stored.id,
            name=stored.name,
            description=stored.description,
            greeting=stored.greeting,
            suggestions=list(stored.suggestions),
            model=stored.model,
        )


class PersonWanted(BaseModel):
    """State of a hand-over, and the name of the person who has come."""

    status: Literal["waiting", "taken"]
    name: str | None


class ConversationShown(BaseModel):
    """Chat in the list; `snippet` is the place that a search found.

    The hits are start and end, in code points, of the found words in title and snippet.
    """

    id: str
    title: str
    model: str | None
    pinned: bool
    archived: bool
    temporary: bool
    folder_id: str | None
    system_prompt: str | None
    sampling: dict[str, object]
    current_message_id: str | None
    updated_at: float
    snippet: str | None = None
    title_hits: tuple[Span, ...] = ()
    snippet_hits: tuple[Span, ...] = ()

    @classmethod
    def of(cls, stored: StoredConversation, found: Found | None = None) -> "ConversationShown":
        """Convert a stored chat."""
        return cls(
            id=stored.id,
            title=stored.title,
            model=stored.model,
            pinned=stored.pinned,
            archived=stored.archived,
            temporary=stored.temporary,
            folder_id=stored.folder_id,
            # An assistant's prompt stays with its owner, because it may hold a game's secret.
            system_prompt=stored.system_prompt if stored.assistant_id is None else None,
            sampling=stored.sampling,
            current_message_id=stored.current_message_id,
            updated_at=stored.updated_at,
            snippet=None if found is None else found.excerpt,
            title_hits=() if found is None else found.title_hits,
            snippet_hits=() if found is None else found.hits,
        )


class ConversationDetail(ConversationShown):
    """Chat with all its turns."""

    assistant: AssistantShown | None = None
    hand_over: PersonWanted | None = None
    returned: bool = Field(False, exclude_if=lambda returned: not returned)
    """True, and only then named, from a person's leaving until the next message."""
    messages: list[MessageShown]


class ConversationPage(BaseModel):
    """Page of the list; `next` asks for the one after it."""

    conversations: list[ConversationShown]
    next: str | None


class Answered(BaseModel):
    """Chat and messages after a question or a wish for another answer."""

    conversation: ConversationShown
    messages: list[MessageShown]
