"""Folders of a person's chats: create, list, rename and delete them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from fledge.database.engine import Transactions
from fledge.database.room import require_room
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Conversations, Folders, new_id
from fledge.errors import NotFound

MOST_FOLDERS = 100
"""Folders of one person: the list of chats shows them all."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; a chat lies in one at most."""

    id: str
    account_id: str
    name: str
    created_at: float


class FolderStore:
    """Store of folders. Every call names the person; another's folder is `NotFound`."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def create(self, account_id: str, name: str) -> Folder:
        """Create an empty folder.

        Raises:
            DatabaseError: the person has as many folders as one may have.
        """
        now = self._clock()
        folder = Folder(new_id(now), account_id, name, now)
        with self._transactions.write() as connection:
            require_room(connection, Folders, account_id, MOST_FOLDERS, "folders")
            connection.execute(insert(Folders).values(values_of(folder)))
        return folder

    def get(self, account_id: str, folder_id: str) -> Folder:
        """Return a folder. Raises `NotFound`."""
        with self._transactions.read() as connection:
            return owned_folder(connection, account_id, folder_id)

    def set_name(self, account_id: str, folder_id: str, name: str) -> Folder:
        """Give a folder another name. Raises `NotFound`."""
        with self._transactions.write() as connection:
            owned_folder(connection, account_id, folder_id)
            connection.execute(update(Folders).where(Folders.id == folder_id).values(name=name))
            return owned_folder(connection, account_id, folder_id)

    def delete(self, account_id: str, folder_id: str) -> None:
        """Delete a folder; its chats stay, outside of every folder. Raises `NotFound`."""
        with self._transactions.write() as connection:
            owned_folder(connection, account_id, folder_id)
            connection.execute(delete(Folders).where(Folders.id == folder_id))

    def chats(self, account_id: str) -> dict[str, int]:
        """Return the number of listed chats in each folder that has some."""
        query = (
            select(Conversations.folder_id, func.count())
            .where(listed(account_id), Conversations.folder_id.is_not(None))
            .group_by(Conversations.folder_id)
        )
        with self._transactions.read() as connection:
            rows = connection.execute(query).all()
        return {folder_id: count for folder_id, count in rows if folder_id is not None}

    def list(self, account_id: str) -> list[Folder]:
        """Return a person's folders by name, without regard to case."""
        query = selected(Folders, Folder).where(Folders.account_id == account_id)
        with self._transactions.read() as connection:
            folders = every(connection, query, Folder)
        return sorted(folders, key=lambda each: (each.name.casefold(), each.id))


def listed(account_id: str) -> ColumnElement[bool]:
    """Build the condition for the chats that a person's list shows."""
    return and_(
        Conversations.account_id == account_id,
        Conversations.archived.is_(False),
        Conversations.temporary.is_(False),
        Conversations.deleted_at.is_(None),
    )


def owned_folder(connection: Connection, account_id: str, folder_id: str) -> Folder:
    """Return one of the person's folders in an open transaction. Raises `NotFound`."""
    query = selected(Folders, Folder).where(
        Folders.id == folder_id, Folders.account_id == account_id
    )
    folder = first(connection, query, Folder)
    if folder is None:
        raise NotFound(f"there is no folder {folder_id!r}")
    return folder
