"""Chromium against a live server with a scripted model; skipped where Chromium is not installed."""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served, tokenizer

ANSWER = """Sure. **Tides** come from the *moon*:

1. it pulls on the sea,
2. the earth `turns`.

```python
tide = moon.pull(sea)
```

<img src=x onerror=alert(1)> is only text."""
ARGUMENTS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
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


@pytest.fixture
def engine(tiny_tokenizer: Tokenizer) -> ScriptedEngine:
    """Says `ANSWER`; a test that closes `engine.gate` first holds it back."""
    return ScriptedEngine(tiny_tokenizer, ANSWER)


@pytest.fixture
def gate(engine: ScriptedEngine) -> threading.Semaphore:
    """Each release lets the model write one token."""
    engine.gate = threading.Semaphore(0)
    return engine.gate


@pytest.fixture
def open_page(
    browser: Browser, engine: ScriptedEngine, tiny_tokenizer: Tokenizer
) -> Iterator[Callable[..., Page]]:
    """Opens the chat page; the test fails on any complaint of the browser's console."""
    other = ScriptedEngine(tiny_tokenizer, "I am the other.")
    models = [
        served(engine, tiny_tokenizer, context_length=1024),
        served(other, tiny_tokenizer, "other", context_length=1024),
    ]
    complaints: list[str] = []
    contexts = []
    with running(create_app(models, suggestions=["Why are there tides?"])) as url:

        def opened(**options: object) -> Page:
            context = browser.new_context(**options)
            contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda request: complaints.append(request.url))
            page.goto(url)
            return page

        yield opened
        for context in contexts:
            context.close()
    aborted = f"{url}/v1/chat/completions"
    assert [text for text in complaints if text != aborted] == []
