"""Everything below a prefix that a proxy strips: chat, login, settings, assistants, widget."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from browser.steps import ask, finished, pick, press
from browser.test_account_pages import become_owner
from browser.test_assistant_pages import shop
from fledge.database.temporary import TemporaryDatabase
from fledge.serve import create_app
from fledge.serve.app import Parts
from fledge.text.tokenizer import Tokenizer
from people_server import PASSWORD, cheap_passwords
from serving import ScriptedEngine, running, served

pytestmark = pytest.mark.browser
PREFIX = "/fledge"


@dataclass
class StrippingProxy:
    """Passes on what lies below the prefix, without it; the rest is somebody else's: 404."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["path"].startswith(f"{PREFIX}/"):
            inside = scope["path"].removeprefix(PREFIX)
            await self.app({**scope, "path": inside}, receive, send)
        else:
            await PlainTextResponse("outside", 404)(scope, receive, send)


@pytest.fixture(scope="module")
def server(tiny_tokenizer: Tokenizer) -> Iterator[tuple[str, Parts]]:
    """A server that nobody owns yet, and its address as a browser sees it."""
    database = TemporaryDatabase()
    app = create_app(
        [served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer, context_length=2048)],
        database=database,
        login=True,
        passwords=cheap_passwords(),
        path_prefix=PREFIX,
    )
    with running(StrippingProxy(app)) as url:
        yield url + PREFIX, app.state.parts
    database.close()


@pytest.fixture
def page(browser: Browser, server: tuple[str, Parts]) -> Iterator[Page]:
    """A browser's page; the test fails on a complaint, or on a request outside the prefix."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []

    def watch(response: Response) -> None:
        asked = urlsplit(response.url)
        is_ours = asked.netloc == urlsplit(server[0]).netloc
        if is_ours and (not asked.path.startswith(f"{PREFIX}/") or response.status >= 400):
            complaints.append(f"{response.status} {response.url}")

    page.on("response", watch)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_a_person_and_a_visitor_never_leave_the_prefix(
    page: Page, server: tuple[str, Parts]
) -> None:
    url, parts = server
    become_owner(page, url, parts)
    ask(page)
    finished(page)
    expect(page).to_have_url(re.compile(rf"{url}/c/[\w-]+$"))
    page.reload()
    finished(page)
    expect(page.locator(".assistant")).to_contain_text("The moon.")
    press(page, "Chat settings")
    page.get_by_label("Temperature").fill("0.5")
    page.keyboard.press("Escape")
    press(page, "New chat")
    expect(page).to_have_url(f"{url}/")
    page.locator(".chat-open").first.click()
    expect(page).to_have_url(re.compile(rf"{url}/c/[\w-]+$"))
    with page.expect_download() as download:
        pick(page, "Why are there tides?", "Export as Markdown")
    assert download.value.suggested_filename.endswith(".md")

    for name in ("Assistants", "Queue", "People", "Chat"):
        page.locator("nav.tabs").get_by_role("link", name=name).click()
        expect(page.locator(".tab[aria-current=page]")).to_have_text(name)

    page.goto(f"{url}/assistants/new")
    page.get_by_label("Name").fill("Diana")
    page.get_by_label("Share with everyone").check()
    page.get_by_label("Websites that may").fill("https://shop.example")
    press(page, "Create assistant")
    expect(page.get_by_role("heading", name="Knowledge")).to_be_visible()
    assistant = page.url.rsplit("/", 1)[-1]
    expect(page.locator(".snippet-code")).to_contain_text(f"{url}/static/widget.js")

    page.goto(f"{url}/widget/{assistant}")
    page.locator("#message").fill("Hello?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The moon.")).to_be_visible()

    page.goto(f"{url}/account")
    press(page, "Log out of this browser")
    expect(page).to_have_url(f"{url}/login")
    page.goto(f"{url}/account")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")
    expect(page).to_have_url(f"{url}/account")


def test_the_widget_s_one_line_chats_below_the_prefix(
    page: Page, server: tuple[str, Parts]
) -> None:
    url, parts = server
    with shop("<!doctype html><title>Shop</title><h1>Lamps</h1>") as origin:
        clerk = parts.database.accounts.create("bea", name="Bea", role="owner", password_hash="-")
        assistant = parts.database.assistants.create(
            clerk.id, name="Diana", shared=True, allowed_origins=(origin,)
        )
        page.goto(origin)
        page.evaluate(
            """([source, id]) => {
            const script = document.createElement("script");
            script.src = source;
            script.dataset.assistant = id;
            document.body.append(script);
            }""",
            [f"{url}/static/widget.js", assistant.id],
        )
        page.get_by_role("button", name="Chat").click()
        frame = page.frame_locator("iframe")
        frame.get_by_label("Message", exact=True).fill("Hello?")
        frame.get_by_role("button", name="Send").click()
        expect(frame.locator(".assistant .answer")).to_have_text("The moon.")
