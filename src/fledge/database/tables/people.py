"""Accounts, their sessions, API keys, linked identities and lost passwords, and invitations."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fledge.database.tables.base import Base, Id, Strings

HASH_LENGTH = 64
IDENTIFIER_LENGTH = 255
"""Longest subject that OpenID Connect allows; issuers are held to the same."""
LABEL_LENGTH = 254


class HasLimits:
    """Limits of one person or key. None takes the server's default."""

    requests_per_minute: Mapped[int | None]
    tokens_per_minute: Mapped[int | None]
    concurrent_streams: Mapped[int | None]
    daily_tokens: Mapped[int | None]


class Accounts(HasLimits, Base):
    """A person. `login` is the username in lower case; `name` is the display name.

    `email` is in lower case too, and no two accounts share one.

    An account without `password_hash` logs in through a linked identity, or serves a server without
    login.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    allows_training: Mapped[bool]
    created_at: Mapped[float]
    last_seen_at: Mapped[float | None]
    disabled_at: Mapped[float | None]
    email: Mapped[str | None] = mapped_column(String(254), unique=True, index=True)


class PasswordResets(Base):
    """A link that sets one new password, found by its SHA-256; an account has at most one."""

    __tablename__ = "password_resets"

    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    expires_at: Mapped[float] = mapped_column(index=True)


class Sessions(Base):
    """A logged-in browser, found by the SHA-256 of its cookie."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    user_agent: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[float]
    last_seen_at: Mapped[float]
    expires_at: Mapped[float] = mapped_column(index=True)

    __table_args__ = (Index(None, "account_id", "last_seen_at"),)


class ApiKeys(HasLimits, Base):
    """An API key, found by its SHA-256. Its owner recognises it by its `prefix`."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    prefix: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[tuple[str, ...]] = mapped_column(Strings)
    created_at: Mapped[float]
    expires_at: Mapped[float | None]
    last_used_at: Mapped[float | None]
    revoked_at: Mapped[float | None]

    __table_args__ = (Index(None, "account_id", "created_at"),)


class Identities(Base):
    """A person's identity at an OpenID Connect provider, which tells people apart by `subject`.

    `label` is the e-mail address or username there, for the person to recognise.
    """

    __tablename__ = "identities"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    issuer: Mapped[str] = mapped_column(String(IDENTIFIER_LENGTH))
    subject: Mapped[str] = mapped_column(String(IDENTIFIER_LENGTH))
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH))
    created_at: Mapped[float]

    __table_args__ = (UniqueConstraint("issuer", "subject"),)


class Invitations(Base):
    """A link that creates one account; `email` is where it was sent, if it was."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(100))
    invited_by: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    accepted_by: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[float] = mapped_column(index=True)
    expires_at: Mapped[float]
    accepted_at: Mapped[float | None]
    email: Mapped[str | None] = mapped_column(String(254))
