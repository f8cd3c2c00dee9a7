"""What a person does again and again, and how a test waits for what comes of it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
STILL = (
    "document.getAnimations().every((each) => each.effect.getComputedTiming().endTime === Infinity)"
)
"""Contrast is measured when transitions have ended; the caret of an answer never does."""


def ask(page: Page, text: str = "Why are there tides?") -> None:
    """Send a message and wait until it stands in the chat: with it stands its empty answer."""
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".bubble").last).to_have_text(text)


def finished(page: Page, number: int = 1) -> None:
    expect(page.locator(".assistant[aria-busy=false]")).to_have_count(number)


def press(page: Page, name: str) -> None:
    """A button by its name; the newest of several."""
    page.get_by_role("button", name=name, exact=True).last.click()


def pick(page: Page, chat: str, action: str) -> None:
    """An action from the menu of a chat in the list."""
    page.locator(".chat-row", has_text=chat).hover()
    page.get_by_role("button", name=f"Actions for “{chat}”").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def until(page: Page, condition: str, argument: object = None) -> None:
    """Wait until JavaScript says so; `wait_for_function` would need the page to allow eval."""
    for _ in range(750):
        if page.evaluate(condition, argument):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


def check(page: Page, state: str) -> None:
    """Nothing for axe-core to object to, and nothing wider than the window.

    An address changes before its page is there, and the page before what the script shows in it:
    so wait for the heading, for everything that is loaded, and for what moves.
    """
    expect(page.locator("h1")).to_have_count(1)
    page.wait_for_load_state()
    page.evaluate(FRAMES)
    until(page, STILL)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
    until(page, "document.documentElement.scrollWidth <= innerWidth")
