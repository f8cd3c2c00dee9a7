"""Chats shared by a link."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, Json


class Shares(Base):
    """A copy of one branch of a chat, which a link opens; a chat has one link at most.

    `token` is the secret of the link. It is stored as it is, so that its owner can copy it again;
    the copy that it opens lies beside it.
    """

    __tablename__ = "shares"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), unique=True
    )
    token: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[Json]
    created_at: Mapped[float]
    updated_at: Mapped[float]
