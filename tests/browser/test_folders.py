"""Folders in the list of chats: made, filled, opened, searched, renamed and deleted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import LOOKS, ask, check, finished, pick, press
from fledge.database.temporary import TemporaryDatabase

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def without_folders(database: TemporaryDatabase) -> None:
    owner = database.accounts.owner()
    for folder in database.folders.list(owner.id) if owner else []:
        database.folders.delete(owner.id, folder.id)


def lists(page: Page, *titles: str) -> None:
    expect(page.locator("#chats .chat-title")).to_have_text(list(titles))


def open_drawer(page: Page, look: str) -> None:
    if look == "phone":
        press(page, "Chats")


@pytest.mark.parametrize("look", LOOKS)
def test_a_chat_is_moved_into_a_new_folder_and_found_there(open_page: OpenPage, look: str) -> None:
    page = open_page(**LOOKS[look])
    ask(page, "First question")
    finished(page)
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Move to folder").click()
    page.get_by_label("Name of the new folder").fill("Harbour")
    check(page, "moving")
    press(page, "Move")
    open_drawer(page, look)
    expect(page.get_by_role("button", name="Harbour, 1 chat")).to_be_visible()
    expect(page.get_by_text("Your chats will appear here.")).to_be_visible()
    check(page, "a folder in the list")
    press(page, "Harbour, 1 chat")
    lists(page, "First question")
    expect(page.get_by_role("button", name="All chats")).to_be_focused()
    check(page, "an open folder")
    press(page, "Edit folder “Harbour”")
    check(page, "editing")
    page.get_by_label("Folder name").fill("Sea")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sea")).to_be_visible()
    press(page, "Edit folder “Sea”")
    press(page, "Delete, keep chats")
    expect(page.get_by_text("Folder deleted.")).to_be_visible()
    lists(page, "First question")


def test_a_new_chat_begins_in_the_open_folder_and_a_search_stays_there(
    open_page: OpenPage,
) -> None:
    page = open_page()
    ask(page, "Outside question")
    finished(page)
    press(page, "New folder")
    page.get_by_label("Folder name").fill("Harbour")
    page.keyboard.press("Enter")
    press(page, "Harbour, 0 chats")
    expect(page.get_by_text("No chats in this folder.")).to_be_visible()
    press(page, "New chat")
    ask(page, "Inside question")
    finished(page)
    lists(page, "Inside question")
    page.get_by_label("Search chats").fill("question")
    lists(page, "Inside question")
    page.get_by_label("Search chats").fill("")
    press(page, "All chats")
    lists(page, "Outside question")
    expect(page.get_by_role("button", name="Harbour, 1 chat")).to_be_visible()
    page.get_by_label("Search chats").fill("question")
    expect(page.locator("#chats .chat-title")).to_have_count(2)
    page.get_by_label("Search chats").fill("")
    pick(page, "Outside question", "Move to folder")
    page.get_by_role("combobox", name="Folder").select_option("Harbour")
    press(page, "Move")
    expect(page.get_by_role("button", name="Harbour, 2 chats")).to_be_visible()


def test_another_tab_hears_of_folders(open_page: OpenPage) -> None:
    page = open_page()
    other = page.context.new_page()
    other.goto(page.url)
    press(page, "New folder")
    page.get_by_label("Folder name").fill("Harbour")
    page.keyboard.press("Enter")
    expect(other.get_by_role("button", name="Harbour, 0 chats")).to_be_visible()
