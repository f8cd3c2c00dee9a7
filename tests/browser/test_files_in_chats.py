"""Text files in messages of the chat page, in Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.steps import check, finished, press
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def sent(engine: ScriptedEngine, tokenizer: Tokenizer) -> str:
    """The last prompt that the model was given."""
    return tokenizer.decode(engine.requests[-1].prompt)


def test_text_files_are_chips_and_are_sent_below_the_message(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer: Tokenizer
) -> None:
    page = open_page()
    box = page.get_by_label("Message", exact=True)
    box.fill("What is this?")
    buffers = {
        "a.txt": "Très ```bien```".encode("cp1252"),
        "b.txt": "\ufeffzwei".encode("utf-16le"),
    }
    files = [
        {"name": name, "mimeType": "text/plain", "buffer": buffer}
        for name, buffer in buffers.items()
    ]
    page.set_input_files("#attached", files=files)
    chips = page.get_by_role("list", name="Attached files").get_by_role("listitem")
    expect(chips).to_have_text(["a.txt16 bytes", "b.txt4 bytes"])
    expect(box).to_have_value("What is this?")
    picture = {"name": "c.png", "mimeType": "image/png", "buffer": b"\x89PNG\0\0"}
    page.set_input_files("#attached", files=[picture])
    expect(page.locator(".toast")).to_contain_text("c.png is not a text file")
    check(page, "files")
    page.reload()
    expect(chips).to_have_count(2)  # as the text in the box, they outlive a reload
    box.press("Enter")
    finished(page)
    wanted = "What is this?\n\na.txt:\n````\nTrès ```bien```\n````\n\nb.txt:\n```\nzwei\n```"
    assert wanted in sent(engine, tiny_tokenizer)
    expect(chips).to_have_count(0)
    expect(page.locator(".sent-file summary")).to_have_text(["a.txt16 bytes", "b.txt4 bytes"])
    expect(page.locator(".sent-file pre").first).to_be_hidden()
    page.locator(".sent-file summary").first.click()
    expect(page.locator(".sent-file pre").first).to_have_text("Très ```bien```")
    check(page, "sent files")


def test_what_only_begins_like_files_is_shown_as_it_is_and_at_once(open_page: OpenPage) -> None:
    """Each beginning without an end is looked for to the end of the text."""
    page = open_page()
    text = "a.txt:\n```\nx\n\n" * 8_000 + "end"
    seconds = page.evaluate(
        """async (text) => {
            const { partsOf } = await import("/static/sent-files.js");
            const start = performance.now();
            const parts = partsOf(text);
            return [parts.length, parts[0] === text, (performance.now() - start) / 1000];
        }""",
        text,
    )
    assert seconds[:2] == [1, True] and seconds[2] < 2
    few = page.evaluate(
        """async () => (await import("/static/sent-files.js"))
            .partsOf("hi\\n\\na.txt:\\n```\\n\\n```\\n\\nb.c:\\n```\\ny")
            .map((part) => part.textContent ?? part)"""
    )
    assert few == ["hi", "a.txt0 bytes", "\n\nb.c:\n```\ny"]


def test_a_file_is_removed_and_one_alone_is_a_message(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer: Tokenizer
) -> None:
    page = open_page()
    files = [
        {"name": name, "mimeType": "text/plain", "buffer": name.encode()}
        for name in ("a.txt", "b.txt")
    ]
    page.set_input_files("#attached", files=files)
    press(page, "Remove a.txt")
    press(page, "Send")
    finished(page)
    prompt = sent(engine, tiny_tokenizer)
    assert "b.txt:\n```\nb.txt\n```" in prompt and "a.txt" not in prompt


def test_a_file_longer_than_the_model_reads_is_cut_and_says_so(
    open_page: OpenPage, engine: ScriptedEngine, tiny_tokenizer: Tokenizer
) -> None:
    """The model of the tests reads 2,048 tokens: about 4,096 characters."""
    page = open_page()
    long = {"name": "long.txt", "mimeType": "text/plain", "buffer": b"tide " * 2000}
    page.set_input_files("#attached", files=[long])
    expect(page.locator(".file-size")).to_have_text("first 4,096 of 9,999 characters")
    page.set_input_files("#attached", files=[{**long, "name": "more.txt"}])
    expect(page.locator(".toast")).to_contain_text("more.txt does not fit: the message is full")
    expect(page.locator(".file")).to_have_count(1)
