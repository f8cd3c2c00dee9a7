"""The pages' own rules, read from their sources: small modules, no inline code, nobody else's."""

import asyncio
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.types import Message, Scope

import fledge.serve
from fledge.serve import create_app
from fledge.serve.show.page import modules
from serving import ScriptedEngine, served, tokenizer

SERVE = Path(fledge.serve.__file__).parent
MODULES = sorted((SERVE / "static").glob("*.js"))
TEMPLATES = sorted((SERVE / "pages").glob("*.html"))
CLEANED = {"answer.js", "label-text.js", "widget-turns.js"}
"""Modules that take HTML which serve/show/markdown.py has cleaned."""
ADDRESS = re.compile(r"https?://[\w.-]+")
LEAVING = re.compile(
    r"""(?:fetch|EventSource|(?:push|replace)State|location\.(?:assign|replace))\("""
    r"""|\b(?:href|src|action)"?(?: = |, )["`]/"""
)
"""Code that gives the browser an address."""
OURS = {"http://www.w3.org", "https://your.server", "https://shop.example"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_short_and_writes_text_not_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert text.count("innerHTML") == (1 if path.name in CLEANED else 0)
    for way in ("outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in text
    assert set(ADDRESS.findall(text)) <= OURS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_stores_through_one_that_works_where_storage_is_blocked(path: Path) -> None:
    if path.name not in ("storage.js", "theme.js"):
        assert not re.search(r"\b(?:local|session)Storage\b[.\[]", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_code_and_loads_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert all(' src="{{ root }}/static/' in script for script in scripts)
    assert not re.findall(r"<style\b|\sstyle=|\son\w+=", text)
    assert "| safe" not in text and "|safe" not in text
    assert set(ADDRESS.findall(text)) <= OURS


def test_every_address_goes_through_the_prefix_of_a_proxy() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        bare = re.findall(
            r'(?:href|src|action)="(?!#|data:|\{\{ (?:root|base_url|provider_url) \}\})[^"]*"', text
        )
        assert bare == [], f"{path.name}: begin it with {{{{ root }}}}"
    for path in MODULES:
        for line in path.read_text(encoding="utf-8").splitlines():
            leaves = LEAVING.search(line)
            assert not leaves or "rooted(" in line, f"{path.name}: {line.strip()}"


def test_every_module_of_the_chat_page_is_asked_for_at_once() -> None:
    named = modules("main.js")
    assert named[0] == "main.js" and len(named) == len(set(named))
    assert {"markdown.js", "tree.js", "runs.js"} <= set(named)
    assert all((SERVE / "static" / name).is_file() for name in named)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"],
)
def test_nothing_but_the_folder_is_served(path: str) -> None:
    words = tokenizer()
    app = create_app([served(ScriptedEngine(words, "Hm."), words)])
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(app(scope, receive, send))  # past the client, which would tidy the path
    assert sent[0]["status"] == 404
