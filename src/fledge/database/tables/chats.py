"""Folders, conversations, their messages as a tree, and the runs in which a model writes."""

from sqlalchemy import ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, Json


class Folders(Base):
    """A person's folder of chats; its chats outlive it."""

    __tablename__ = "folders"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float]


class Conversations(Base):
    """A chat. `current_message_id` is the last leaf that its owner looked at.

    A deleted chat stays until it is purged, so deletion can be undone. A temporary one is never
    listed, searched or exported for training. A copied one holds the words of another person, so it
    is never exported for training either.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    assistant_id: Mapped[str | None] = mapped_column(
        ForeignKey("assistants.id", ondelete="SET NULL"), index=True
    )
    folder_id: Mapped[str | None] = mapped_column(
        ForeignKey("folders.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(200))
    model: Mapped[str | None] = mapped_column(String(200))
    system_prompt: Mapped[str | None] = mapped_column(Text)
    sampling: Mapped[Json]
    current_message_id: Mapped[str | None] = mapped_column(Id)
    pinned: Mapped[bool]
    archived: Mapped[bool]
    temporary: Mapped[bool]
    copied: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]
    updated_at: Mapped[float]
    deleted_at: Mapped[float | None] = mapped_column(index=True)

    __table_args__ = (
        Index(None, "account_id", "archived", "pinned", "updated_at", "id"),
        Index(None, "temporary", "updated_at"),
    )


class Messages(Base):
    """One turn. Siblings share a parent: an edited question, an answer generated again.

    `status` is "finished", or the status of the run that writes it. A finished text never changes.
    `number` gives the order, and is the row id in SQLite's full-text index. `searched` is the text
    as that index reads it (`folding.indexed`), None where it reads `content`.
    """

    __tablename__ = "messages"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(Text)
    searched: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(Text)
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    details: Mapped[Json]
    created_at: Mapped[float]
    updated_at: Mapped[float]

    __table_args__ = (Index(None, "conversation_id", "number"),)


class Runs(Base):
    """A model that writes one message. The run goes on when its reader leaves.

    `status`: running, finished, cancelled, failed, or interrupted by the end of the server.
    `server_id` names the server that writes it, which another one asks to stop by `stop_asked`.
    """

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    model: Mapped[str] = mapped_column(String(200))
    sampling: Mapped[Json]
    status: Mapped[str] = mapped_column(String(16), index=True)
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[float]
    finished_at: Mapped[float | None]
    server_id: Mapped[str | None] = mapped_column(Id)
    stop_asked: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (Index(None, "conversation_id", "status"),)
