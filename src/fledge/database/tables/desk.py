"""Customer service: visitors of pages that embed an assistant, and chats that want a person."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base

HASH_LENGTH = 64


class Visits(Base):
    """A chat of a visitor without an account, known by the SHA-256 of a token."""

    __tablename__ = "visits"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    origin: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[float]


class HandOvers(Base):
    """A chat that wants a person: waiting, taken by one of the staff, or closed again.

    `asked_by` is the SHA-256 of the account or of the visitor's network, to count by.
    """

    __tablename__ = "hand_overs"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[str] = mapped_column(String(16))
    taken_by: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[float]
    updated_at: Mapped[float]
    asked_by: Mapped[str] = mapped_column(String(HASH_LENGTH), server_default="")

    __table_args__ = (Index(None, "status", "created_at"), Index(None, "asked_by", "status"))
