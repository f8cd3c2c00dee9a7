"""Whoever asks: a browser that is logged in, the holder of an API key, or a local user."""

from dataclasses import dataclass

from fledge.database import Account, ApiKey, Role, Session
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.permissions import PERMISSIONS, Permission


@dataclass(frozen=True, slots=True)
class Person:
    """The account behind a request, and how it was recognised.

    `limits` are those of the account and, with a key, of the key; none on a local server.
    """

    account: Account
    key: ApiKey | None
    session: Session | None
    limits: tuple[LimitScope, ...]

    @property
    def id(self) -> str:
        """The account's, which every store asks for."""
        return self.account.id

    @property
    def name(self) -> str:
        """What others see."""
        return self.account.name

    @property
    def role(self) -> Role:
        """owner, admin, labeller or user."""
        return self.account.role

    @property
    def key_id(self) -> str:
        """Of the API key, or "" on the pages: what usage is counted under."""
        return "" if self.key is None else self.key.id

    def may(self, permission: Permission) -> bool:
        """Whether the role has the permission."""
        return permission in PERMISSIONS[self.role]

    def has_scope(self, scope: str) -> bool:
        """Whether the API key opens this part of the API; no key, or one without scopes, all."""
        return self.key is None or not self.key.scopes or scope in self.key.scopes
