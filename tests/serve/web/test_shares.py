"""Chats shared by a link: who may open one, what it shows, and what ends it."""

import re
from html import unescape

import pytest

from fledge.database import Account
from fledge.serve.people.share_limits import READ, WRITTEN
from people_server import ORIGIN, PASSWORD, PeopleServer
from serve.web.people_chats import begin, read, say, turns

CODE = "```python\nprint(1)\n```\n<script>alert(1)</script> ![x](https://evil.example/x.png)"


@pytest.fixture
def ada(people: PeopleServer) -> Account:
    return people.people_of["user"]


@pytest.fixture
def chat(people: PeopleServer, ada: Account) -> str:
    """A chat with a system prompt, a question, and its answer "The moon."."""
    made = begin(people, ada, title="Tides", system_prompt="Be secret.")
    say(people, ada, made, "Why tides?")
    return made


def share(people: PeopleServer, who: Account, chat: str) -> str:
    """The path of the link."""
    reply = people.ask("PUT", f"/api/conversations/{chat}/share", who=who)
    assert reply.status_code == 200, reply.text
    url = reply.json()["link"]["url"]
    assert re.fullmatch(rf"{ORIGIN}/s/[\w-]{{43}}", url)
    return url.removeprefix(ORIGIN)


def opened(people: PeopleServer, path: str, who: Account | None = None) -> int:
    return people.ask("GET", path, who=who).status_code


def let(people: PeopleServer, readers: str) -> None:
    owner = people.people_of["owner"]
    form = {"shared_links": readers}
    assert people.ask("POST", "/server/sharing", who=owner, data=form).status_code == 303


def test_everybody_with_the_link_reads_the_turns_and_nothing_else(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    people.database.ratings.rate(ada.id, read(people, ada, chat)["messages"][1]["id"], 1)
    path = share(people, ada, chat)
    page = people.ask("GET", path)
    assert page.status_code == 200
    for shown in ("Tides", "Why tides?", "The moon.", "Log in to continue"):
        assert shown in page.text, shown
    for hidden in ("Be secret.", ada.name, ada.login, ada.id, chat, "data-page"):
        assert hidden not in page.text, hidden
    assert page.headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert '<meta name="robots" content="noindex' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


def test_answers_are_rendered_as_harmlessly_as_in_the_chat(
    people: PeopleServer, ada: Account
) -> None:
    chat = begin(people, ada)
    asked = people.database.messages.add(
        ada.id, chat, role="user", content="<b>Hi</b>", parent_id=None
    )
    people.database.messages.add(
        ada.id, chat, role="assistant", content=CODE, parent_id=asked.id, model="retired"
    )
    page = people.ask("GET", share(people, ada, chat)).text
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page and "<b>Hi" not in page
    assert "<script>alert" not in page and "<img" not in page and "evil.example/x.png" in page
    assert 'data-language="python"' in page and ">retired</h2>" in page


def test_later_turns_are_shown_once_the_link_is_updated(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    path = share(people, ada, chat)
    leaf = read(people, ada, chat)["current_message_id"]
    say(people, ada, chat, "And at night?", parent=leaf)
    assert "And at night?" not in people.ask("GET", path).text
    assert share(people, ada, chat) == path
    assert "And at night?" in people.ask("GET", path).text


def test_a_link_that_was_revoked_in_any_way_is_gone_at_once(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    for revoking in (
        "DELETE /api/conversations/CHAT/share",
        "DELETE /api/shares/LINK",
        "POST /account/links/LINK/revoke",
        "DELETE /api/conversations/CHAT",
        "POST /account/erase-chats",
    ):
        people.database.conversations.restore(ada.id, chat)
        path = share(people, ada, chat)
        assert opened(people, path) == 200
        link = people.ask("GET", "/api/shares", who=ada).json()["links"][0]["id"]
        method, address = revoking.replace("CHAT", chat).replace("LINK", link).split()
        form = {"password": PASSWORD} if "erase" in address else None
        assert people.ask(method, address, who=ada, data=form).status_code < 400
        page = people.ask("GET", path, headers={"accept": "text/html"})
        assert page.status_code == 404
        assert "its owner has revoked it" in unescape(page.text)
        assert people.ask("POST", f"{path}/continue", who=ada).status_code == 404
    assert people.ask("GET", "/api/shares", who=ada).json() == {"links": []}


def test_the_account_page_lists_links_and_nobody_else_s(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    path = share(people, ada, chat)
    page = people.ask("GET", "/account", who=ada).text
    assert path in page and "Revoke the link to Tides" in page
    assert path not in people.ask("GET", "/account", who=people.people_of["owner"]).text
    before = read(people, ada, chat)
    assert people.ask("GET", f"/api/conversations/{chat}/share", who=ada).json()["link"]["url"]
    assert read(people, ada, chat) == before


@pytest.mark.parametrize(
    ("readers", "stranger", "member"), [("everyone", 200, 200), ("people", 303, 200)]
)
def test_the_owner_chooses_who_reads(
    people: PeopleServer, ada: Account, chat: str, readers: str, stranger: int, member: int
) -> None:
    path = share(people, ada, chat)
    let(people, readers)
    reply = people.ask("GET", path)
    assert reply.status_code == stranger
    if stranger == 303:
        assert reply.headers["location"] == f"/login?next={path}"
    assert opened(people, path, people.people_of["labeller"]) == member


def test_without_sharing_no_link_opens_and_none_is_made_until_it_is_back(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    path = share(people, ada, chat)
    let(people, "nobody")
    assert opened(people, path) == 404 and opened(people, path, ada) == 404
    refused = people.ask("PUT", f"/api/conversations/{chat}/share", who=ada)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "sharing_off")
    state = people.ask("GET", f"/api/conversations/{chat}/share", who=ada).json()
    assert state["audience"] == "nobody" and state["link"] is not None
    let(people, "everyone")
    assert opened(people, path) == 200
    form = {"requests_per_minute": "5"}
    people.ask("POST", "/admin/settings", who=people.people_of["owner"], data=form)
    assert people.parts.settings.current.shared_links == "everyone"


def test_changing_the_defaults_keeps_the_readers(people: PeopleServer) -> None:
    let(people, "people")
    people.ask("POST", "/admin/settings", who=people.people_of["owner"], data={})
    assert people.database.settings.get().shared_links == "people"
    assert people.parts.settings.current.requests_per_minute is None


def test_a_reader_continues_in_a_chat_of_their_own(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    path = share(people, ada, chat)
    away = people.ask("POST", f"{path}/continue")
    assert (away.status_code, away.headers["location"]) == (303, f"/login?next={path}")
    ben = people.people_of["labeller"]
    page = people.ask("GET", path, who=ben).text
    assert f'action="{path}/continue"' in page
    own = people.ask("POST", f"{path}/continue", who=ben).headers["location"]
    assert re.fullmatch(r"/c/[0-9a-f]{32}", own)
    copied = own.removeprefix("/c/")
    assert turns(people, ben, copied) == [("user", "Why tides?"), ("assistant", "The moon.")]
    leaf = read(people, ben, copied)["current_message_id"]
    say(people, ben, copied, "And at night?", parent=leaf)
    assert len(turns(people, ben, copied)) == 4 and len(turns(people, ada, chat)) == 2
    listed = people.ask("GET", "/api/conversations", who=ben).json()["conversations"]
    assert [each["title"] for each in listed] == ["Tides"]


def test_another_site_cannot_have_a_reader_continue(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    path = share(people, ada, chat)
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    refused = people.ask("POST", f"{path}/continue", who=ada, headers=evil)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "cross_site")


def test_what_was_done_is_in_the_log_without_a_title(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    share(people, ada, chat)
    share(people, ada, chat)
    people.ask("DELETE", f"/api/conversations/{chat}/share", who=ada)
    people.ask("DELETE", f"/api/conversations/{chat}/share", who=ada)
    let(people, "people")
    log = [(each.who, each.action, each.target) for each in people.database.audit.newest(9)][::-1]
    assert log == [
        ("the-user", "share.made", ""),
        ("the-user", "share.updated", ""),
        ("the-user", "share.revoked", ""),
        ("the-owner", "sharing.changed", ""),
    ]


def test_guessing_and_sharing_without_end_are_refused(
    people: PeopleServer, ada: Account, chat: str
) -> None:
    for _ in range(WRITTEN[0].amount):
        path = share(people, ada, chat)
    refused = people.ask("PUT", f"/api/conversations/{chat}/share", who=ada)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) <= 60
    statuses = [opened(people, f"/s/{number}") for number in range(READ[0].amount + 1)]
    assert statuses == [404] * READ[0].amount + [429]
    assert opened(people, path) == 429, "found or not"


@pytest.mark.parametrize(
    ("body", "told"), [({"temporary": True}, "temporary chat"), ({}, "no messages to share")]
)
def test_what_cannot_be_shared_is_told(
    people: PeopleServer, ada: Account, body: dict[str, object], told: str
) -> None:
    chat = begin(people, ada, **body)
    if body:
        say(people, ada, chat, "Hello")
    refused = people.ask("PUT", f"/api/conversations/{chat}/share", who=ada)
    assert refused.status_code == 400 and told in refused.json()["error"]["message"]
