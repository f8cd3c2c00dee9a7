"""Opinions on answers: thumbs, preferences between answers, and people's own answers."""

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, StringGroups, Strings


class Ratings(Base):
    """A thumb: `value` is 1 (up) or -1 (down). A person has one for each message."""

    __tablename__ = "ratings"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    value: Mapped[int]
    reasons: Mapped[tuple[str, ...]] = mapped_column(Strings)
    comment: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float]
    updated_at: Mapped[float]

    __table_args__ = (UniqueConstraint("account_id", "message_id"),)


class Preferences(Base):
    """An order of sibling answers: groups of message ids, best first, ties in one group."""

    __tablename__ = "preferences"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    prompt_id: Mapped[str] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    ranking: Mapped[tuple[tuple[str, ...], ...]] = mapped_column(StringGroups)
    seconds: Mapped[float | None]
    created_at: Mapped[float]

    __table_args__ = (Index(None, "account_id", "created_at"),)


class WrittenAnswers(Base):
    """A person's own answer in place of `message_id`: a demonstration."""

    __tablename__ = "written_answers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float]

    __table_args__ = (Index(None, "account_id", "created_at"),)
