"""The list of chats: kept on the server, searched, renamed, pinned, archived, deleted with undo."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import LOOKS, PHONE, ask, finished, pick, press, until

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def lists(page: Page, *titles: str) -> None:
    expect(page.locator(".chat-title")).to_have_text(list(titles))


def two_chats(page: Page) -> None:
    ask(page, "First question")
    finished(page)
    press(page, "New chat")
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "Second question")
    finished(page)


def test_chats_are_listed_opened_and_outlive_the_browser(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    lists(page, "Second question", "First question")
    fresh = open_page()  # another browser, the same person
    fresh.locator(".chat-open", has_text="First question").click()
    expect(fresh.locator(".bubble")).to_have_text("First question")
    expect(fresh.locator("[aria-current=page].chat-open")).to_have_text("First question")
    fresh.go_back()
    expect(fresh.get_by_text("What's on your mind?")).to_be_visible()


def test_a_chat_is_renamed_pinned_and_archived(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    pick(page, "First question", "Rename")
    page.get_by_label("Title", exact=True).fill("Harbour")
    page.keyboard.press("Enter")
    expect(page.locator(".chat-title").last).to_have_text("Harbour")
    pick(page, "Harbour", "Pin")
    expect(page.locator(".chat-group").first).to_have_text("Pinned")
    lists(page, "Harbour", "Second question")
    pick(page, "Second question", "Archive")
    expect(page.locator(".chat-row")).to_have_count(1)
    press(page, "Archived")
    lists(page, "Second question")


def test_a_search_marks_what_it_found(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "昨日の会議では東北支社の予算について")
    finished(page)
    page.get_by_label("Search chats").fill("東北支社")
    expect(page.locator(".chat-title mark")).to_have_text(["東北支社"])
    page.get_by_label("Search chats").fill("moon")
    expect(page.locator(".snippet mark")).to_have_text(["moon"] * 2)


def test_the_open_chat_is_archived_from_its_own_menu_and_had_back(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "First question")
    finished(page)
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Archive").click()
    expect(page.locator(".toast")).to_contain_text("Chat archived.")
    expect(page.locator(".chat-row")).to_have_count(0)
    press(page, "Undo")
    lists(page, "First question")


@pytest.mark.parametrize("look", LOOKS)
def test_a_toast_covers_neither_the_bar_nor_the_message_box(open_page: OpenPage, look: str) -> None:
    page = open_page(**LOOKS[look])
    ask(page)
    finished(page)
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Archive").click()
    expect(page.locator(".toast")).to_be_visible()
    toast, bar, foot = (page.locator(each).bounding_box() for each in (".toast", ".bar", ".foot"))
    assert toast and bar and foot
    assert bar["y"] + bar["height"] <= toast["y"] <= foot["y"] - toast["height"]


def test_the_tab_of_the_chat_stays_marked_in_every_chat(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".tab[aria-current=page]")).to_have_text("Chat")
    ask(page)
    finished(page)
    page.reload()
    expect(page).to_have_url(re.compile("/c/"))
    expect(page.locator(".tab[aria-current=page]")).to_have_text("Chat")
    page.goto(page.url.partition("/c/")[0] + "/assistants/new")
    expect(page.locator(".tab[aria-current=page]")).to_have_text("Assistants")


def test_a_deleted_chat_can_be_had_back(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    pick(page, "Second question", "Delete")
    expect(page.locator(".chat-row")).to_have_count(1)
    expect(page.locator(".turn")).to_have_count(0)
    press(page, "Undo")
    expect(page.locator(".chat-row")).to_have_count(2)


def test_a_chat_that_another_tab_deletes_closes_here(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".bubble")).to_have_text("Second question")
    pick(other, "Second question", "Rename")
    other.get_by_label("Title", exact=True).fill("Harbour")
    other.keyboard.press("Enter")
    lists(page, "Harbour", "First question")
    pick(other, "Harbour", "Delete")
    lists(page, "First question")
    expect(page.locator(".toast")).to_have_text("This chat no longer exists.")
    expect(page.locator(".turn")).to_have_count(0)


def test_a_menu_stays_open_and_the_focus_in_its_place_when_the_list_changes(
    open_page: OpenPage,
) -> None:
    page = open_page()
    two_chats(page)
    pick(page, "First question", "Pin")
    expect(page.locator(".chat-group").first).to_have_text("Pinned")
    expect(page.get_by_role("button", name="Actions for “First question”")).to_be_focused()
    page.keyboard.press("Enter")
    other = page.context.new_page()
    other.goto(page.url)
    pick(other, "Second question", "Pin")
    expect(other.locator(".chat-group")).to_have_text(["Pinned"])
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".chat-group")).to_have_text(["Pinned"])


def test_chats_are_found_by_what_was_said(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("first")
    lists(page, "First question")
    page.get_by_label("Search chats").fill("nothing of this")
    expect(page.locator(".sidebar-note")).to_have_text("No chats found.")


def test_a_chat_is_saved_as_a_file(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, "First question")
    finished(page)
    press(page, "Chat actions")
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export as Markdown").click()
    assert download.value.suggested_filename == "first-question.md"


def test_keys_work_and_are_listed(open_page: OpenPage) -> None:
    page = open_page()
    two_chats(page)
    page.keyboard.press("Control+Shift+O")
    expect(page.locator(".turn")).to_have_count(0)
    page.locator("h1").evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).not_to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.locator(".chat-open").first.click()
    finished(page)
    page.get_by_role("button", name="Actions for “Second question”").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Actions for “Second question”")).to_be_focused()


def test_a_phone_shows_everything_without_scrolling_sideways(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    ask(page)
    finished(page)
    until(page, "document.documentElement.scrollWidth === 390")
    new_chat = page.get_by_role("button", name="New chat", exact=True)
    expect(new_chat).not_to_be_visible()
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Chat title", exact=True).fill("Harbour")
    press(page, "Save")
    expect(page).to_have_title("Harbour · fledge")
    press(page, "Chats")
    lists(page, "Harbour")
    expect(new_chat).to_be_visible()
    new_chat.click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(new_chat).not_to_be_visible()


def test_dark_is_followed_and_can_be_chosen(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark")

    dark, light = "rgb(23, 24, 27)", "rgb(255, 255, 255)"
    body = page.locator("body")
    expect(body).to_have_css("background-color", dark)
    press(page, "Theme: system")
    expect(body).to_have_css("background-color", light)
    page.reload()
    expect(body).to_have_css("background-color", light)
    press(page, "Theme: light")
    expect(body).to_have_css("background-color", dark)
    press(page, "Theme: dark")
    expect(page.get_by_role("button", name="Theme: system")).to_be_visible()


def test_the_pages_ask_nothing_of_other_hosts(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    finished(page)
    hosts = page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)"
    )
    assert set(hosts) == {page.evaluate("location.host")}
