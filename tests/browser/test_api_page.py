"""The API page: its tables have room to be read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import LOOKS, check

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", LOOKS)
def test_a_table_of_fields_is_as_wide_as_the_text(
    open_page: Callable[..., Page], look: str
) -> None:
    page = open_page("/docs", **LOOKS[look])
    endpoint = page.locator("details", has_text="/v1/chat/completions")
    endpoint.locator("summary").click()
    table = endpoint.locator("table")
    expect(table).to_be_visible()
    wide = "(table) => table.offsetWidth >= table.closest('details').clientWidth - 1"
    assert table.evaluate(wide)
    check(page, "fields")
