"""Logins and passwords, checked with few failures at a time."""

from collections.abc import Callable

from fledge.database import Account, AccountStore, Session
from fledge.errors import FledgeError
from fledge.serve.accounts.attempts import LoginAttempts
from fledge.serve.accounts.passwords import Passwords

FRESH_SECONDS = 600
"""Seconds after a login in which a person without a password need not log in again."""


class AccountDisabled(FledgeError):
    """The password is right, but the account has been disabled; only its person is told."""

    def __init__(self) -> None:
        super().__init__("This account has been disabled. Ask an owner or admin of this server.")


class Credentials:
    """Check passwords against the accounts; the work is the same for a login that nobody has."""

    def __init__(
        self,
        accounts: AccountStore,
        passwords: Passwords,
        attempts: LoginAttempts,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._accounts = accounts
        self._clock = clock
        self._passwords = passwords
        self._attempts = attempts

    def hash(self, password: str) -> str:
        """Return the hash of a new password. Raises `BadPassword`."""
        return self._passwords.hash(password)

    def has_password(self, account: Account) -> bool:
        """Return False for an account that logs in only through a linked identity."""
        return (self._accounts.password_hash(account.login) or (account, None))[1] is not None

    def is_fresh(self, session: Session | None) -> bool:
        """Return whether the browser logged in within the last ten minutes."""
        return session is not None and self._clock() - session.created_at < FRESH_SECONDS

    def check(self, address: str, login: str, password: str) -> Account | None:
        """Return the account behind a right password, or None.

        A hash that was made with older parameters is replaced.

        Raises:
            AccountDisabled: the password is right, but the account has been disabled.
            LimitReached: too many attempts have failed from this address or at this login.
        """
        with self._attempts.attempt(address, login):
            account, stored = self._accounts.password_hash(login) or (None, None)
            is_right = self._passwords.verify(stored, password)
            if account is None or stored is None or not is_right or account.disabled_at is not None:
                self._attempts.failed(address, login)
                if account is not None and is_right:
                    raise AccountDisabled
                return None
        self._attempts.succeeded(address, login)
        if self._passwords.outdated(stored):
            self._accounts.renew_hash(account.id, stored, self._passwords.hash(password))
        return account
