"""Accounts: the people of a server, their roles and their limits."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

from sqlalchemy import Connection, delete, func, insert, select, text, true, update
from sqlalchemy.exc import IntegrityError

from fledge.database.assistants import hide_prompts
from fledge.database.engine import Transactions
from fledge.database.label_results import forget_labeller
from fledge.database.rows import every, first, oldest_first, selected, values_of
from fledge.database.tables import Accounts, Invitations, PasswordResets, new_id
from fledge.errors import DatabaseError, NotFound

Role = Literal["owner", "admin", "labeller", "user"]


@dataclass(frozen=True, slots=True)
class Account:
    """A person, without the password. A limit of None takes the server's default."""

    id: str
    login: str
    name: str
    role: Role
    allows_training: bool
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    daily_tokens: int | None
    created_at: float
    last_seen_at: float | None
    disabled_at: float | None
    email: str | None


class AccountChange(TypedDict, total=False):
    """Fields of an account that may change; omitted ones stay as they are."""

    login: str
    name: str
    role: Role
    password_hash: str
    allows_training: bool
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    daily_tokens: int | None
    disabled_at: float | None
    email: str | None


class LoginTaken(DatabaseError):
    """Report that another account has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(f"the username {login!r} is already taken; choose another")


class EmailTaken(DatabaseError):
    """Report that another account has this e-mail address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"another account uses the e-mail address {email}; choose another")


VOIDING = frozenset({"email", "password_hash", "disabled_at"})
"""Fields whose change makes a link for a lost password open nothing."""


class AccountStore:
    """Store of accounts. Case and blanks around logins and e-mail addresses do not count."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(
        self,
        login: str,
        *,
        name: str,
        role: Role,
        password_hash: str | None,
        allows_training: bool = True,
    ) -> Account:
        """Create an account; an empty `name` becomes the login. Raises `LoginTaken`."""
        with self._transactions.write() as connection:
            return add(connection, self._clock(), login, name, role, password_hash, allows_training)

    def get(self, account_id: str) -> Account:
        """Return an account. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return found(connection, account_id)

    def password_hash(self, login: str) -> tuple[Account, str | None] | None:
        """Return the account with this login and the hash of its password, or None."""
        query = selected(Accounts, Account).where(Accounts.login == folded(login))
        with self._transactions.read() as connection:
            account = first(connection, query, Account)
            if account is None:
                return None
            hashed = select(Accounts.password_hash).where(Accounts.id == account.id)
            return account, connection.scalar(hashed)

    def reached_by(self, login_or_email: str) -> Account | None:
        """Return the account that has this e-mail address, or else this login, or None."""
        text = folded(login_or_email)
        accounts = selected(Accounts, Account)
        with self._transactions.read() as connection:
            by_email = first(connection, accounts.where(Accounts.email == text), Account)
            return by_email or first(connection, accounts.where(Accounts.login == text), Account)

    def list(self) -> list[Account]:
        """Return all accounts, the oldest first."""
        query = selected(Accounts, Account).order_by(*oldest_first(Accounts))
        with self._transactions.read() as connection:
            return every(connection, query, Account)

    def owner(self) -> Account | None:
        """Return the oldest owner, or None on a fresh server.

        On a server without login everybody uses this account.
        """
        query = selected(Accounts, Account).where(Accounts.role == "owner")
        with self._transactions.read() as connection:
            return first(connection, query.order_by(*oldest_first(Accounts)).limit(1), Account)

    def needs_setup(self) -> bool:
        """Return True until an owner has a password."""
        query = select(func.count()).where(
            Accounts.role == "owner", Accounts.password_hash.is_not(None)
        )
        with self._transactions.read() as connection:
            return connection.scalar(query) == 0

    def change(self, account_id: str, **change: Unpack[AccountChange]) -> Account:
        """Change the named fields.

        Raises:
            NotFound: the account does not exist.
            LoginTaken: another account has the new login.
            EmailTaken: another account has the new e-mail address.
            DatabaseError: no enabled owner would remain.
        """
        values: dict[str, object] = {**change}
        if "login" in change:
            values["login"] = folded(change["login"])
        if "email" in change:
            values["email"] = folded(change["email"] or "") or None
        if not values:
            return self.get(account_id)
        with self._transactions.write() as connection:
            if values.keys() & {"role", "disabled_at"}:
                lock_owners(connection)
            before = found(connection, account_id)
            try:
                connection.execute(update(Accounts).where(Accounts.id == account_id).values(values))
            except IntegrityError as error:
                raise taken(error, values) from error
            if values.keys() & VOIDING:
                connection.execute(
                    delete(PasswordResets).where(PasswordResets.account_id == account_id)
                )
            if before.role == "owner":
                require_owner(connection)
            return found(connection, account_id)

    def renew_hash(self, account_id: str, old: str, new: str) -> None:
        """Replace the hash of a password by another of the same password.

        Nothing is changed where the password was changed meanwhile.
        """
        with self._transactions.write() as connection:
            connection.execute(
                update(Accounts)
                .where(Accounts.id == account_id, Accounts.password_hash == old)
                .values(password_hash=new)
            )

    def set_up(self, login: str, *, name: str, password_hash: str) -> Account | None:
        """Make the first owner, or give the owner of a server without login a password.

        Return None where an owner has a password: of two servers that are set up at once, one
        makes the owner. Raises `LoginTaken`.
        """
        with self._transactions.write() as connection:
            if not self._transactions.is_sqlite:  # no row to lock yet
                connection.execute(text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE"))
            owners = selected(Accounts, Account).where(Accounts.role == "owner")
            with_password = owners.where(Accounts.password_hash.is_not(None))
            if first(connection, with_password, Account) is not None:
                return None
            owner = first(connection, owners.order_by(*oldest_first(Accounts)).limit(1), Account)
            now = self._clock()
            if owner is None:
                return add(connection, now, login, name, "owner", password_hash, True)
            values = {"login": folded(login), "name": name or login, "password_hash": password_hash}
            try:
                connection.execute(update(Accounts).where(Accounts.id == owner.id).values(values))
            except IntegrityError as error:
                raise LoginTaken(folded(login)) from error
            return found(connection, owner.id)

    def seen(self, account_id: str) -> None:
        """Record the time of a visit. Call it once in a while, not for every page.

        Nothing is recorded while others write.
        """
        self._transactions.note(
            update(Accounts).where(Accounts.id == account_id).values(last_seen_at=self._clock())
        )

    def delete(self, account_id: str) -> None:
        """Erase a person, all their data, and the invitations they sent that are still open.

        Raises:
            NotFound: the account does not exist.
            DatabaseError: no enabled owner would remain.
        """
        with self._transactions.write() as connection:
            lock_owners(connection)
            account = found(connection, account_id)
            connection.execute(
                delete(Invitations).where(
                    Invitations.invited_by == account_id, Invitations.accepted_at.is_(None)
                )
            )
            hide_prompts(connection, account_id, true())
            forget_labeller(connection, account_id)
            connection.execute(delete(Accounts).where(Accounts.id == account_id))
            if account.role == "owner":
                require_owner(connection)


def add(
    connection: Connection,
    now: float,
    login: str,
    name: str,
    role: Role,
    password_hash: str | None,
    allows_training: bool,
    email: str | None = None,
) -> Account:
    """Insert an account in an open transaction. Raises `LoginTaken` or `EmailTaken`."""
    account = Account(
        id=new_id(now),
        login=folded(login),
        name=name.strip() or login.strip(),
        role=role,
        allows_training=allows_training,
        requests_per_minute=None,
        tokens_per_minute=None,
        concurrent_streams=None,
        daily_tokens=None,
        created_at=now,
        last_seen_at=None,
        disabled_at=None,
        email=email,
    )
    values = {**values_of(account), "password_hash": password_hash}
    try:
        connection.execute(insert(Accounts).values(values))
    except IntegrityError as error:
        raise taken(error, values) from error
    return account


def taken(error: IntegrityError, values: Mapping[str, object]) -> LoginTaken | EmailTaken:
    """Return the error for a login or an address that another account has.

    The first line of the driver's message names the column or its index; later ones show values.
    """
    if re.search("accounts[._]email", str(error.orig).partition("\n")[0]):
        return EmailTaken(str(values["email"]))
    return LoginTaken(str(values["login"]))


def found(connection: Connection, account_id: str) -> Account:
    """Return an account in an open transaction. Raises `NotFound`."""
    query = selected(Accounts, Account).where(Accounts.id == account_id)
    account = first(connection, query, Account)
    if account is None:
        raise NotFound(f"there is no account {account_id!r}")
    return account


def lock_owners(connection: Connection) -> None:
    """Lock the rows of the owners until the transaction ends.

    Without the lock, two transactions could each remove one owner because each still sees the
    other. SQLite has one writer at a time anyway.
    """
    owners = select(Accounts.id).where(Accounts.role == "owner").order_by(Accounts.id)
    connection.execute(owners.with_for_update())


def require_owner(connection: Connection) -> None:
    """Raise `DatabaseError` unless an enabled owner is left."""
    owners = select(func.count()).where(Accounts.role == "owner", Accounts.disabled_at.is_(None))
    if connection.scalar(owners) == 0:
        raise DatabaseError(
            "this is the only owner, and a server needs one; make another person owner first"
        )


def folded(login: str) -> str:
    """Return a login as it is stored and compared."""
    return login.strip().casefold()
