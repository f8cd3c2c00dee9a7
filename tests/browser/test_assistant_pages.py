"""Assistants, the queue of the staff, and the widget on somebody else's page."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, Route, expect

from browser.conftest import OTHER
from browser.steps import ask, check, finished, press
from fledge.database.temporary import TemporaryDatabase

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
HANDBOOK = b"# Tides\nHigh water comes twice a day.\n\n# Ferries\nThe ferry leaves at nine."


@pytest.fixture(autouse=True)
def without_assistants(database: TemporaryDatabase) -> None:
    owner = database.accounts.owner()
    for assistant in database.assistants.list(owner.id) if owner else []:
        database.assistants.delete(owner.id, assistant.id)


def make(page: Page, *origins: str) -> str:
    """An assistant by its form; returns its id."""
    page.get_by_label("Name").fill("Diana")
    page.get_by_label("Greeting").fill("Welcome to the harbour!")
    page.get_by_label("Suggested messages").fill("When is high water?")
    page.get_by_label("Share with everyone").check()
    page.get_by_label("Websites that may").fill("\n".join(origins))
    press(page, "Create assistant")
    expect(page.get_by_role("heading", name="Knowledge")).to_be_visible()
    return page.url.rsplit("/", 1)[-1]


def test_a_game_is_started_from_the_gallery(open_page: OpenPage) -> None:
    page = open_page("/assistants")
    check(page, "gallery")
    press(page, "Start Hangman")
    expect(page.locator(".welcome-title")).to_contain_text("I'm thinking of a word")
    check(page, "greeting")
    press(page, "Give me a hint.")
    finished(page)
    expect(page.locator(".greeting")).to_contain_text("I'm thinking of a word")
    page.goto(page.url.split("/c/")[0] + "/assistants")
    expect(page.get_by_role("link", name="Chat with Hangman")).to_be_visible()
    expect(page.get_by_role("button", name="Start Hangman")).to_have_count(0)


def test_an_assistant_is_made_taught_and_cites(open_page: OpenPage) -> None:
    page = open_page("/assistants/new")
    make(page)
    file = {"name": "harbour.md", "mimeType": "text/markdown", "buffer": HANDBOOK}
    page.set_input_files("#files", files=[file])
    expect(page.locator(".document")).to_contain_text("harbour.md")
    check(page, "form")
    page.get_by_role("link", name="Chat with it").click()
    press(page, "When is high water?")
    finished(page)
    page.get_by_text("[1] harbour.md: Tides").click()
    expect(page.locator(".source p")).to_have_text("High water comes twice a day.")
    check(page, "sources")
    ask(page, "When does the ferry leave?")  # the answer speaks of tides again
    finished(page, 2)
    expect(page.locator(".source")).to_have_count(1)
    press(page, "Chat settings")
    expect(page.get_by_label("System prompt")).not_to_be_visible()


def test_a_person_answers_in_the_chat_and_gives_it_back(open_page: OpenPage) -> None:
    page = open_page("/assistants/new")
    make(page)
    page.get_by_role("link", name="Chat with it").click()
    expect(page.locator(".welcome-title")).to_contain_text("Welcome to the harbour!")
    ask(page)
    finished(page)
    press(page, "Chat actions")
    page.get_by_role("menuitem", name="Talk to a person").click()
    expect(page.locator("#caution")).to_contain_text("We've asked someone to join")
    desk = open_page("/usage")
    expect(desk.locator(".tab", has_text="Queue").locator(".count")).to_have_text("1 waiting")
    expect(desk).to_have_title("(1) Usage · fledge")
    check(desk, "badge")
    desk.goto(desk.url.replace("/usage", "/queue"))
    expect(desk.locator(".desk-from")).to_have_text("You")
    desk.locator(".desk-line").click()
    expect(desk.locator("#writer")).to_have_text("You")
    desk.get_by_label("Reply").fill("Hello, this is Anna.")
    desk.get_by_label("Reply").press("Enter")
    expect(desk.locator("#messages")).to_contain_text("Hello, this is Anna.")
    check(desk, "queue")
    expect(desk).to_have_title("Queue · fledge")
    expect(page.locator(".answer").last).to_have_text("Hello, this is Anna.")
    press(desk, "Return to assistant")
    expect(desk.get_by_text("No one is waiting.")).to_be_visible()
    expect(page.locator("#caution")).to_have_text(
        "Answers can be wrong. Check important information."
    )
    expect(page.locator("#returned")).to_have_text("You're talking to the assistant again.")
    check(page, "returned")
    page.reload()
    expect(page.locator("#returned")).to_have_text("You're talking to the assistant again.")
    ask(page, "And now?")
    expect(page.locator("#returned")).to_be_empty()


def test_an_assistant_without_suggestions_offers_those_of_the_server(
    open_page: OpenPage, database: TemporaryDatabase
) -> None:
    owner = database.accounts.owner()
    assert owner is not None
    made = database.assistants.create(owner.id, name="Plain")
    page = open_page(f"/a/{made.id}")
    expect(page.locator(".suggestion")).to_have_text(["Why are there tides?"])


@contextmanager
def shop(html: str) -> Iterator[str]:
    """Somebody else's page, on an origin of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


EMBED = """([source, id]) => {
  const script = document.createElement("script");
  script.src = source;
  script.dataset.assistant = id;
  document.body.append(script);
}"""


def test_the_widget_chats_on_a_page_that_may_embed_it(open_page: OpenPage, url: str) -> None:
    with shop("<!doctype html><title>Shop</title><h1>Lamps</h1>") as origin:
        page = open_page("/assistants/new")
        assistant = make(page, origin)
        for is_known in (False, True):  # the second time the visitor comes back
            page.goto(origin)
            page.evaluate(EMBED, [f"{url}/static/widget.js", assistant])
            page.get_by_role("button", name="Chat").click()
            frame = page.frame_locator("iframe")
            expect(frame.locator(".widget-greeting")).to_have_text("Welcome to the harbour!")
            if not is_known:
                frame.get_by_role("button", name="When is high water?").click()
            expect(frame.locator(".answer strong")).to_have_text("Tides")
            expect(frame.locator(".bubble")).to_have_text("When is high water?")
        page.goto(f"{url}/widget/{assistant}")
        check(page, "widget")


BLOCKED = """if (window.top !== window) for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""
"""Storage that throws, as browsers block it in a frame of another site."""


def test_the_widget_chats_where_another_site_s_frame_may_store_nothing(
    open_page: OpenPage, url: str
) -> None:
    with shop("<!doctype html><title>Shop</title><h1>Lamps</h1>") as loopback:
        origin = loopback.replace("127.0.0.1", "localhost")  # a site of its own
        page = open_page("/assistants/new")
        assistant = make(page, origin)
        page.add_init_script(BLOCKED)
        page.goto(origin)
        page.evaluate(EMBED, [f"{url}/static/widget.js", assistant])
        page.get_by_role("button", name="Chat").click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("button", name="When is high water?").click()
        expect(frame.locator(".answer strong")).to_have_text("Tides")
        frame.get_by_label("Message", exact=True).fill("And low water?")
        frame.get_by_label("Message", exact=True).press("Enter")
        expect(frame.locator(".answer strong")).to_have_count(2)  # the token is still known
        expect(frame.locator(".bubble")).to_have_count(2)


def test_what_a_visitor_writes_while_an_answer_comes_stays_in_the_box(
    open_page: OpenPage, url: str, database: TemporaryDatabase, gate: threading.Semaphore
) -> None:
    page = open_page(f"/widget/{shared(database)}")
    box = page.get_by_label("Message", exact=True)
    box.fill("Why are there tides?")
    box.press("Enter")
    gate.release(5)
    expect(page.locator(".assistant .answer")).to_contain_text("Sur")
    box.fill("And at night?")
    box.press("Enter")
    expect(box).to_have_value("And at night?")
    gate.release(1_000)
    expect(page.locator(".answer strong")).to_have_text("Tides")
    expect(page.locator(".assistant")).to_have_attribute("aria-busy", "false")
    box.press("Enter")
    expect(page.locator(".bubble").last).to_have_text("And at night?")
    expect(box).to_have_value("")


def test_an_assistant_answers_by_its_own_model_from_the_first_message(
    open_page: OpenPage, database: TemporaryDatabase
) -> None:
    page = open_page(f"/a/{shared(database, model='other')}")
    ask(page)
    finished(page)
    expect(page.locator(".answer")).to_have_text(OTHER)
    expect(page.locator(".greeting")).to_contain_text("Welcome to the harbour!")
    page.go_back()
    expect(page.locator(".welcome-title")).to_have_text("Welcome to the harbour!")
    expect(page.locator(".greeting")).not_to_be_visible()


def shared(database: TemporaryDatabase, model: str | None = None) -> str:
    """The id of an assistant that every page may embed."""
    owner = database.accounts.owner()
    assert owner is not None
    return database.assistants.create(
        owner.id,
        name="Diana",
        greeting="Welcome to the harbour!",
        model=model,
        shared=True,
        allowed_origins=("https://shop.example",),
    ).id


@pytest.mark.parametrize(
    ("path", "clicks"), [("/", False), ("/widget/ID", False), ("/widget/ID", True)]
)
def test_what_is_sent_before_the_script_is_there_is_sent_when_it_is(
    open_page: OpenPage, database: TemporaryDatabase, path: str, clicks: bool
) -> None:
    page = open_page(path.replace("ID", shared(database)))
    held: list[Route] = []
    page.route("**/static/enter.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    box = page.get_by_label("Message", exact=True)
    box.fill("Why are there tides?")
    if clicks:
        press(page, "Send")
    else:
        box.press("Enter")
    while not held:
        page.wait_for_timeout(10)
    expect(box).to_have_value("Why are there tides?")
    for route in held:
        route.continue_()
    expect(page.locator(".bubble")).to_have_text("Why are there tides?")
    finished(page)
    expect(box).to_have_value("")
