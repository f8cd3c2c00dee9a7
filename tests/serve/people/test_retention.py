"""How long deleted chats, temporary chats and audit entries are kept."""

import pytest

from databases import Clock, person
from fledge.database.temporary import TemporaryDatabase
from fledge.errors import NotFound
from fledge.serve.people.retention import Retention


def test_the_server_forgets_what_is_kept_for_a_while_only() -> None:
    clock = Clock()
    database = TemporaryDatabase(clock)
    retention = Retention(database, clock)
    ada = person(database)
    kept, deleted = (database.conversations.create(ada, title=title) for title in "ab")
    temporary = database.conversations.create(ada, temporary=True)
    database.conversations.delete(ada, deleted.id)
    database.audit.add(ada, "x")
    days = 86_400
    clock.now += 6 * days
    retention.tidy()
    assert {chat.id for chat in database.conversations.every(ada)} == {kept.id, temporary.id}
    clock.now += 2 * days
    retention.tidy()
    assert [chat.id for chat in database.conversations.every(ada)] == [kept.id]
    assert database.conversations.restore(ada, deleted.id).title == "b"
    database.conversations.delete(ada, deleted.id)
    clock.now += 31 * days
    retention.tidy()
    with pytest.raises(NotFound):
        database.conversations.restore(ada, deleted.id)
    assert len(database.audit.newest()) == 1
    clock.now += 365 * days
    retention.tidy()
    assert database.audit.newest() == []
    database.close()
