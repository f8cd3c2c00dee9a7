"""Retention: the age at which rows are purged, and the erasure of a person."""

from collections.abc import Callable

from fledge.database import Database

DAY_SECONDS = 86_400
DELETED_SECONDS = 30 * DAY_SECONDS
"""Seconds for which a deleted chat can be restored."""
TEMPORARY_SECONDS = 7 * DAY_SECONDS
"""Seconds for which a temporary chat is kept after its last message."""
AUDIT_SECONDS = 365 * DAY_SECONDS


class Retention:
    """Purge old rows, and erase what a person said or everything about them."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since 1970."""
        self._database = database
        self._clock = clock
        self._memories: list[Callable[[str], None]] = []

    def tidy(self) -> None:
        """Purge rows that are kept for a while only; called at the start and every hour."""
        now = self._clock()
        self._database.sessions.purge()
        self._database.invitations.purge()
        self._database.password_resets.purge()
        self._database.conversations.purge(now - DELETED_SECONDS)
        self._database.conversations.purge_temporary(now - TEMPORARY_SECONDS)
        self._database.audit.purge(now - AUDIT_SECONDS)
        self._database.limits.purge(int((now - DAY_SECONDS) // 60))

    def when_forgetting(self, forget: Callable[[str], None]) -> None:
        """Have `forget` called with the account id of a person who erases their chats."""
        self._memories.append(forget)

    def forget(self, account_id: str) -> None:
        """Drop a person's texts from memory, and scrub erased rows from the database's files."""
        for forget in self._memories:
            forget(account_id)
        self._database.scrub()

    def erase(self, account_id: str) -> None:
        """Delete an account and all that is theirs. Raises `DatabaseError` for the last owner."""
        self._database.accounts.delete(account_id)
        self.forget(account_id)
