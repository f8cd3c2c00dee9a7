"""What is turned away before any route sees it: large bodies, strange hosts, other sites."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY
from serving import ScriptedEngine, served

MOST = 4 * 1024 * 1024
JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    app = create_app([served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)])
    with TestClient(app, "http://localhost") as made:
        yield made


def padded(size: int) -> bytes:
    """A chat request of exactly so many bytes, with blanks that JSON allows."""
    return json.dumps(BODY).encode().ljust(size)


def in_parts(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 65_536] for start in range(0, len(body), 65_536))


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("size", "status"), [(MOST, 200), (MOST + 1, 413), (3 * MOST, 413)])
def test_a_body_may_have_four_mebibytes_whether_or_not_it_says_so(
    client: TestClient, declared: bool, size: int, status: int
) -> None:
    body = padded(size)
    reply = client.post(CHAT, content=body if declared else in_parts(body), headers=JSON)
    assert reply.status_code == status
    if status == 413:
        error = reply.json()["error"]
        assert error["code"] == "request_too_large"
        assert error["message"] == "The body is larger than 4,194,304 bytes."


def test_a_length_that_is_a_lie_does_not_let_more_in(client: TestClient) -> None:
    headers = {**JSON, "content-length": "10"}
    reply = client.post(CHAT, content=padded(MOST + 1), headers=headers)
    assert reply.status_code == 413


def test_a_length_that_is_no_number_is_not_believed(client: TestClient) -> None:
    for length in ("x", "-1", ""):
        headers = {**JSON, "content-length": length}
        assert client.post(CHAT, content=padded(500), headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:1", 200),
        ("LocalHost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("localhost:http", 400),
        ("localhost.", 400),
        ("127.0.0.2", 400),
        ("::1", 400),
        ("*", 400),
        (":8000", 400),
        ("evil.example:8000", 400),
    ],
)
def test_a_loopback_server_answers_to_loopback_names(
    client: TestClient, host: str, status: int
) -> None:
    assert client.get("/health", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("names", "statuses"),
    [(("*",), [200, 200]), (("chat.example",), [200, 400]), (("other.example",), [400, 200])],
)
def test_a_server_for_others_answers_to_the_names_it_was_given(
    tiny_tokenizer: Tokenizer, names: tuple[str, ...], statuses: list[int]
) -> None:
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    with TestClient(create_app([model], allowed_hosts=names), "http://x") as client:
        hosts = ("chat.example:443", "other.example")
        replies = [client.get("/health", headers={"host": host}) for host in hosts]
        assert [reply.status_code for reply in replies] == statuses


@pytest.mark.parametrize(
    ("accept", "path", "kind"),
    [
        ("text/html,application/xhtml+xml", "/nowhere", "text/html"),
        ("text/html", "/static/nowhere.js", "text/html"),
        ("text/html", "/v1/nowhere", "application/json"),
        ("text/html", "/api/nowhere", "application/json"),
        ("text/html", "/apinowhere", "text/html"),
        ("application/json", "/nowhere", "application/json"),
        ("*/*", "/nowhere", "application/json"),
        ("", "/nowhere", "application/json"),
    ],
)
def test_who_opened_it_in_a_browser_reads_a_page_and_programs_json(
    client: TestClient, accept: str, path: str, kind: str
) -> None:
    reply = client.get(path, headers={"accept": accept})
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith(kind)
    if kind == "text/html":
        assert "This page doesn&#39;t exist." in reply.text
    else:
        assert reply.json()["error"]["code"] == "not_found"
