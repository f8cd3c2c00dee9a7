"""Every question that a page asks is answered through an index."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, text

from database.labelling import STEP, drawn, finish, project_of
from databases import answered, person
from fledge.database import Database, Passage

SCANNED_WHOLE = {
    "accounts",  # the page of people lists everybody
    "label_projects",  # the list of projects, of which a team has a few
    "settings",  # one row
}
"""Tables that a query may read from end to end; every other one grows with use."""

READ_IN_ORDER = {
    "audit",  # the newest, from the end of the index, up to a limit
}
"""Tables that a query may walk along an index, because it stops early."""


def questions_of_operations(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """Logins, counters, settings and the log."""
    return {
        "login": lambda: database.accounts.password_hash("ada"),
        "usage": lambda: database.usage.of(ada, since="2025-01-01"),
        "audit": database.audit.newest,
        "forget audit": lambda: database.audit.purge(0.0),
        "settings": database.settings.get,
    }


def questions_of_folders(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """A folder with a chat."""
    folder = database.folders.create(ada, "Sea")
    chat = database.conversations.create(ada, title="Tides", folder_id=folder.id)
    folders, chats = database.folders, database.conversations
    return {
        "folders": lambda: folders.list(ada),
        "chats of folders": lambda: folders.chats(ada),
        "rename a folder": lambda: folders.set_name(ada, folder.id, "Lake"),
        "page of a folder": lambda: chats.list(ada, folder=folder.id, before=chat),
        "outside": lambda: chats.list(ada, folder="none"),
        "search a folder": lambda: chats.search(ada, "tides", folder_id=folder.id),
        "move": lambda: chats.change(ada, chat.id, folder_id=folder.id),
        "delete a folder": lambda: folders.delete(ada, folder.id),
    }


def questions_of_links(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """A chat shared by a link."""
    chat = database.conversations.create(ada, title="Shared")
    answered(database, ada, chat.id)
    shares, (link, _) = database.shares, database.shares.put(ada, chat.id)
    return {
        "share": lambda: shares.put(ada, chat.id),
        "shared?": lambda: shares.of(ada, chat.id),
        "links": lambda: shares.list(ada),
        "open a link": lambda: shares.find(link.token),
        "copy": lambda: shares.copy(ada, link.token, model="tiny"),
        "revoke a link": lambda: shares.revoke(ada, link.id),
        "unshare": lambda: shares.revoke_chat(ada, chat.id),
    }


def questions_of_prompts(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """A prompt of one's own."""
    prompts, prompt = database.prompts, database.prompts.create(ada, "Tides", "Why?", shared=True)
    return {
        "prompts": lambda: prompts.list(ada),
        "own prompt": lambda: prompts.own(ada, prompt.id),
        "new prompt": lambda: prompts.create(ada, "Moon", "Why?"),
        "change a prompt": lambda: prompts.change(ada, prompt.id, shared=False),
        "delete a prompt": lambda: prompts.delete(ada, prompt.id),
    }


def questions_of_labelling(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """A project with one finished task, and one begun."""
    project = project_of(database, 4, gold_percent=5)
    finish(database, ada, project)
    begun = drawn(database, ada, project)
    projects, queue, results = (
        database.label_projects,
        database.label_queue,
        database.label_results,
    )
    return {
        "label projects": projects.list,
        "draw": lambda: queue.draw(ada, project),
        "draft": lambda: queue.save_draft(ada, begun.id, {}, 1.0),
        "skip": lambda: database.label_steps.skip(ada, begun.id, STEP),
        "draw again": lambda: queue.draw(ada, project),
        "submit": lambda: finish(database, ada, project),
        "undo": lambda: database.label_steps.undo(ada, project),
        "history": lambda: results.history(ada, project, limit=5, before=(1e12, "x")),
        "drafts": lambda: results.begun(ada, project),
        "own labels": lambda: results.every(ada),
        "progress": lambda: results.members(project),
        "own progress": lambda: results.of_person(ada),
        "label download": lambda: list(results.judgements(project)),
        "label tasks": lambda: database.label_tasks.list(project),
        "withdrawn": lambda: database.label_tasks.list(project, withdrawn=True),
        "withdraw": lambda: database.label_tasks.withdraw(begun.task_id, withdrawn=True),
        "put back": lambda: database.label_tasks.withdraw(begun.task_id, withdrawn=False),
        "rely": lambda: database.label_steps.rely_on(project),
        "write a guideline": lambda: projects.write_guideline(project, "x"),
        "write another": lambda: projects.write_guideline(project, "y"),
        "delete a guideline": lambda: projects.delete_guideline(project, 1),
        "close a project": lambda: projects.change(project, is_open=False),
    }


def questions_of_places(database: Database, ada: str) -> dict[str, Callable[[], object]]:
    """Folders, links, prompts and labelling."""
    return {
        **questions_of_folders(database, ada),
        **questions_of_links(database, ada),
        **questions_of_prompts(database, ada),
        **questions_of_labelling(database, ada),
    }


def questions(database: Database) -> dict[str, Callable[[], object]]:
    """Every read and write of the stores, on a chat with a little in it."""
    ada = person(database, "ada", "owner")
    chat = database.conversations.create(ada, title="Tides")
    first, second = (answered(database, ada, chat.id, text) for text in ("a", "b"))
    shop = database.assistants.create(ada, name="Shop")
    document = database.knowledge.add(ada, shop.id, "faq.md", [Passage("Hours", "Nine to five.")])
    session, cookie = database.sessions.create(ada, "Firefox")
    key, text_of_key = database.api_keys.create(ada, name="laptop")
    invitation, link = database.invitations.create(ada, "user")
    visitor = database.desk.open_visit(chat.id, "https://shop.example")
    run = database.runs.start(ada, chat.id, parent_id=None, model="tiny")
    chats, messages, runs, ratings = (
        database.conversations,
        database.messages,
        database.runs,
        database.ratings,
    )
    return {
        "first page": lambda: chats.list(ada),
        "next page": lambda: chats.list(ada, before=chat),
        "archive": lambda: chats.list(ada, archived=True),
        "every chat": lambda: chats.every(ada),
        "search": lambda: chats.search(ada, "tides moon"),
        "rename": lambda: chats.change(ada, chat.id, title="x"),
        "delete": lambda: chats.delete(ada, chat.id),
        "restore": lambda: chats.restore(ada, chat.id),
        "purge": lambda: chats.purge(0.0),
        "purge temporary": lambda: chats.purge_temporary(0.0),
        "say": lambda: messages.add(ada, chat.id, role="user", content="x", parent_id=first),
        "tree": lambda: messages.tree(ada, chat.id),
        "path": lambda: messages.path(ada, first),
        "run": lambda: runs.start(ada, chat.id, parent_id=first, model="tiny"),
        "save": lambda: runs.save(run.id, "x"),
        "running": lambda: runs.running(ada, chat.id),
        "finish": lambda: runs.finish(run.id, "finished", "x"),
        "restart": runs.interrupt_orphans,
        "rate": lambda: ratings.rate(ada, first, 1),
        "thumbs": lambda: ratings.of_conversation(ada, chat.id),
        "unrate": lambda: ratings.unrate(ada, first),
        "prefer": lambda: ratings.prefer(ada, [[first], [second]]),
        "write": lambda: ratings.write(ada, first, "x"),
        "given": lambda: ratings.given(ada),
        "one person's rankings": lambda: list(database.training_data.rankings(ada)),
        "one person's answers": lambda: list(database.training_data.demonstrations(ada)),
        "assistants": lambda: database.assistants.list(ada),
        "documents": lambda: database.knowledge.list(ada, shop.id),
        "ask the shop": lambda: database.knowledge.search(shop.id, "when nine"),
        "forget": lambda: database.knowledge.delete(ada, document.id),
        "visit": lambda: database.desk.visit(visitor),
        "want a person": lambda: database.desk.ask(ada, chat.id),
        "queue": database.desk.waiting,
        "wanted": lambda: database.desk.of(chat.id),
        "take": lambda: database.desk.take(chat.id, ada),
        "close": lambda: database.desk.close(chat.id),
        "cookie": lambda: database.sessions.find(cookie),
        "sessions": lambda: database.sessions.list(ada),
        "expired": database.sessions.purge,
        "key": lambda: database.api_keys.find(text_of_key),
        "keys": lambda: database.api_keys.list(ada),
        "used": lambda: database.api_keys.used(key.id),
        "invitation": lambda: database.invitations.find(link),
        "accept": lambda: database.invitations.accept(link, "bob", "Bob", "-"),
        "take back": lambda: database.invitations.delete(invitation.id),
        "quota": lambda: database.usage.tokens_today(ada, key.id),
        "log out": lambda: database.sessions.end(ada, session.id),
        **questions_of_places(database, ada),
        **questions_of_operations(database, ada),
        "erase chats": lambda: database.conversations.delete_all(ada),
    }


def plan(connection: Connection, statement: str, parameters: object) -> list[str]:
    rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [row[3] for row in rows]


def full_scans(details: list[str]) -> list[str]:
    """Tables read from end to end: `SCAN table`, neither through an index nor a full-text one."""
    scans = [re.match(r"SCAN (\w+)(.*)", detail) for detail in details]
    return [
        scan[1]
        for scan in scans
        if scan is not None
        and "VIRTUAL TABLE" not in scan[2]
        and not ("INDEX" in scan[2] and scan[1] in READ_IN_ORDER)
        and scan[1] not in SCANNED_WHOLE
        and not re.match(r"upward|anon|CONSTANT|\d", scan[1])
    ]


def test_a_scan_is_seen_where_there_is_one() -> None:
    assert full_scans(["SCAN messages", "SCAN runs USING COVERING INDEX ix"]) == [
        "messages",
        "runs",
    ]
    assert full_scans(["SEARCH messages USING INDEX ix (id=?)", "SCAN accounts"]) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_no_question_reads_a_whole_table(database: Database) -> None:
    asked = questions(database)
    seen: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        if not executemany and re.match(r"SELECT|UPDATE|DELETE|WITH", statement):
            seen.append((statement, parameters))

    event.listen(database.transactions.engine, "before_cursor_execute", note)
    scanned: dict[str, list[str]] = {}
    for name, ask in asked.items():
        seen.clear()
        ask()
        with database.transactions.engine.connect() as connection:
            for statement, parameters in list(seen):
                if found := full_scans(plan(connection, statement, parameters)):
                    scanned[f"{name}: {statement}"] = found
    assert scanned == {}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_list_of_chats_is_read_in_order_without_sorting(database: Database) -> None:
    ada = person(database)
    statements: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    event.listen(database.transactions.engine, "before_cursor_execute", note)
    database.conversations.list(ada)
    listing = next(each for each in statements if each[0].startswith("SELECT"))
    with database.transactions.engine.connect() as connection:
        assert not any("TEMP B-TREE" in line for line in plan(connection, *listing))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_search_begins_with_the_chats_of_whoever_asks(database: Database) -> None:
    ada = person(database)
    statements: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        if "conversations.account_id" in statement:
            statements.append((statement, parameters))

    event.listen(database.transactions.engine, "before_cursor_execute", note)
    database.conversations.search(ada, "tides")
    with database.transactions.engine.connect() as connection:
        for statement in statements:
            first, *_ = plan(connection, *statement)
            assert re.fullmatch(r"SEARCH conversations USING INDEX .*\(account_id=\?\)", first)
    assert len(statements) == 2, "titles and texts"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_answers_from_its_indices(database: Database) -> None:
    """With sequential scans forbidden, a plan that still has one has no index to use."""
    asked = questions(database)
    engine = database.transactions.engine
    seen: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    scanned: dict[str, str] = {}
    for name, ask in asked.items():
        seen.clear()
        ask()
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            for statement, parameters in list(seen):
                cursor = connection.connection.cursor()
                cursor.execute(f"EXPLAIN {statement}", parameters)
                for (line,) in cursor.fetchall():
                    found = re.search(r"Seq Scan on (\w+)", line)
                    if found and found[1] not in SCANNED_WHOLE:
                        scanned[f"{name}: {statement}"] = line
    assert scanned == {}
