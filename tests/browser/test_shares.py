"""A chat shared by a link: made, read by a stranger, updated, continued and revoked."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from browser.steps import LOOKS, ask, check, finished, pick, press

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def link_of(page: Page) -> str:
    """The link that the dialog shows, without the server."""
    expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile(r"/s/[\w-]{43}$"))
    return "/s/" + page.get_by_label("Link", exact=True).input_value().rpartition("/s/")[2]


@pytest.mark.parametrize("look", LOOKS)
def test_a_chat_is_shared_read_and_continued(open_page: OpenPage, look: str) -> None:
    page = open_page(**LOOKS[look])
    ask(page)
    finished(page)
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Share").click()
    expect(page.get_by_role("dialog")).to_contain_text("Anyone with the link")
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    check(page, "nothing shared")
    press(page, "Create link")
    path = link_of(page)
    check(page, "shared")
    press(page, "Close")
    reader = open_page(path, **LOOKS[look])
    expect(reader.locator(".bubble")).to_have_text("Why are there tides?")
    expect(reader.locator(".answer strong")).to_have_text("Tides")
    expect(reader.get_by_role("button", name="Copy code")).to_be_visible()
    check(reader, "read")
    press(reader, "Continue this chat")
    expect(reader).to_have_url(page.url.partition("/c/")[0] + "/c/" + reader.url.rpartition("/")[2])
    ask(reader, "And at night?")
    finished(reader, 2)
    expect(page.locator(".bubble")).to_have_count(1)


def test_a_link_is_updated_and_revoked_by_keyboard_and_from_the_account(
    open_page: OpenPage,
) -> None:
    page = open_page()
    ask(page)
    finished(page)
    pick(page, "Why are there tides?", "Share")
    page.get_by_role("button", name="Create link").focus()
    page.keyboard.press("Enter")
    path = link_of(page)
    expect(page.get_by_text("Shows the chat as of")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, "And at night?")
    finished(page, 2)
    reader = open_page(path)
    expect(reader.locator(".bubble")).to_have_count(1)
    pick(page, "Why are there tides?", "Share")
    press(page, "Update")
    expect(page.get_by_text("Link updated. Shows the chat as of")).to_be_visible()
    reader.reload()
    expect(reader.locator(".bubble")).to_have_count(2)
    press(page, "Revoke")
    expect(page.get_by_text("Link revoked.")).to_be_visible()
    pick(page, "Why are there tides?", "Share")
    press(page, "Create link")
    expect(page.get_by_text("Link created.")).to_be_visible()
    assert link_of(page) != path
    account = open_page("/account")
    press(account, "Revoke the link to Why are there tides?")
    expect(account.get_by_text("You haven't shared any chats.")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_the_server_gets_a_name_and_a_logo(open_page: OpenPage, look: str) -> None:
    page = open_page("/server", **LOOKS[look])
    page.get_by_label("Name of this server").fill("Owl")
    press(page, "Save name")
    expect(page.get_by_text("Name saved.")).to_be_visible()
    drawn = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(drawn, "PNG")
    file = {"name": "owl.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    chooser = page.get_by_label("Upload logo")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(file)
    expect(page.get_by_text("Logo saved.")).to_be_visible()
    check(page, "name and logo")
    assert page.locator(".brand-logo").evaluate("each => each.naturalWidth") == 64
    expect(page).to_have_title("Server · Owl")
    page.locator(".brand").click()
    expect(page.get_by_label("Message", exact=True)).to_have_attribute("placeholder", "Message Owl")
    check(page, "chat")
    page.go_back()
    press(page, "Remove logo")
    expect(page.get_by_text("Logo removed.")).to_be_visible()
    expect(page.locator(".brand-logo")).to_have_count(0)
    page.get_by_label("Name of this server").fill("")
    press(page, "Save name")
    expect(page).to_have_title("Server · fledge")


@pytest.mark.parametrize("look", LOOKS)
def test_the_owner_s_page_of_the_server(open_page: OpenPage, look: str) -> None:
    page = open_page("/server", **LOOKS[look])
    check(page, "server")
    page.get_by_label("Who can open").select_option("People with an account here")
    press(page, "Save sharing")
    expect(page.get_by_text("Sharing saved.")).to_be_visible()
    check(page, "saved")
    page.get_by_label("Who can open").select_option("Everyone with the link")
    press(page, "Save sharing")
    expect(page.get_by_label("Who can open")).to_have_value("everyone")
