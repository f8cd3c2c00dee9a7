"""Invitations: links that each create one account until they expire or are revoked."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select, update

from fledge.database.accounts import Account, Role, add, folded
from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Accounts, Invitations, new_id
from fledge.database.tokens import hashed, new_token
from fledge.errors import NotFound

LIFETIME_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link without its secret; `note` is private to the person who invites."""

    id: str
    role: Role
    note: str
    invited_by: str | None
    accepted_by: str | None
    created_at: float
    expires_at: float
    accepted_at: float | None
    email: str | None


class InvitationStore:
    """Store of invitations. A link is open for seven days."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(
        self, invited_by: str, role: Role, note: str = "", email: str | None = None
    ) -> tuple[Invitation, str]:
        """Create an invitation; return it and its secret, which cannot be read again.

        The new account gets the `email`.
        """
        now = self._clock()
        invitation = Invitation(
            id=new_id(now),
            role=role,
            note=note,
            invited_by=invited_by,
            accepted_by=None,
            created_at=now,
            expires_at=now + LIFETIME_SECONDS,
            accepted_at=None,
            email=folded(email or "") or None,
        )
        token = new_token()
        values = {**values_of(invitation), "token_hash": hashed(token)}
        with self._transactions.write() as connection:
            connection.execute(insert(Invitations).values(values))
        return invitation, token

    def find(self, token: str) -> Invitation | None:
        """Return the open invitation with this secret, or None."""
        query = selected(Invitations, Invitation).where(
            Invitations.token_hash == hashed(token),
            Invitations.accepted_at.is_(None),
            Invitations.expires_at > self._clock(),
        )
        with self._transactions.read() as connection:
            return first(connection, query, Invitation)

    def accept(
        self, token: str, login: str, name: str, password_hash: str, allows_training: bool = True
    ) -> Account:
        """Create the account and close the link.

        The account gets the address of the invitation, unless another account has it by now.

        Raises:
            NotFound: the link is not open.
            LoginTaken: another account has the login; the link stays open.
        """
        now = self._clock()
        statement = (
            update(Invitations)
            .where(
                Invitations.token_hash == hashed(token),
                Invitations.accepted_at.is_(None),
                Invitations.expires_at > now,
            )
            .values(accepted_at=now)
            .returning(Invitations.id, Invitations.role, Invitations.email)
        )
        with self._transactions.write() as connection:
            taken = connection.execute(statement).first()
            if taken is None:
                raise NotFound("this invitation was used, taken back, or is older than a week")
            used = select(exists().where(Accounts.email == taken.email))
            email = None if connection.scalar(used) else taken.email
            account = add(
                connection, now, login, name, taken.role, password_hash, allows_training, email
            )
            connection.execute(
                update(Invitations)
                .where(Invitations.id == taken.id)
                .values(accepted_by=account.id, email=None)
            )
        return account

    def list(self) -> list[Invitation]:
        """Return the open invitations, the newest first."""
        query = selected(Invitations, Invitation).where(
            Invitations.accepted_at.is_(None), Invitations.expires_at > self._clock()
        )
        query = query.order_by(Invitations.created_at.desc(), Invitations.id.desc())
        with self._transactions.read() as connection:
            return every(connection, query, Invitation)

    def delete(self, invitation_id: str) -> None:
        """Revoke an invitation. Raises `NotFound`."""
        statement = delete(Invitations).where(Invitations.id == invitation_id)
        with self._transactions.write() as connection:
            if connection.execute(statement).rowcount == 0:
                raise missing(invitation_id)

    def get(self, invitation_id: str) -> Invitation:
        """Return an open invitation. Raises `NotFound`."""
        for invitation in self.list():
            if invitation.id == invitation_id:
                return invitation
        raise missing(invitation_id)

    def withdraw(self, invited_by: str) -> int:
        """Revoke every unused link of a person who may no longer invite; return their number."""
        statement = delete(Invitations).where(
            Invitations.invited_by == invited_by, Invitations.accepted_at.is_(None)
        )
        with self._transactions.write() as connection:
            return connection.execute(statement).rowcount

    def purge(self) -> int:
        """Delete expired invitations, used or not, with their notes; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(Invitations).where(Invitations.expires_at <= self._clock())
            ).rowcount


def missing(invitation_id: str) -> NotFound:
    """Build the error for an invitation that does not exist."""
    return NotFound(f"there is no invitation {invitation_id!r}")
