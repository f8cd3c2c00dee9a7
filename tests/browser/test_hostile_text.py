"""Texts that would like to act: from the model, in titles, prompts and search."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import ask, finished, pick
from serve.show.test_markdown import PAYLOADS
from serving import ScriptedEngine

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
ACTS = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"


def nothing_acted(page: Page) -> None:
    page.wait_for_timeout(100)
    assert "owned" not in page.evaluate("document.title.split(' · ')[1] ?? document.title")
    assert page.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert page.evaluate("document.querySelectorAll('main script, main style').length") == 0
    handlers = "[...document.querySelectorAll('*')].flatMap((node) => [...node.attributes])"
    assert page.evaluate(f"{handlers}.filter((each) => each.name.startsWith('on')).length") == 0


def test_no_answer_acts_while_it_streams_or_after(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    text = "\n\n".join(PAYLOADS)
    engine.script = [*tiny_tokenizer.encode(text)[:1900], tiny_tokenizer.special.end]
    page = open_page()
    ask(page)
    finished(page)
    nothing_acted(page)
    page.reload()
    finished(page)
    nothing_acted(page)


def test_no_question_title_prompt_or_search_acts(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, ACTS)
    finished(page)
    expect(page.locator(".bubble")).to_have_text(ACTS)
    nothing_acted(page)
    title = page.locator(".chat-title").inner_text()
    pick(page, title, "Rename")
    page.get_by_label("Title", exact=True).fill(ACTS)
    page.keyboard.press("Enter")
    expect(page.locator(".chat-title")).to_have_text(ACTS)
    page.get_by_label("Search chats").fill("onerror")
    expect(page.locator(".chat-group")).to_have_text("Search results")
    expect(page.locator(".chat-row")).to_have_count(1)
    nothing_acted(page)
    page.reload()
    expect(page.locator(".chat-title")).to_have_text(ACTS)
    nothing_acted(page)
