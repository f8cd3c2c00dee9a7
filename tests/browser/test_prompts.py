"""Prompts: made on their page, inserted by the button or by typing "/", with gaps to fill in."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.steps import LOOKS, check, press
from fledge.database.temporary import TemporaryDatabase

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(autouse=True)
def library(database: TemporaryDatabase) -> None:
    """Two prompts, the second with gaps."""
    owner = database.accounts.owner()
    assert owner is not None
    for prompt in database.prompts.list(owner.id):
        database.prompts.delete(owner.id, prompt.id)
    database.prompts.create(owner.id, "Summarise", "Summarise this in three lines:")
    gaps = "Translate into {{language}}:\n{{ text }}\nOnly {{language}}."
    database.prompts.create(owner.id, "Translate", gaps)


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Prompts").get_by_role("option")


def message(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


@pytest.mark.parametrize("look", LOOKS)
def test_the_button_lists_prompts_and_the_gaps_are_asked_for(
    open_page: OpenPage, look: str
) -> None:
    page = open_page(**LOOKS[look])
    page.get_by_label("Message", exact=True).press_sequentially("Please: ")
    press(page, "Insert a prompt")
    expect(options(page)).to_have_count(3)
    check(page, "the list")
    page.get_by_role("option", name="Translate").click()
    page.get_by_label("language", exact=True).fill("French")
    page.get_by_label("text", exact=True).fill("$& {{language}}")
    check(page, "the gaps")
    press(page, "Insert")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(message(page)).to_have_value(
        "Please: Translate into French:\n$& {{language}}\nOnly French."
    )


def test_a_slash_finds_a_prompt_and_keys_choose_it(open_page: OpenPage) -> None:
    page = open_page()
    box = page.get_by_label("Message", exact=True)
    box.press("/")
    expect(options(page)).to_have_count(2)
    expect(page.locator("#prompt-list [aria-selected=true]")).to_contain_text("Summarise")
    box.press("ArrowDown")
    expect(page.locator("#prompt-list [aria-selected=true]")).to_contain_text("Translate")
    box.press("Escape")
    expect(page.locator("#prompt-list")).to_be_hidden()
    box.fill("")
    box.press("/")
    expect(options(page)).to_have_count(2)
    box.press_sequentially("sum")
    expect(options(page)).to_have_count(1)
    box.press("Enter")
    expect(page.locator("#prompt-list")).to_be_hidden()
    expect(message(page)).to_have_value("Summarise this in three lines:")
    expect(page.locator(".turn")).to_have_count(0)
    box.fill("")
    box.press("/")
    expect(options(page)).to_have_count(2)
    box.press_sequentially("nothing like it")
    expect(page.locator("#prompt-list")).to_be_hidden()
    box.press("Enter")
    expect(page.locator(".bubble")).to_have_text("/nothing like it")


@pytest.mark.parametrize("look", LOOKS)
def test_prompts_are_kept_on_their_page(open_page: OpenPage, look: str) -> None:
    page = open_page("/assistants", **LOOKS[look])
    page.get_by_role("link", name="Prompts").click()
    expect(page.get_by_role("heading", name="Prompts")).to_be_visible()
    check(page, "library")
    press(page, "New prompt")
    check(page, "new prompt")
    page.get_by_label("Title").fill("Greeting")
    page.get_by_label("Text", exact=False).fill("Say hello to {{name}}.")
    page.get_by_label("Share with everyone").check()
    press(page, "Save")
    expect(page.locator(".list-row", has_text="Greeting").locator(".badge")).to_be_visible()
    press(page, "Edit Greeting")
    expect(page.get_by_label("Share with everyone")).to_be_checked()
    page.get_by_label("Title").fill("Welcome")
    press(page, "Save")
    press(page, "Edit Welcome")
    press(page, "Delete")
    expect(page.get_by_text("Welcome")).to_have_count(0)
    expect(page.locator(".list-row")).to_have_count(2)
