"""What people erase is nowhere in SQLite's files, and what others said is all there."""

from pathlib import Path

import pytest

from databases import Clock, answered, person
from fledge.database import Database, Passage
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.scrub import scrub

ERASED, KEPT = "zebrafinch", "okapi"


def in_files(folder: Path, word: str) -> int:
    return sum(path.read_bytes().count(word.encode()) for path in folder.iterdir())


def say(database: Database, login: str, word: str) -> str:
    account = person(database, login)
    for number in range(30):
        chat = database.conversations.create(account, title=f"On the {word} {number}")
        answered(database, account, chat.id, f"{word} {word}{number} " * 40)
    shop = database.assistants.create(account, name=word)
    database.knowledge.add(account, shop.id, f"{word}.md", [Passage(word, f"About the {word}.")])
    return account


@pytest.mark.parametrize("whole", [False, True])
def test_erased_words_are_in_no_file(migrated_file: Path, tmp_path: Path, whole: bool) -> None:
    (tmp_path / "fledge.db").write_bytes(migrated_file.read_bytes())
    transactions = Transactions(connect(parse_url(tmp_path / "fledge.db")))
    database = Database(transactions, Clock())
    theirs, others = say(database, "ada", ERASED), say(database, "bob", KEPT)
    assert in_files(tmp_path, ERASED) > 100
    if whole:
        database.accounts.delete(theirs)
    else:
        database.conversations.delete_all(theirs)
        for assistant in database.assistants.list(theirs):
            database.assistants.delete(theirs, assistant.id)
    database.scrub()
    assert in_files(tmp_path, ERASED) == 0, "while the server goes on"
    assert len(database.conversations.search(others, KEPT, limit=50)) == 30
    (shop,) = database.assistants.list(others)
    assert database.knowledge.search(shop.id, KEPT)[0].content == f"About the {KEPT}."
    database.close()


def test_where_nothing_was_erased_nothing_changes(database: Database) -> None:
    account = person(database)
    chat = database.conversations.create(account, title="Tides")
    answered(database, account, chat.id)
    scrub(database.transactions)
    scrub(database.transactions)
    assert len(database.conversations.search(account, "moon")) == 1
