"""Servers of one database, and the limits that they count together."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id

SCOPE_LENGTH = 200


class Servers(Base):
    """A server that runs. `beats` grows while it lives; a row that stands still is of a dead one.

    `machine` and `pid` tell a server that is started again on the same machine that this one has
    ended.
    """

    __tablename__ = "servers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    machine: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    started_at: Mapped[float]
    beats: Mapped[int]


class Windows(Base):
    """Requests and tokens of a scope: of a minute since 1970, the one before it, and a day."""

    __tablename__ = "windows"

    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), primary_key=True)
    minute: Mapped[int] = mapped_column(index=True)
    requests: Mapped[float]
    requests_before: Mapped[float]
    tokens: Mapped[float]
    tokens_before: Mapped[float]
    day: Mapped[int]
    day_tokens: Mapped[int] = mapped_column(BigInteger)
    requests_limit: Mapped[int]


class Holdings(Base):
    """Answers that a server is writing for a scope: tokens that they read, and may still write."""

    __tablename__ = "holdings"

    scope: Mapped[str] = mapped_column(String(SCOPE_LENGTH), primary_key=True)
    server_id: Mapped[str] = mapped_column(Id, primary_key=True)
    streams: Mapped[int]
    reading: Mapped[int] = mapped_column(BigInteger)
    promised: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "server_id"),)
