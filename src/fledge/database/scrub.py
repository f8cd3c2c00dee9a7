"""What deleted rows leave behind in SQLite: their words in the index, their pages in the log."""

from fledge.database.engine import Transactions

INDICES = ("messages_search", "chunks_search")
PAGES_AT_ONCE = 500
"""Of an index, in one transaction: others write between two of them."""
NOTHING_DONE = 2
"""A merge that has nothing to do changes fewer rows than these (SQLite's manual of FTS5)."""


def scrub(transactions: Transactions) -> None:
    """Overwrite it, after people have erased what they said.

    The rows themselves are overwritten when they are deleted. PostgreSQL does all this by itself,
    when it vacuums.
    """
    if not transactions.is_sqlite:
        return
    for index in INDICES:
        # A negative number makes one level of all, so that the merge ends with a single segment.
        pages = -PAGES_AT_ONCE
        while _merge(transactions, index, pages) >= NOTHING_DONE:
            pages = PAGES_AT_ONCE
    _empty_log(transactions)


def _merge(transactions: Transactions, index: str, pages: int) -> int:
    """How many rows of the index were changed."""
    with transactions.write() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        before: int = driver.total_changes
        connection.exec_driver_sql(f"INSERT INTO {index}({index}, rank) VALUES ('merge', {pages})")
        return int(driver.total_changes) - before


def _empty_log(transactions: Transactions) -> None:
    """Write the log into the file and cut it; it waits for readers, a few seconds at most."""
    connection = transactions.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()
