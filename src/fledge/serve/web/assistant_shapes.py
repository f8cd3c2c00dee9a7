"""What the pages of assistants ask and are told."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from fledge.database.assistants import Assistant
from fledge.database.knowledge import Document
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.serve.web.shapes import Asked, Prompt

LONGEST_DOCUMENT = 2_000_000
"""Characters of a file."""
MOST_SUGGESTIONS = 12
MOST_ORIGINS = 20

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def _origin(value: str) -> str:
    """`https://shop.example` of an address; nothing else may stand in a security policy."""
    parts = urlsplit(value.strip())
    host = parts.netloc.lower()
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise ValueError(f"expected an address such as https://shop.example, found {value!r}")
    return f"{parts.scheme}://{host}"


Origin = Annotated[str, StringConstraints(max_length=255), AfterValidator(_origin)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class AssistantFields(Asked):
    """What is said of an assistant; what is not named stays as it is."""

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
    """A text file."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_DOCUMENT)]


class DocumentShown(BaseModel):
    """A file that an assistant knows; `size` is in bytes."""

    id: str
    name: str
    size: int

    @classmethod
    def of(cls, stored: Document) -> "DocumentShown":
        """From the store."""
        return cls(id=stored.id, name=stored.name, size=stored.size)


class AssistantDetail(BaseModel):
    """An assistant; its files only to its owner."""

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
        """From the store."""
        return cls(
            id=stored.id,
            name=stored.name,
            description=stored.description,
            # A game's secret stays with its owner.
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
