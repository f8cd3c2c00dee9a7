"""The page of the API: whole, and made of nothing from elsewhere."""

import re

import httpx

from fledge.serve.api.page import kind_of


def test_the_page_shows_every_endpoint_with_its_fields(url: str) -> None:
    page = httpx.get(f"{url}/docs")
    assert page.status_code == 200
    for path in ("/v1/models", "/v1/chat/completions", "/v1/embeddings", "/tokenize", "/metrics"):
        assert f"<code>{path}</code>" in page.text
    assert "<code>max_completion_tokens</code>" in page.text
    assert "number 0 to 2" in page.text
    assert f'base_url="{url}/v1"' in page.text
    assert "/api/" not in page.text


def test_the_page_loads_nothing_from_elsewhere(url: str) -> None:
    page = httpx.get(f"{url}/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded and all(each.startswith(("/", "#")) for each in loaded)
    for path in loaded:
        if path.startswith("/static/"):
            assert httpx.get(url + path.partition("#")[0]).status_code == 200
    assert httpx.get(f"{url}/redoc").status_code == 404


def test_types_are_told_in_a_few_words() -> None:
    assert kind_of({"anyOf": [{"type": "string"}, {"type": "null"}]}) == "string"
    assert kind_of({"type": "array", "items": {"type": "integer"}}) == "list of integer"
    assert kind_of({"enum": ["a", "b"]}) == '"a", "b"'
    assert kind_of({"$ref": "#/components/schemas/ChatMessage"}) == "ChatMessage"
    assert kind_of({"type": "integer", "minimum": 1, "maximum": 16}) == "integer 1 to 16"
