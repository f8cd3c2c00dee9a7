"""Room for one more: limits on how many rows of a kind a person may have."""

from sqlalchemy import Connection, func, select

from fledge.database.tables import Accounts, Folders, Prompts
from fledge.errors import DatabaseError


def require_room(
    connection: Connection,
    table: type[Folders] | type[Prompts],
    account_id: str,
    most: int,
    kind: str,
) -> None:
    """Check that a person may have one more row of `table`; `kind` names the rows in the error.

    Raises:
        DatabaseError: the person has `most` rows already.
    """
    person = select(Accounts.id).where(Accounts.id == account_id)
    connection.execute(person.with_for_update())  # two at once count one after the other
    count = select(func.count()).select_from(table).where(table.account_id == account_id)
    if (connection.scalar(count) or 0) >= most:
        raise DatabaseError(f"a person can have at most {most} {kind}; delete one first")
