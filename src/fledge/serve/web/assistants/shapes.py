"""Requests and replies of the assistants' pages."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from fledge.database.assistants import Assistant
from fledge.database.knowledge import Document
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.web.shapes import Asked, Prompt

LONGEST_DOCUMENT = 2_000_000
"""Characters of a document."""
MOST_SUGGESTIONS = 12
MOST_ORIGINS = 20

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def _origin(value: str) -> str:
    """Return `https://shop.example` of an address; nothing else may enter a security policy."""
    parts = urlsplit(value.strip())
    host = parts.netloc.lower()
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise ValueError(f"expected an address such as https://shop.example, found {value!r}")
    return f"{parts.scheme}://{host}"


Origin = Annotated[str, StringConstraints(max_length=255), AfterValidator(_origin)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class AssistantFields(Asked):
    """Fields of an assistant; fields that are not named stay as they are."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        "Assistant"
    )
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    system_prompt: Prompt = ""
    model: Annotated[str, StringConstraints(max_length=200)] | None = None
    sampling: SamplingWishes = SamplingWishes()
    greeting: Annotated[str, StringConstraints(max_length=2_000)] = ""
    suggestions: list[Line] = Field(default_factory=list, max_length=MOST_SUGGESTIONS)
    allowed_origins: list[Origin] = Field(default_factory=list, max_length=MOST_ORIGINS)
    shared: bool = False


class NewDocument(Asked):
    """Text file to add."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_DOCUMENT)]


class DocumentShown(BaseModel):
    """Document of an assistant; `size` is in bytes."""

    id: str
    name: str
    size: int

    @classmethod
    def of(cls, stored: Document) -> "DocumentShown":
        """Convert a stored document."""
        return cls(id=stored.id, name=stored.name, size=stored.size)


class AssistantDetail(BaseModel):
    """Assistant with its documents, which only its owner is shown."""

    id: str
    name: str
    description: str
    system_prompt: str
    model: str | None
    sampling: dict[str, object]
    greeting: str
    suggestions: list[str]
    allowed_origins: list[str]
    shared: bool
    is_own: bool
    documents: list[DocumentShown]

    @classmethod
    def of(cls, stored: Assistant, documents: list[Document], is_own: bool) -> "AssistantDetail":
        """Convert a stored assistant."""
        return cls(
            id=stored.id,
            name=stored.name,
            description=stored.description,
            # the prompt may hold a game's secret
            system_prompt=stored.system_prompt if is_own else "",
            model=stored.model,
            sampling=stored.sampling,
            greeting=stored.greeting,
            suggestions=list(stored.suggestions),
            allowed_origins=list(stored.allowed_origins) if is_own else [],
            shared=stored.shared,
            is_own=is_own,
            documents=[DocumentShown.of(document) for document in documents],
        )
