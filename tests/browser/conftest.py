"""Chromium against a live server with scripted models; skipped where Chromium is not installed."""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from fledge.database.temporary import TemporaryDatabase
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served, tokenizer

ANSWER = """Sure. **Tides** come from the *moon*:

1. it pulls on the sea,
2. the earth `turns`.

```python
tide = moon.pull(sea)
```

| place | metres |
|--|--:|
| Fundy | 16.3 |

So $a = \\frac{GM}{r^2}$.

<img src=x onerror=alert(1)> is only text."""
OTHER = "I am the other."
ARGUMENTS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-smooth-scrolling",
]
TIMEOUT = 15_000
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="module")  # Playwright runs an event loop: other tests want their own
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Tokenizer:
    return tokenizer()


@pytest.fixture(scope="session")
def shared_engine(tiny_tokenizer: Tokenizer) -> ScriptedEngine:
    return ScriptedEngine(tiny_tokenizer, ANSWER)


@pytest.fixture(scope="session")
def database() -> Iterator[TemporaryDatabase]:
    kept = TemporaryDatabase()
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def url(
    shared_engine: ScriptedEngine, tiny_tokenizer: Tokenizer, database: TemporaryDatabase
) -> Iterator[str]:
    """One server for all tests; `open_page` empties it."""
    models = [
        served(shared_engine, tiny_tokenizer, context_length=2048),
        served(ScriptedEngine(tiny_tokenizer, OTHER), tiny_tokenizer, "other", 2048),
    ]
    app = create_app(models, suggestions=["Why are there tides?"], database=database)
    with running(app) as address:
        yield address


@pytest.fixture
def engine(shared_engine: ScriptedEngine) -> Iterator[ScriptedEngine]:
    """Says `ANSWER`; a test that closes `engine.gate` first holds it back."""
    shared_engine.requests.clear()
    shared_engine.cancelled.clear()
    script = shared_engine.script
    yield shared_engine
    shared_engine.gate = shared_engine.failure = None
    shared_engine.script = script


@pytest.fixture
def gate(engine: ScriptedEngine) -> threading.Semaphore:
    """Each release lets the model write one token."""
    engine.gate = threading.Semaphore(0)
    return engine.gate


@pytest.fixture
def open_page(
    browser: Browser, url: str, engine: ScriptedEngine, database: TemporaryDatabase
) -> Iterator[Callable[..., Page]]:
    """Opens a page, by default the chat; the test fails on any complaint of the browser."""
    owner = database.accounts.owner()
    assert owner is not None
    database.conversations.delete_all(owner.id)
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def failed(request: Request) -> None:
        # A page that is left hangs up on what it was loading, and on the answer it followed.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.url}: {request.failure}")

    def watch(page: Page) -> None:
        page.set_default_timeout(TIMEOUT)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", failed)

    def opened(path: str = "/", **options: object) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("page", watch)
        page = context.new_page()
        page.goto(url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
