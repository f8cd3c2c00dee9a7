"""Assistants and what they know: documents, cut into chunks that are searched by their words."""

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, Json, Strings


class Assistants(Base):
    """A named persona; a `shared` one is offered to everybody on the server.

    `allowed_origins` are the web pages that may embed it.
    """

    __tablename__ = "assistants"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500))
    system_prompt: Mapped[str] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(200))
    sampling: Mapped[Json]
    greeting: Mapped[str] = mapped_column(Text)
    suggestions: Mapped[tuple[str, ...]] = mapped_column(Strings)
    allowed_origins: Mapped[tuple[str, ...]] = mapped_column(Strings)
    shared: Mapped[bool]
    created_at: Mapped[float]
    updated_at: Mapped[float]

    __table_args__ = (Index(None, "account_id", "name"), Index(None, "shared", "name"))


class Documents(Base):
    """One file of an assistant's knowledge; `size` is in bytes of UTF-8 text."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    assistant_id: Mapped[str] = mapped_column(ForeignKey("assistants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    created_at: Mapped[float]

    __table_args__ = (Index(None, "assistant_id", "name"),)


class Chunks(Base):
    """A passage of a document, which a search finds and an answer cites.

    `searched` is heading and content as the search index reads them, None where it reads those.
    """

    __tablename__ = "chunks"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(Text)
    searched: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "document_id", "position", unique=True),)
