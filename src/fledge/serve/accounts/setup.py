"""First visit to a new server, which makes its owner."""

import hmac
import threading

from fledge.database import Account, AccountStore
from fledge.database.tokens import new_token


class OwnerSetup:
    """Open the setup page to the holder of `token`, until there is an owner with a password."""

    def __init__(self, accounts: AccountStore, *, login: bool) -> None:
        """Without `login` there is no setup page."""
        self._accounts = accounts
        self._making = threading.Lock()
        self.token = new_token() if login and accounts.needs_setup() else None
        """Secret of the link on the terminal; None once there is an owner."""

    def is_open(self) -> bool:
        """Return whether the owner is still missing; `fledge password` may have made one."""
        if self.token is not None and not self._accounts.needs_setup():
            self.token = None
        return self.token is not None

    def opens(self, token: str) -> bool:
        """Return whether this is the token of the terminal; compared in constant time."""
        expected = self.token if self.is_open() else None
        return expected is not None and hmac.compare_digest(expected.encode(), token.encode())

    def make_owner(self, login: str, name: str, password_hash: str) -> Account | None:
        """Make the owner, or give the owner of a server without login a login and a password.

        Return None where another came first: of two forms sent at once, one makes the owner.

        Raises:
            LoginTaken: another account has this login.
        """
        with self._making:
            if not self.is_open():
                return None
            made = self._accounts.set_up(login, name=name, password_hash=password_hash)
            self.token = None
        return made
