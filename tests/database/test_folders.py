"""Folders: a place for chats that outlive it."""

import pytest

from databases import answered, person, together
from fledge.database import Database
from fledge.database.conversations import NOWHERE
from fledge.database.folders import MOST_FOLDERS
from fledge.errors import DatabaseError, NotFound


@pytest.fixture
def ada(database: Database) -> str:
    return person(database)


def titles(database: Database, account: str, folder: str | None) -> list[str]:
    return [chat.title for chat in database.conversations.list(account, folder=folder)]


def test_a_chat_begins_in_a_folder_moves_and_outlives_it(database: Database, ada: str) -> None:
    sea, lake = (database.folders.create(ada, name) for name in ("Sea", "lake"))
    assert [each.name for each in database.folders.list(ada)] == ["lake", "Sea"]
    tides = database.conversations.create(ada, title="Tides", folder_id=sea.id)
    database.conversations.create(ada, title="Other")
    assert titles(database, ada, sea.id) == ["Tides"]
    assert titles(database, ada, NOWHERE) == ["Other"]
    assert titles(database, ada, None) == ["Other", "Tides"]
    before = database.conversations.get(ada, tides.id)
    moved = database.conversations.change(ada, tides.id, folder_id=lake.id)
    assert (moved.folder_id, moved.updated_at) == (lake.id, before.updated_at)
    assert database.folders.chats(ada) == {lake.id: 1}
    database.folders.delete(ada, lake.id)
    assert database.conversations.get(ada, tides.id).folder_id is None
    assert sorted(titles(database, ada, NOWHERE)) == ["Other", "Tides"]


def test_archived_deleted_and_temporary_chats_do_not_count(database: Database, ada: str) -> None:
    sea = database.folders.create(ada, "Sea").id
    kinds = {"kept": {}, "archived": {"archived": True}}
    for title, change in kinds.items():
        chat = database.conversations.create(ada, title=title, folder_id=sea)
        database.conversations.change(ada, chat.id, **change)
    gone = database.conversations.create(ada, folder_id=sea)
    database.conversations.delete(ada, gone.id)
    database.conversations.create(ada, folder_id=sea, temporary=True)
    assert database.folders.chats(ada) == {sea: 1}
    assert titles(database, ada, sea) == ["kept"]


def test_a_search_stays_in_its_folder(database: Database, ada: str) -> None:
    sea = database.folders.create(ada, "Sea").id
    inside = database.conversations.create(ada, title="Inside", folder_id=sea)
    outside = database.conversations.create(ada, title="Outside")
    for chat in (inside, outside):
        answered(database, ada, chat.id)

    def found(folder: str | None) -> list[str]:
        hits = database.conversations.search(ada, "moon", folder_id=folder)
        return sorted(hit.title for hit in hits)

    assert found(None) == ["Inside", "Outside"]
    assert found(sea) == ["Inside"]
    newest = database.conversations.search(ada, "moon", limit=1, folder_id=sea)
    assert [hit.title for hit in newest] == ["Inside"], "newer chats elsewhere take no room"


def test_pages_of_a_folder_follow_each_other(database: Database, ada: str) -> None:
    sea = database.folders.create(ada, "Sea").id
    for number in range(5):
        database.conversations.create(ada, title=str(number), folder_id=sea)
        database.conversations.create(ada, title="elsewhere")
    first = database.conversations.list(ada, limit=3, folder=sea)
    rest = database.conversations.list(ada, limit=3, folder=sea, before=first[-1])
    assert [chat.title for chat in (*first, *rest)] == ["4", "3", "2", "1", "0"]


def test_nobody_reaches_the_folders_of_another(database: Database, ada: str) -> None:
    ben = person(database, "ben")
    sea, own = database.folders.create(ada, "Sea").id, database.conversations.create(ben).id
    for reach in (
        lambda: database.folders.get(ben, sea),
        lambda: database.folders.set_name(ben, sea, "Mine"),
        lambda: database.folders.delete(ben, sea),
        lambda: database.conversations.create(ben, folder_id=sea),
        lambda: database.conversations.change(ben, own, folder_id=sea),
    ):
        with pytest.raises(NotFound, match="no folder"):
            reach()
    assert database.folders.set_name(ada, sea, "Lake").name == "Lake"
    assert (database.folders.list(ben), database.conversations.get(ben, own).folder_id) == (
        [],
        None,
    )


def test_a_person_has_at_most_so_many_even_if_two_come_at_once(
    database: Database, ada: str
) -> None:
    for number in range(MOST_FOLDERS - 1):
        database.folders.create(ada, str(number))
    made = together(*[lambda: database.folders.create(ada, "last")] * 3)
    refused = [each for each in made if isinstance(each, DatabaseError)]
    assert len(refused) == 2 and "at most 100 folders" in str(refused[0])
    assert len(database.folders.list(ada)) == MOST_FOLDERS


def test_folders_go_with_their_person(database: Database, ada: str) -> None:
    sea = database.folders.create(ada, "Sea").id
    database.conversations.create(ada, folder_id=sea)
    database.accounts.delete(ada)
    assert database.folders.list(ada) == []
