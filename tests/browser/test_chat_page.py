"""Asking and answering on the chat page, done by Chromium."""

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import ANSWER, OTHER
from browser.steps import ask, finished, press, until
from serving import ScriptedEngine

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def test_an_answer_streams_and_ends_as_the_server_renders_it(
    open_page: OpenPage, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.release(1_000)
    finished(page)
    answer = page.locator(".answer")
    expect(answer.locator("strong")).to_have_text("Tides")
    expect(answer.locator("ol > li")).to_have_count(2)
    expect(answer.locator("pre code")).to_have_text("tide = moon.pull(sea)")
    expect(answer.locator("pre .o")).to_have_count(2)  # highlighted
    expect(answer.locator("td.align-right")).to_have_text("16.3")
    expect(answer.locator("math mfrac")).to_have_count(1)
    expect(answer.locator("img")).to_have_count(0)
    expect(answer).to_contain_text("<img src=x onerror=alert(1)> is only text.")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(page).to_have_title("Why are there tides? · fledge")


def test_stop_keeps_what_was_said_and_frees_the_model(
    open_page: OpenPage, engine: ScriptedEngine, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    page.keyboard.press("Escape")
    finished(page)
    expect(page.locator(".note")).to_have_text("Stopped.")
    expect(page.locator(".answer")).to_contain_text("Sur")
    assert engine.cancelled.wait(10)


def test_a_reload_in_mid_answer_goes_on_with_it(
    open_page: OpenPage, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    page.reload()
    expect(page.locator(".answer")).to_contain_text("Sur")
    gate.release(1_000)
    finished(page)
    expect(page.locator(".answer strong")).to_have_text("Tides")


def test_a_second_tab_shows_the_same_answer_as_it_grows(
    open_page: OpenPage, gate: threading.Semaphore
) -> None:
    page = open_page()
    ask(page)
    gate.release(5)
    expect(page.locator(".answer")).to_contain_text("Sur")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".answer")).to_contain_text("Sur")
    gate.release(1_000)
    for each in (page, other):
        finished(each)
    text = page.locator(".answer").inner_text()
    expect(other.locator(".answer")).to_have_text(text, use_inner_text=True)
    ask(page, "And at night?")
    finished(other, 2)
    expect(other.locator(".bubble").last).to_have_text("And at night?")


def test_an_answer_given_again_is_a_version_beside_the_first(open_page: OpenPage) -> None:
    page = open_page()
    ask(page)
    finished(page)
    with page.expect_response(lambda reply: reply.request.method == "PATCH"):
        page.get_by_label("Model", exact=True).select_option("other")
    press(page, "Regenerate answer")
    expect(page.locator(".answer")).to_have_text(OTHER)
    expect(page.locator(".assistant .place")).to_have_text("2/2")
    with page.expect_response(lambda reply: reply.request.method == "PATCH"):
        press(page, "Previous version")
    expect(page.locator(".answer strong")).to_have_text("Tides")
    expect(page.get_by_role("button", name="Previous version")).to_be_disabled()
    page.reload()
    expect(page.locator(".assistant .place")).to_have_text("1/2")


def test_an_edited_question_is_a_branch_of_its_own(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    page = open_page()
    ask(page)
    finished(page)
    ask(page, "And at night?")
    finished(page, 2)
    page.keyboard.press("ArrowUp")
    page.get_by_label("Edit text", exact=True).fill("And by day?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble").last).to_have_text("And by day?")
    finished(page, 2)
    expect(page.locator(".user .place")).to_have_text("2/2")
    prompt = tiny_tokenizer.decode_marked(engine.requests[-1].prompt)
    assert "And at night?" not in prompt and prompt.count("<|user|>") == 2
    press(page, "Previous version")
    expect(page.locator(".bubble").last).to_have_text("And at night?")


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
    expect(page.locator("#meter")).to_contain_text("/ 2,048 tokens")


def test_settings_of_a_chat_reach_the_model(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    page = open_page()
    press(page, "Chat settings")
    page.get_by_label("System prompt").fill("Be brief.")
    page.get_by_label("Temperature").fill("0.3")
    page.get_by_label("Stop sequences").fill("\n\n")
    page.get_by_label("Stop sequences").fill("Tides")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    ask(page)
    finished(page)
    request = engine.requests[-1]
    assert tiny_tokenizer.decode_marked(request.prompt).startswith("<|system|>Be brief.<|end|>")
    assert (request.sampling.temperature, request.sampling.stop) == (0.3, ("Tides",))
    page.reload()
    press(page, "Chat settings")
    expect(page.get_by_label("Temperature")).to_have_value("0.3")
    page.get_by_label("Temperature").fill("0.9")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "Chat settings")
    expect(page.get_by_label("Temperature")).to_have_value("0.3")
    page.get_by_label("Use for new chats").check()
    page.get_by_label("Temperature").press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "New chat")
    page.reload()
    press(page, "Chat settings")
    expect(page.get_by_label("System prompt")).to_have_value("Be brief.")


def test_an_answer_and_its_code_are_copied_as_they_were_written(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page)
    finished(page)
    copied = "(text) => navigator.clipboard.readText().then((found) => found.trim() === text)"
    press(page, "Copy answer")
    until(page, copied, ANSWER)
    press(page, "Copy code")
    until(page, copied, "tide = moon.pull(sea)")


def test_empty_number_boxes_show_the_values_in_effect(open_page: OpenPage) -> None:
    page = open_page()
    press(page, "Chat settings")
    shown = {"Temperature": "0.7", "Top-p": "1", "Top-k": "all", "Min-p": "0", "Seed": "random"}
    for name, value in {**shown, "Max tokens": "1,024"}.items():
        expect(page.get_by_label(name, exact=True)).to_have_attribute("placeholder", value)
    expect(page.get_by_label("Max tokens")).to_have_attribute("max", "2048")


def test_an_answer_that_repeats_itself_is_stopped_and_says_so(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer
) -> None:
    page = open_page()
    line = tiny_tokenizer.encode("The tide comes in.\n")
    engine.script = [*line * 60, tiny_tokenizer.special.end]
    ask(page)
    finished(page)
    expect(page.locator(".note")).to_have_text("Stopped: the answer repeated itself.")
    expect(page.get_by_role("button", name="Continue answer")).to_have_count(0)
    press(page, "Chat settings")
    box = page.get_by_label("Stop an answer that repeats itself")
    expect(box).to_be_checked()
    box.uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "Regenerate answer")
    expect(page.locator(".assistant .place")).to_have_text("2/2")
    finished(page)
    expect(page.locator(".note")).to_have_text("")
    assert [request.sampling.stop_repetition for request in engine.requests] == [True, False]
    press(page, "Chat settings")
    expect(box).not_to_be_checked()
    press(page, "Reset")
    expect(box).to_be_checked()


def test_a_failure_is_told_and_can_be_tried_again(
    open_page: OpenPage, engine: ScriptedEngine
) -> None:
    page = open_page()
    engine.failure = RuntimeError("no memory left")
    ask(page)
    finished(page)
    expect(page.locator(".note")).to_contain_text("no memory left")
    engine.failure = None
    press(page, "Regenerate answer")
    expect(page.locator(".answer strong")).to_have_text("Tides")


def test_a_temporary_chat_is_not_listed(open_page: OpenPage) -> None:
    page = open_page()
    press(page, "Temporary chat")
    expect(page.locator(".welcome")).to_contain_text("never used for training")
    ask(page)
    finished(page)
    expect(page.locator(".chat-row")).to_have_count(0)
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)


def test_shift_enter_is_a_new_line_and_a_draft_outlives_a_reload(open_page: OpenPage) -> None:
    page = open_page()
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    page.reload()
    expect(box).to_have_value("one\ntwo")
    box.press("Enter")
    expect(page.locator(".bubble")).to_have_text("one\ntwo")
    finished(page)


def test_the_view_follows_the_answer_until_the_reader_scrolls_up(
    open_page: OpenPage, engine: ScriptedEngine, gate: threading.Semaphore, tiny_tokenizer
) -> None:
    engine.script = [*tiny_tokenizer.encode("The sea.\n\n" * 80), tiny_tokenizer.special.end]
    page = open_page(viewport={"width": 900, "height": 500})
    ask(page)
    gate.release(400)
    box = "document.getElementById('scroll')"
    distance = f"({box}.scrollHeight - {box}.scrollTop - {box}.clientHeight)"
    until(page, f"{box}.scrollHeight > 2 * {box}.clientHeight && {distance} < 5")
    page.mouse.move(450, 200)
    page.mouse.wheel(0, -400)
    until(page, f"{distance} > 100")
    top = page.evaluate(f"{box}.scrollTop")  # at once: the browser is told not to glide
    gate.release(5_000)
    finished(page)
    assert page.evaluate(f"{box}.scrollTop") == top
    press(page, "Scroll to the latest message")
    until(page, f"{distance} < 5")
