"""axe-core finds nothing to object to: every state of the pages, in light, dark and small."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.steps import LOOKS, ask, check, finished, press, until
from fledge.database import Assistant, Passage
from fledge.database.temporary import TemporaryDatabase

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
# Light is looked at in every state; the others where colours or places differ most.
FEW = {"answered", "reasons", "settings", "menu", "comparison", "drawer"}


@pytest.mark.parametrize("look", LOOKS)
def test_the_chat_page_has_no_violation_in_any_state(
    open_page: OpenPage, gate: threading.Semaphore, look: str
) -> None:
    page = open_page(**LOOKS[look])

    def look_at(state: str) -> None:
        if look == "light" or state in FEW:
            check(page, state)

    look_at("empty")
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    look_at("writing")
    gate.release(10_000)
    finished(page)
    look_at("answered")
    press(page, "Bad answer")
    expect(page.get_by_label("What was wrong?")).to_be_visible()
    look_at("reasons")
    press(page, "Close")
    press(page, "Write a better answer")
    expect(page.get_by_label("Edit text", exact=True)).to_be_visible()
    look_at("editing")
    press(page, "Cancel")
    press(page, "Chat settings")
    look_at("settings")
    page.keyboard.press("Escape")
    press(page, "Chat actions")
    look_at("menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    press(page, "Compare two answers")
    ask(page, "And at night?")
    expect(page.get_by_text("Which answer is better?")).to_be_visible()
    look_at("comparison")
    if look == "phone":
        press(page, "Chats")
        look_at("drawer")
    else:
        press(page, "Keyboard shortcuts")
        look_at("keys")


@pytest.fixture
def shop(open_page: OpenPage, database: TemporaryDatabase) -> Iterator[Assistant]:
    """An assistant with a file, and a chat of it in which a person is wanted."""
    owner = database.accounts.owner()
    assert owner is not None
    made = database.assistants.create(
        owner.id,
        name="Diana",
        description="Knows the shop.",
        greeting="Welcome!",
        suggestions=("When do you open?",),
        shared=True,
        allowed_origins=("https://shop.example",),
    )
    database.knowledge.add(owner.id, made.id, "hours.md", [Passage("Hours", "Nine to five.")])
    chat = database.conversations.create(owner.id, title="Late parcel", assistant_id=made.id)
    said = database.messages.add(
        owner.id, chat.id, role="user", content="Where is my parcel?", parent_id=None
    )
    database.messages.add(
        owner.id, chat.id, role="assistant", content="On its way. " * 200, parent_id=said.id
    )
    database.desk.ask(owner.id, chat.id)
    yield made
    database.assistants.delete(owner.id, made.id)


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_the_other_pages_have_no_violation_in_the_dark_or_on_a_phone(
    open_page: OpenPage, shop: Assistant, look: str
) -> None:
    page = open_page("/assistants", **LOOKS[look])
    origin = page.url.removesuffix("/assistants")
    check(page, "gallery")
    page.goto(f"{origin}/assistants/{shop.id}")
    check(page, "form")
    page.goto(f"{origin}/queue")
    page.locator(".desk-line").click()
    expect(page.locator(".desk-text", has_text="On its way.")).to_be_visible()
    until(page, "document.documentElement.scrollHeight === innerHeight")
    check(page, "queue")
    page.goto(f"{origin}/widget/{shop.id}")
    check(page, "widget")
