"""Servers of one database: who lives, whose answers are marked, and what a late end changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, update

from databases import Clock, person
from fledge.database import Database, open_database
from fledge.database.backup import backup, restore
from fledge.database.engine import Transactions, connect, parse_url
from fledge.database.servers import OwnRun, is_running
from fledge.database.tables import Servers


@pytest.fixture
def other(url: str, clock: Clock):
    """Another server of the same database."""
    opened = Database(Transactions(connect(parse_url(url))), clock)
    opened.servers.join()
    yield opened
    opened.close()


def started(database: Database, ada: str) -> tuple[str, str]:
    """The ids of a run and of its message."""
    chat = database.conversations.create(ada)
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    return run.id, run.message_id


def set_pid(database: Database, pid: int) -> None:
    with database.transactions.write() as connection:
        connection.execute(update(Servers).where(Servers.id == database.servers.id).values(pid=pid))


def ended_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_second_server_leaves_the_answers_of_the_first_alone(
    database: Database, other: Database
) -> None:
    ada = person(database)
    run, message = started(other, ada)
    assert database.servers.join() == 0
    assert database.runs.interrupt_orphans() == 0
    assert database.messages.get(ada, message).status == "running"
    assert database.servers.leave() == 0
    other.runs.finish(run, "finished", "The moon.")
    assert database.messages.get(ada, message).content == "The moon."


def test_a_server_whose_process_has_ended_is_dead_at_once(
    database: Database, other: Database
) -> None:
    ada = person(database)
    run, message = started(other, ada)
    other.runs.save(run, "The mo")
    set_pid(other, ended_pid())
    assert database.servers.join() == 1
    kept = database.messages.get(ada, message)
    assert (kept.status, kept.content) == ("interrupted", "The mo")
    assert database.servers.beat().others == {}


def test_a_process_runs_or_does_not() -> None:
    assert is_running(os.getpid())
    assert not is_running(ended_pid())


def test_a_beat_names_the_others_and_our_own_runs(database: Database, other: Database) -> None:
    ada = person(database)
    database.servers.join()
    other.servers.beat()
    mine, _ = started(database, ada)
    theirs, _ = started(other, ada)
    other.runs.ask_to_stop(mine)
    beat = database.servers.beat()
    assert beat.others == {other.servers.id: 1}
    assert beat.runs == (OwnRun(mine, True),)
    assert other.servers.beat().runs == (OwnRun(theirs, False),)


def test_a_server_that_beats_again_is_not_removed(database: Database, other: Database) -> None:
    ada = person(database)
    _, message = started(other, ada)
    beats = database.servers.beat().others[other.servers.id]
    other.servers.beat()
    assert database.servers.remove({other.servers.id: beats}) == 0
    assert database.servers.remove({other.servers.id: beats + 1}) == 1
    assert database.messages.get(ada, message).status == "interrupted"
    other.servers.beat()
    assert other.servers.id in database.servers.beat().others, "it woke up"


def test_a_run_of_a_server_that_is_gone_is_marked_when_it_is_stopped(
    database: Database, other: Database
) -> None:
    ada = person(database)
    _, message = started(other, ada)
    other.servers.leave()
    assert database.messages.get(ada, message).status == "interrupted", "leaving marks its own"
    orphan, message = started(other, ada)
    database.runs.ask_to_stop(orphan)
    assert database.messages.get(ada, message).status == "interrupted"


def test_a_late_end_does_not_overwrite_what_was_continued(
    database: Database, other: Database
) -> None:
    ada = person(database)
    database.servers.join()
    run, message = started(other, ada)
    other.runs.save(run, "The mo")
    database.runs.interrupt(run)
    again = database.runs.resume(ada, message, model="tiny")
    assert not other.runs.save(run, "The moon is late")
    assert other.runs.finish(run, "finished", "The moon is late").status == "interrupted"
    kept = database.messages.get(ada, message)
    assert (kept.status, kept.content) == ("running", "The mo")
    database.runs.finish(again.id, "finished", "The moon.")
    assert database.messages.get(ada, message).content == "The moon."


def test_marking_an_old_run_leaves_the_new_one_of_its_message(database: Database) -> None:
    ada = person(database)
    run, message = started(database, ada)
    database.runs.interrupt(run)
    database.runs.resume(ada, message, model="tiny")
    assert database.runs.interrupt(run) == 0
    assert database.messages.get(ada, message).status == "running"


def test_an_answer_with_characters_that_none_keeps_is_saved_without_them(
    database: Database,
) -> None:
    ada = person(database)
    run, message = started(database, ada)
    assert database.runs.save(run, "a\0")
    database.runs.finish(run, "failed", "a\0b\ud800", error="no \0")
    kept = database.messages.get(ada, message)
    assert (kept.content, kept.error) == ("a\ufffdb\ufffd", "no \ufffd")


def test_a_restored_database_has_no_server(database: Database, url: str, tmp_path: Path) -> None:
    ada = person(database)
    database.servers.join()
    _, message = started(database, ada)
    backup(url, tmp_path / "copy.db")
    restore(tmp_path / "copy.db", tmp_path / "new.db")
    restored = open_database(tmp_path / "new.db")
    with restored.transactions.read() as connection:
        assert connection.scalars(select(Servers.id)).all() == []
    assert restored.servers.join() == 1
    assert restored.messages.get(ada, message).status == "interrupted"
    restored.close()
