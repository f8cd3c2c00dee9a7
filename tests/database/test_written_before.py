"""A database that fledge wrote at revision 0008 is opened and read back, whatever came since.

`fixtures/database-0008.sql` is a dump with a little of everything in it. It is never written anew;
a later form of the tables gets a dump of its own. Its secrets are `fake-secret-01` and on.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from databases import Clock, new_postgresql
from fledge.database import Account, Database, Passage, ServerSettings, UsageOfDay, open_database
from fledge.database.backup import backup, restore
from fledge.errors import NotFound

DUMP = Path(__file__).parents[1] / "fixtures" / "database-0008.sql"
WRITTEN_AT = 1_760_000_068.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The dump as a file of SQLite."""
    path = tmp_path / "before.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, file: Path) -> Iterator[Database]:
    """The same, opened: as it is, or restored into PostgreSQL."""
    url = str(file)
    if request.param == "postgresql":
        url = new_postgresql("before")
        restore(file, url)
    clock = Clock()
    clock.now = WRITTEN_AT
    opened = open_database(url, clock)
    yield opened
    opened.close()


def people(database: Database) -> dict[str, Account]:
    return {account.login: account for account in database.accounts.list()}


def chats(database: Database, login: str, *, deleted: bool = False) -> dict[str, str]:
    """Ids of a person's chats by title."""
    account = people(database)[login].id
    return {chat.title: chat.id for chat in database.conversations.every(account, deleted=deleted)}


def test_everybody_is_there_with_role_limits_and_consent(before: Database) -> None:
    accounts = people(before)
    assert [(each.login, each.role) for each in accounts.values()] == [
        ("olga", "owner"),
        ("adam", "admin"),
        ("lena", "labeller"),
        ("uma", "user"),
        ("dora", "user"),
        ("local", "owner"),
        ("ines", "user"),
    ]
    uma = accounts["uma"]
    assert (uma.name, uma.requests_per_minute, uma.daily_tokens) == ("Uma", 5, 1_000)
    assert (uma.tokens_per_minute, uma.concurrent_streams) == (None, None)
    assert (uma.created_at, uma.last_seen_at) == (1_760_000_004.0, 1_760_000_007.0)
    assert accounts["dora"].disabled_at == 1_760_000_000.0
    objecting = [each.login for each in accounts.values() if not each.allows_training]
    assert objecting == ["lena", "ines"]
    assert before.accounts.password_hash("UMA") == (uma, "not-a-hash-uma")
    assert before.accounts.password_hash("local") == (accounts["local"], None)
    assert before.accounts.owner() == accounts["olga"]
    assert not before.accounts.needs_setup()


def test_cookies_keys_and_links_still_open_what_they_opened(before: Database) -> None:
    accounts = people(before)
    session = before.sessions.find("fake-secret-01")
    assert session is not None
    assert (session.account_id, session.user_agent) == (accounts["uma"].id, "Firefox on Linux")
    other = before.sessions.find("fake-secret-02")
    assert other is not None and other.account_id == accounts["olga"].id
    laptop = before.api_keys.find("sk-fl-fake-secret-03")
    assert laptop is not None
    assert (laptop.scopes, laptop.daily_tokens) == (("chat", "models"), 500)
    assert before.api_keys.find("sk-fl-fake-secret-04") is None, "revoked"
    workshop = before.api_keys.find("sk-fl-fake-secret-05")
    assert workshop is not None and workshop.expires_at == 1_760_000_500.0
    names = [key.name for key in before.api_keys.every(accounts["uma"].id)]
    assert names == ["workshop", "lost phone", "laptop"]
    (link,) = before.invitations.list()
    assert (link.role, link.note) == ("labeller", "for the new colleague")
    assert before.invitations.find("fake-secret-06") == link
    assert before.invitations.find("fake-secret-07") is None, "used by Ines"


def test_chats_are_listed_hidden_and_found_as_before(before: Database) -> None:
    uma = people(before)["uma"].id
    first, second = before.conversations.list(uma)
    assert (first.title, first.pinned) == ("Why are there tides?", True)
    assert (first.model, first.system_prompt) == ("tiny", "Be brief.")
    assert first.sampling == {"temperature": 0.5, "seed": 7}
    assert (second.title, second.pinned) == ("Shoes", False)
    assert [chat.title for chat in before.conversations.list(uma, archived=True)] == ["Recipes"]
    assert list(chats(before, "uma", deleted=True)) == ["Deleted"]
    assert before.conversations.readable(uma, second.id).system_prompt is None
    for query, titles in (
        ("moon", ["Why are there tides?"]),
        ("egg", ["Recipes"]),
        ("日本", ["Why are there tides?"]),
        ("forget", []),
        ("parcel", []),
    ):
        assert [hit.title for hit in before.conversations.search(uma, query)] == titles
    restored = before.conversations.restore(uma, chats(before, "uma", deleted=True)["Deleted"])
    assert [turn.content for turn in before.messages.tree(uma, restored.id)] == ["Forget this."]


def test_a_tree_has_its_branches_and_every_kind_of_end(before: Database) -> None:
    uma = people(before)["uma"].id
    chat = before.conversations.get(uma, chats(before, "uma")["Why are there tides?"])
    tree = before.messages.tree(uma, chat.id)
    question, moon, sun, fish, really, sun_too, cut, failed = tree
    assert [turn.content for turn in tree] == [
        "Why are there tides?",
        "The moon pulls.",
        "The sun pulls.",
        "Fish drink.",
        "Really?",
        "And the sun? Été, 日本 🌊",
        "It helps a li",
        "",
    ]
    assert [turn.parent_id for turn in tree] == [
        None,
        question.id,
        question.id,
        question.id,
        moon.id,
        moon.id,
        sun_too.id,
        really.id,
    ]
    assert before.messages.path(uma, cut.id) == [question, moon, sun_too, cut]
    assert (moon.role, moon.model, moon.finish_reason) == ("assistant", "tiny", "stop")
    assert (moon.prompt_tokens, moon.completion_tokens) == (9, 4)
    assert moon.details == {"seconds": 0.5}
    assert (cut.status, failed.status, failed.error) == ("interrupted", "failed", "out of memory")
    assert chat.current_message_id == failed.id
    assert {sun.status, fish.status} == {"finished"}


def test_an_answer_that_was_being_written_is_marked_and_can_be_continued(before: Database) -> None:
    lena = people(before)["lena"].id
    chat = chats(before, "lena")["Still writing"]
    (run,) = before.runs.running(lena, chat)
    assert (run.model, run.started_at) == ("tiny", 1_760_000_048.0)
    assert before.runs.interrupt_orphans() == 1
    assert before.messages.get(lena, run.message_id).content == "Once upon a"
    again = before.runs.resume(lena, run.message_id, model="tiny")
    before.runs.finish(again.id, "finished", "Once upon a time.")
    assert [hit.title for hit in before.conversations.search(lena, "time")] == ["Still writing"]


def test_opinions_become_the_same_training_data(before: Database) -> None:
    uma = people(before)["uma"].id
    given = before.ratings.given(uma)
    assert [(each.value, each.reasons, each.comment) for each in given.ratings] == [
        (1, ("clear", "correct"), "Short and right."),
        (-1, ("wrong",), ""),
    ]
    preferred, thumbed = before.training_data.rankings()
    assert preferred.pairs() == [
        ("The moon pulls.", "The sun pulls."),
        ("The moon pulls.", "Fish drink."),
    ]
    assert (preferred.seconds, preferred.labeler) == (12.5, uma)
    assert thumbed.pairs() == [("The moon pulls.", "Fish drink.")]
    (demonstration,) = before.training_data.demonstrations()
    assert demonstration.response == "The moon and the sun pull on the sea."
    assert [(turn.role, turn.content) for turn in demonstration.prompt] == [
        ("system", "Be brief."),
        ("user", "Why are there tides?"),
    ]


def test_assistants_and_their_knowledge_answer_as_before(before: Database) -> None:
    accounts = people(before)
    adam, uma = accounts["adam"].id, accounts["uma"].id
    shop, tutor = before.assistants.list(uma)
    assert (shop.name, shop.description) == ("Shop", "Answers about shoes")
    assert (shop.greeting, shop.suggestions) == ("Grüezi! 🌊", ("When are you open?",))
    assert (shop.sampling, shop.model, shop.shared) == ({"temperature": 0.2}, "tiny", True)
    assert before.assistants.embedded(shop.id).allowed_origins == ("https://shop.example",)
    assert (tutor.name, tutor.system_prompt, tutor.shared) == ("Tutor", "Explain slowly.", False)
    assert before.knowledge.texts(adam, shop.id) == {
        "faq.md": [
            Passage("Opening hours", "We are open from nine to five."),
            Passage("Returns", "Return shoes within 30 days."),
        ],
        "prices.md": [Passage("Prices", "Boots are 90 francs.")],
    }
    best, *_ = before.knowledge.search(shop.id, "How much are boots?")
    assert (best.document, best.position, best.content) == ("prices.md", 0, "Boots are 90 francs.")


def test_visitors_and_the_queue_are_as_they_were_left(before: Database) -> None:
    accounts = people(before)
    waiting, taken = before.desk.waiting()
    assert (waiting.title, waiting.hand_over.status) == ("Late parcel", "waiting")
    assert (taken.title, taken.hand_over.taken_by) == ("Wrong size", accounts["olga"].id)
    visits = [before.desk.visit(f"fake-secret-{number:02}") for number in (8, 9, 10)]
    assert {(each.account_id, each.origin) for each in visits} == {
        (accounts["adam"].id, "https://shop.example")
    }
    closed = before.desk.of(visits[2].conversation_id)
    assert closed is not None and closed.status == "closed"
    assert before.conversations.purge_temporary(WRITTEN_AT) == 3
    with pytest.raises(NotFound):
        before.desk.visit("fake-secret-08")


def test_counters_settings_and_log_are_kept(before: Database) -> None:
    accounts = people(before)
    uma = accounts["uma"].id
    assert before.usage.of(uma, since="2025-10-01") == [
        UsageOfDay(uma, "2025-10-09", "", "tiny", 3, 27, 12),
        UsageOfDay(uma, "2025-10-09", "key-1", "tiny", 1, 100, 50),
    ]
    assert before.usage.tokens_today(uma) == 189
    assert before.settings.get() == ServerSettings(
        requests_per_minute=30, concurrent_streams=2, daily_tokens=100_000, allows_training=False
    )
    assert [(entry.who, entry.action, entry.target) for entry in before.audit.newest()] == [
        (None, "login.failed", "nobody"),
        ("adam", "role.changed", "lena"),
        ("olga", "server.set_up", "olga"),
    ]
    assert before.audit.by(accounts["adam"].id)[0].detail == {"from": "user", "to": "labeller"}


def test_it_goes_on_from_there(before: Database, tmp_path: Path) -> None:
    """New rows beside the old ones, erasing of the old ones, and a backup of both."""
    uma = people(before)["uma"].id
    chat = before.conversations.create(uma, title="New")
    before.messages.add(uma, chat.id, role="user", content="A new moon.", parent_id=None)
    before.audit.add(uma, "chat.made")
    hits = before.conversations.search(uma, "moon")
    assert [hit.title for hit in hits] == ["New", "Why are there tides?"]
    rows = backup(before.transactions.engine.url.render_as_string(False), tmp_path / "copy.db")
    before.accounts.delete(uma)
    assert list(before.training_data.rankings()) == []
    copy = open_database(tmp_path / "copy.db", Clock())
    assert [each.title for each in copy.conversations.search(uma, "moon")] == [
        "New",
        "Why are there tides?",
    ]
    copy.close()
    assert rows == 67 + 3, "those of the dump, a chat, its turn and a line of the log"
