"""What the server says of its own API: `/openapi.json` for programs, `/docs` for people."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient

from fledge import __version__
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

SECTIONS = {
    "Models": ["GET /v1/models", "GET /v1/models/{model}"],
    "Chat": ["POST /v1/chat/completions"],
    "Responses": [
        "POST /v1/responses",
        "GET /v1/responses/{response_id}",
        "DELETE /v1/responses/{response_id}",
    ],
    "Completions": ["POST /v1/completions"],
    "Embeddings": ["POST /v1/embeddings"],
    "Moderations": ["POST /v1/moderations"],
    "Tokens": ["POST /tokenize", "POST /detokenize"],
    "Server": ["GET /health", "GET /metrics"],
}
WRITES = {"400", "401", "403", "404", "413", "429", "500", "503"}


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    app = create_app([served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)])
    with TestClient(app, "http://localhost") as made:
        yield made


def test_only_what_programs_call_is_described(client: TestClient) -> None:
    """The pages' own API may change from day to day."""
    described = client.get("/openapi.json").json()
    assert (described["info"]["title"], described["info"]["version"]) == ("fledge", __version__)
    operations = {
        f"{method.upper()} {path}": operation["tags"]
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == {each: [tag] for tag, calls in SECTIONS.items() for each in calls}


def test_every_endpoint_that_writes_names_its_refusals(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("chat/completions", "completions", "responses", "embeddings"):
        operation = paths[f"/v1/{path}"]["post"]
        assert set(operation["responses"]) >= WRITES | {"200"}, path
        for status in WRITES:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorReply"}
    assert set(paths["/health"]["get"]["responses"]) == {"200", "503"}


def test_no_status_is_described_that_is_never_sent(client: TestClient) -> None:
    assert client.post("/v1/embeddings", json={}).status_code == 400
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert "422" not in operation["responses"], f"{method} {path}"
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert client.get("/openapi.json").json() == described
    assert "422" not in client.get("/docs").text


def test_the_page_has_a_section_for_each_kind_with_its_endpoints_in_order(
    client: TestClient,
) -> None:
    html = client.get("/docs").text
    sections = re.findall(r'<h2 id="tag-(\w+)">(.*?)</section>', html, re.DOTALL)
    found = {
        tag: [
            f"{method} {path}"
            for method, path in re.findall(
                r'<span class="method">(\w+)</span> <code>([^<]+)</code>', body
            )
        ]
        for tag, body in sections
    }
    assert found == SECTIONS and list(found) == list(SECTIONS)


def fields(html: str, path: str) -> dict[str, tuple[bool, str]]:
    """Of an endpoint: whether each field is required, and its type, in the page's order."""
    table = html.partition(f'aria-label="Fields of {path}"')[2].partition("</table>")[0]
    rows = re.findall(r"<td><code>(\w+)</code>( <em>required</em>)?</td>\s*<td>([^<]*)</td>", table)
    return {name: (required != "", unescape(kind)) for name, required, kind in rows}


def test_fields_are_listed_with_their_types_and_bounds_the_needed_ones_first(
    client: TestClient,
) -> None:
    html = client.get("/docs").text
    chat = fields(html, "/v1/chat/completions")
    assert list(chat)[:2] == ["model", "messages"]
    assert [name for name, (required, _) in chat.items() if required] == ["model", "messages"]
    kinds = {name: kind for name, (_, kind) in chat.items()}
    assert kinds["messages"] == "list of ChatMessage"
    assert (kinds["temperature"], kinds["n"]) == ("number 0 to 2", "integer 1 to 16")
    assert (kinds["stream"], kinds["min_p"]) == ("boolean", "number 0 to 1")
    assert kinds["seed"] == "integer", "bounds so large are left to the error"
    assert kinds["truncation"] == '"auto", "disabled"'
    tokens = fields(html, "/detokenize")
    assert tokens == {
        "tokens": (True, "list of integer"),
        "model": (False, "string"),
    }
    assert fields(html, "/v1/models") == {}


def test_every_anchor_of_the_page_is_one_place(client: TestClient) -> None:
    anchors = re.findall(r'<details id="([^"]+)">', client.get("/docs").text)
    assert len(anchors) == len(set(anchors)) == 13
    assert "post-v1-chat-completions" in anchors


def test_every_field_of_a_request_is_explained_on_the_page(client: TestClient) -> None:
    rows = re.findall(
        r"<td><code>(\w+)</code>.*?</td>\s*<td>.*?</td><td>(.*?)</td>",
        client.get("/docs").text,
        re.DOTALL,
    )
    assert len(rows) > 60
    assert [name for name, meaning in rows if not meaning.strip()] == []
