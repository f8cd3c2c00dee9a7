"""Links for lost passwords: random secrets that each set one new password within an hour."""

from collections.abc import Callable

from sqlalchemy import Select, delete, insert, select, update

from fledge.database.accounts import Account, found
from fledge.database.engine import Transactions
from fledge.database.tables import Accounts, PasswordResets, Sessions
from fledge.database.tokens import hashed, new_token
from fledge.errors import NotFound

LIFETIME_SECONDS = 3600


class PasswordResetStore:
    """Store of links for lost passwords. An account has one link at most, the newest."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str) -> str | None:
        """Return the secret of a new link; the account's older link opens nothing from now on.

        Return None for an account that is disabled, or never had a password to lose.
        """
        token = new_token()
        account = select(Accounts.id).where(
            Accounts.id == account_id,
            Accounts.disabled_at.is_(None),
            Accounts.password_hash.is_not(None),
        )
        with self._transactions.write() as connection:
            if connection.scalar(account.with_for_update()) is None:
                return None
            connection.execute(
                delete(PasswordResets).where(PasswordResets.account_id == account_id)
            )
            connection.execute(
                insert(PasswordResets).values(
                    account_id=account_id,
                    token_hash=hashed(token),
                    expires_at=self._clock() + LIFETIME_SECONDS,
                )
            )
        return token

    def find(self, token: str) -> Account | None:
        """Return the account whose password the link with this secret sets, or None."""
        with self._transactions.read() as connection:
            account_id = connection.scalar(self._account_of(token))
            return None if account_id is None else found(connection, account_id)

    def redeem(self, token: str, password_hash: str) -> Account:
        """Set the password, end all sessions of the account, and close the link.

        Raises:
            NotFound: the link is not open, or the account has been disabled.
        """
        with self._transactions.write() as connection:
            account_id = connection.scalar(self._account_of(token).with_for_update(of=Accounts))
            closing = delete(PasswordResets).where(PasswordResets.token_hash == hashed(token))
            if account_id is None or connection.execute(closing).rowcount == 0:
                raise NotFound(
                    "this link was used, replaced by a newer one, or is over an hour old"
                )
            connection.execute(
                update(Accounts)
                .where(Accounts.id == account_id)
                .values(password_hash=password_hash)
            )
            connection.execute(delete(Sessions).where(Sessions.account_id == account_id))
            return found(connection, account_id)

    def purge(self) -> int:
        """Delete expired links; return their number."""
        with self._transactions.write() as connection:
            return connection.execute(
                delete(PasswordResets).where(PasswordResets.expires_at <= self._clock())
            ).rowcount

    def _account_of(self, token: str) -> "Select[str]":
        """Select the id of the enabled account whose open link has this secret."""
        return (
            select(Accounts.id)
            .join(PasswordResets, PasswordResets.account_id == Accounts.id)
            .where(
                PasswordResets.token_hash == hashed(token),
                PasswordResets.expires_at > self._clock(),
                Accounts.disabled_at.is_(None),
            )
        )
