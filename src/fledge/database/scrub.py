"""Erase the traces of deleted rows in SQLite: words in the index, pages in the log."""

from fledge.database.engine import Transactions

INDICES = ("messages_search", "chunks_search")
PAGES_AT_ONCE = 500
"""Pages of an index merged in one transaction; other writers run between two."""
NOTHING_DONE = 2
"""Fewer changed rows than this mean that a merge had nothing to do (FTS5 manual)."""


def scrub(transactions: Transactions) -> None:
    """Overwrite erased words in the search indices and the log.

    `secure_delete` overwrites the rows themselves. PostgreSQL cleans up by itself when it vacuums.
    """
    if not transactions.is_sqlite:
        return
    for index in INDICES:
        # A negative number puts all segments on one level, so the merge ends with a single one.
        pages = -PAGES_AT_ONCE
        while _merge(transactions, index, pages) >= NOTHING_DONE:
            pages = PAGES_AT_ONCE
    _empty_log(transactions)


def _merge(transactions: Transactions, index: str, pages: int) -> int:
    """Merge some pages; return the number of changed rows."""
    with transactions.write() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        before: int = driver.total_changes
        connection.exec_driver_sql(f"INSERT INTO {index}({index}, rank) VALUES ('merge', {pages})")
        return int(driver.total_changes) - before


def _empty_log(transactions: Transactions) -> None:
    """Write the log into the file and truncate it; wait for readers a few seconds at most."""
    connection = transactions.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()
