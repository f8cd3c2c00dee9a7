"""Pages in a browser that stores nothing, done by Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import ask, finished, until

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""
FULL = (
    """Storage.prototype.setItem = () => { throw new DOMException("no", "QuotaExceededError"); };"""
)
STORES_NOTHING = """() => {
  try { localStorage.setItem("a", "b"); } catch { return true; }
  return false;
}"""


@pytest.mark.parametrize("broken", ["blocked", "full"])
def test_the_pages_work_where_the_browser_stores_nothing(open_page: OpenPage, broken: str) -> None:
    page = open_page()
    page.add_init_script(BLOCKED if broken == "blocked" else FULL)
    page.goto(page.url)
    until(page, STORES_NOTHING)
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"The moon pulls."}
    page.locator("#attached").set_input_files(file)
    expect(page.locator("#files .file-name")).to_have_text("notes.txt")
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(page.locator("#files .file-name")).to_have_count(0)
    ask(page)
    finished(page)
    expect(page.locator(".answer strong")).to_have_text("Tides")
    page.goto("/".join(page.url.split("/")[:3]) + "/assistants")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
