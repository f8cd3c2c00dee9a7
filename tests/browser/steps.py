"""What a person does again and again."""

from playwright.sync_api import Page, expect


def ask(page: Page, text: str = "Why are there tides?") -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


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


def until(page: Page, condition: str) -> None:
    """Wait until JavaScript says so; `wait_for_function` would need the page to allow eval."""
    for _ in range(750):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")
