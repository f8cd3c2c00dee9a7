"""Person behind a request: a logged-in browser, the holder of an API key, or a local user."""

from dataclasses import dataclass

from fledge.database import Account, ApiKey, Role, Session
from fledge.serve.errors import ApiError
from fledge.serve.people.limits import LimitScope
from fledge.serve.people.permissions import PERMISSIONS, REASONS, Permission


@dataclass(frozen=True, slots=True)
class Person:
    """Account behind a request, with the key or session that showed it.

    `limits` are those of the account and, with a key, of the key; none on a local server.
    """

    account: Account
    key: ApiKey | None
    session: Session | None
    limits: tuple[LimitScope, ...]

    @property
    def id(self) -> str:
        """Id of the account, which every store asks for."""
        return self.account.id

    @property
    def name(self) -> str:
        """Name that others see."""
        return self.account.name

    @property
    def role(self) -> Role:
        """Role of the account: owner, admin, labeller or user."""
        return self.account.role

    @property
    def key_id(self) -> str:
        """Id of the API key, or "" on the pages; usage is counted under it."""
        return "" if self.key is None else self.key.id

    def may(self, permission: Permission) -> bool:
        """Return whether the role includes the permission."""
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise `ApiError` 403 unless the role includes the permission."""
        if not self.may(permission):
            raise ApiError(
                403,
                f"Your role ({self.role}) doesn't allow {REASONS[permission]}.",
                type="permission_error",
                code="forbidden",
            )

    def require_scope(self, scope: str) -> None:
        """Raise `ApiError` 403 where the API key does not open this part of the API.

        Without a key, or with a key without scopes, every part is open.
        """
        if self.key is not None and self.key.scopes and scope not in self.key.scopes:
            raise ApiError(
                403,
                f"This API key has no permission for {scope}, only for "
                f"{', '.join(self.key.scopes)}.",
                type="permission_error",
                code="scope_missing",
            )
