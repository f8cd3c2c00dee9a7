"""What a person does on the chat page, done by Chromium."""

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import ANSWER
from serving import ScriptedEngine

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 780}}


def ask(page: Page, text: str = "Why are there tides?") -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def finished(page: Page, number: int = 1) -> None:
    expect(page.locator(".assistant[aria-busy=false]")).to_have_count(number)


def test_an_answer_streams_and_its_markdown_is_shown(
    open_page: OpenPage, engine: ScriptedEngine, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.release(1_000)
    finished(page)
    answer = page.locator(".answer")
    assert answer.locator("strong").inner_text() == "Tides"
    assert answer.locator("em").inner_text() == "moon"
    assert answer.locator("ol > li").count() == 2
    assert answer.locator("pre code").inner_text() == "tide = moon.pull(sea)"
    assert answer.locator("img").count() == 0
    expect(answer).to_contain_text("<img src=x onerror=alert(1)> is only text.")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_stop_keeps_what_was_said_and_frees_the_model(
    open_page: OpenPage, engine: ScriptedEngine, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    page.get_by_role("button", name="Stop").click()
    finished(page)
    expect(page.locator(".note")).to_have_text("Stopped.")
    expect(page.locator(".answer")).to_contain_text("Sur")
    assert engine.cancelled.wait(1.0)


def test_chats_are_kept_in_the_browser_and_a_new_one_starts_empty(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Why are there tides?").click()
    finished(page)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.get_by_text("What shall we talk about?")).to_be_visible()
    ask(page, "Another question")
    finished(page)
    page.reload()
    titles = page.locator(".chat-open")
    assert titles.all_inner_texts() == ["Another question", "Why are there tides?"]
    titles.nth(1).click()
    expect(page.locator(".bubble")).to_have_text("Why are there tides?")
    expect(page.locator(".answer strong")).to_have_text("Tides")


def test_a_deleted_chat_can_be_had_back(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    finished(page)
    page.get_by_role("button", name="Delete “Why are there tides?”").click()
    expect(page.locator(".chat-row")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".chat-row")).to_have_count(1)


def test_an_answer_is_given_again_by_the_model_that_is_picked(
    open_page: OpenPage, engine: ScriptedEngine
) -> None:
    page = open_page()
    ask(page)
    finished(page)
    page.get_by_label("Model", exact=True).select_option("other")
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".answer")).to_have_text("I am the other.")
    expect(page.locator(".by")).to_have_text("other model")
    expect(page.locator(".turn")).to_have_count(2)


def test_the_next_question_carries_the_conversation(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    page = open_page()
    ask(page)
    finished(page)
    ask(page, "And at night?")
    finished(page, 2)
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert prompt.startswith("<|user|>Why are there tides?<|end|><|assistant|>Sure.")
    assert ANSWER in prompt and prompt.endswith("<|user|>And at night?<|end|><|assistant|>")


def test_an_answer_is_copied_as_it_was_written(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page)
    finished(page)
    page.get_by_role("button", name="Copy the answer").click()
    assert page.evaluate("navigator.clipboard.readText()") == ANSWER


def test_a_failure_is_told_and_can_be_tried_again(
    open_page: OpenPage, engine: ScriptedEngine
) -> None:
    page = open_page()
    engine.failure = RuntimeError("no memory left")
    ask(page)
    finished(page)
    expect(page.locator(".note")).to_contain_text("no memory left")
    engine.failure = None
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".answer strong")).to_have_text("Tides")


def test_shift_enter_is_a_new_line(open_page: OpenPage) -> None:
    page = open_page()
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(page.locator(".turn")).to_have_count(0)
    box.press("Enter")
    expect(page.locator(".bubble")).to_have_text("one\ntwo")
    finished(page)


def test_dark_is_followed_and_can_be_chosen(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Switch between light and dark").click()
    light = page.evaluate(background)
    assert sum(map(int, dark[4:-1].split(","))) < 150 < 600 < sum(map(int, light[4:-1].split(",")))
    page.reload()
    assert page.evaluate(background) == light


def test_a_phone_shows_everything_without_scrolling_sideways(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    ask(page)
    finished(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_role("button", name="New chat")).not_to_be_visible()
    page.get_by_role("button", name="Chats").click()
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.get_by_role("button", name="New chat")).not_to_be_visible()


def test_everything_that_can_be_pressed_has_a_name(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    finished(page)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, a, select, textarea, input")].filter((node) =>
        !(node.ariaLabel || node.textContent.trim() || node.labels?.length)).length"""
    )
    assert nameless == 0
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_page_asks_nothing_of_other_hosts(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    finished(page)
    hosts = page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)"
    )
    assert set(hosts) == {page.evaluate("location.host")}
