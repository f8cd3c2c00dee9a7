"""Identities: logins at OpenID Connect providers, each linked to one account."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from fledge.database.accounts import Account, add
from fledge.database.engine import Transactions
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Accounts, Identities, new_id
from fledge.database.tables.people import IDENTIFIER_LENGTH, LABEL_LENGTH
from fledge.errors import Conflict, DatabaseError, NotFound


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """A person's identity at a provider; `label` is their e-mail address or username there."""

    id: str
    account_id: str
    issuer: str
    subject: str
    label: str
    created_at: float


class IdentityStore:
    """Store of linked identities. They vanish with their account."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def account(self, issuer: str, subject: str) -> Account | None:
        """Return the account that the identity is linked to, or None."""
        query = (
            selected(Accounts, Account)
            .join(Identities, Identities.account_id == Accounts.id)
            .where(Identities.issuer == issuer, Identities.subject == subject)
        )
        with self._transactions.read() as connection:
            return first(connection, query, Account)

    def link(self, account_id: str, issuer: str, subject: str, label: str) -> LinkedIdentity:
        """Link an identity to an account.

        Raises:
            Conflict: it is linked already, to this or another account.
            DatabaseError: the issuer or subject is longer than OpenID Connect allows.
        """
        with self._transactions.write() as connection:
            return self._insert(connection, account_id, issuer, subject, label)

    def create_account(
        self,
        issuer: str,
        subject: str,
        label: str,
        *,
        login: str,
        name: str,
        allows_training: bool,
    ) -> Account:
        """Create an account of role user, without a password, and link the identity to it.

        Raises:
            LoginTaken: another account has the login.
            Conflict: the identity is linked already.
            DatabaseError: the issuer or subject is longer than OpenID Connect allows.
        """
        with self._transactions.write() as connection:
            account = add(connection, self._clock(), login, name, "user", None, allows_training)
            self._insert(connection, account.id, issuer, subject, label)
        return account

    def list(self, account_id: str) -> list[LinkedIdentity]:
        """Return a person's identities, the oldest first."""
        query = selected(Identities, LinkedIdentity).where(Identities.account_id == account_id)
        with self._transactions.read() as connection:
            return every(
                connection, query.order_by(Identities.created_at, Identities.id), LinkedIdentity
            )

    def unlink(self, account_id: str, identity_id: str) -> LinkedIdentity:
        """Unlink one of a person's identities: it logs nobody in from now on. Raises `NotFound`."""
        mine = (Identities.id == identity_id, Identities.account_id == account_id)
        with self._transactions.write() as connection:
            identity = first(
                connection, selected(Identities, LinkedIdentity).where(*mine), LinkedIdentity
            )
            if identity is None:
                raise NotFound(f"there is no linked login {identity_id!r}")
            connection.execute(delete(Identities).where(*mine))
        return identity

    def _insert(
        self, connection: Connection, account_id: str, issuer: str, subject: str, label: str
    ) -> LinkedIdentity:
        if max(len(issuer), len(subject)) > IDENTIFIER_LENGTH:
            raise DatabaseError(
                f"an issuer or subject may have at most {IDENTIFIER_LENGTH} characters; "
                "the provider sent a longer one"
            )
        now = self._clock()
        identity = LinkedIdentity(
            new_id(now), account_id, issuer, subject, label[:LABEL_LENGTH], now
        )
        try:
            connection.execute(insert(Identities).values(values_of(identity)))
        except IntegrityError as error:
            raise Conflict("this login is already linked to an account") from error
        return identity
