"""axe-core finds nothing to object to: every state of the chat page, in light, dark and small."""

import threading
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.steps import ask, finished, press

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
# Light is looked at in every state; the others where colours or places differ most.
FEW = {"answered", "reasons", "settings", "menu", "comparison", "drawer"}


def check(page: Page, state: str) -> None:
    page.wait_for_timeout(250)  # contrast is measured when transitions have ended
    found = Axe().run(page)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"


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
    look_at("reasons")
    press(page, "Close")
    press(page, "Write a better answer")
    look_at("editing")
    press(page, "Cancel")
    press(page, "Settings of this chat")
    look_at("settings")
    page.keyboard.press("Escape")
    press(page, "This chat")
    look_at("menu")
    page.keyboard.press("Escape")
    press(page, "Compare two answers")
    ask(page, "And at night?")
    expect(page.get_by_text("Which is better?")).to_be_visible()
    look_at("comparison")
    if look == "phone":
        press(page, "Chats")
        look_at("drawer")
    else:
        press(page, "Keyboard shortcuts")
        look_at("keys")
