"""Library of prompts."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id


class Prompts(Base):
    """A text to insert into messages. A shared one is offered to everyone on the server."""

    __tablename__ = "prompts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(100))
    content: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(index=True)
    created_at: Mapped[float]
    updated_at: Mapped[float]
