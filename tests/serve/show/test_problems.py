"""What is refused: a page for a person's browser, JSON for programs and for what pages fetch."""

import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def app(tiny_tokenizer: Tokenizer) -> FastAPI:
    made = create_app([served(ScriptedEngine(tiny_tokenizer, "Hm."), tiny_tokenizer)])

    @made.get("/invitation-like/{token}")
    def broken(token: str) -> None:
        raise RuntimeError("a defect")

    return made


@pytest.fixture(scope="module")
def client(app: FastAPI):
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def test_an_error_is_worded_without_asking_the_database(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop words it, and every request would wait while it waits."""
    parts, asked = app.state.parts, []
    monkeypatch.setattr(parts.settings, "_clock", lambda: time.monotonic() + 3600)
    monkeypatch.setattr(parts.database.settings, "logo", lambda: asked.append("logo"))
    assert client.get("/nothing", headers=BROWSER).status_code == 404
    assert asked == []
    client.get("/", headers=BROWSER)
    assert asked == ["logo"], "pages still do"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nothing", 404, "This page doesn&#39;t exist."),
        ("/admin", 404, "This page doesn&#39;t exist."),
        ("/tokenize", 405, "opened as a page"),
        ("/c/unknown", 404, "There is no chat"),
        ("/c/%3Cscript%3E", 404, "&lt;script&gt;"),
        ("/assistants/unknown", 404, "There is no assistant"),
        ("/invitation-like/secret", 500, "The server failed"),
    ],
)
def test_a_browser_is_shown_a_page(client: TestClient, path: str, status: int, said: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert (
        "Something went wrong" in answer.text and said in answer.text and 'href="/"' in answer.text
    )
    assert "<script>" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/api/conversations/unknown"])
def test_the_api_answers_json_even_in_a_browser(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_programs_are_answered_json(client: TestClient, accept: str) -> None:
    answer = client.get("/c/unknown", headers={"accept": accept})
    assert answer.json()["error"]["code"] == "not_found"


def test_what_a_person_reads_is_kept_by_no_cache(client: TestClient) -> None:
    for path in ("/", "/nothing", "/api/conversations", "/v1/models"):
        assert client.get(path, headers=BROWSER).headers["cache-control"] == "no-store", path


def test_a_failure_is_logged_by_its_route_and_not_by_the_secret_in_its_path(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/invitation-like/secret")
    assert "/invitation-like/{token}" in caplog.text
    assert "/invitation-like/secret" not in caplog.text


def test_a_form_of_another_site_is_refused_with_a_page(client: TestClient) -> None:
    foreign = {**BROWSER, "origin": "https://evil.example"}
    refused = client.post("/account/training", headers=foreign)
    assert refused.status_code == 403 and "came from another site" in refused.text
    assert refused.headers["content-type"].startswith("text/html")
    host = client.get("/", headers={**BROWSER, "host": "evil.example"})
    assert host.status_code == 400 and "does not answer to this host name" in host.text
