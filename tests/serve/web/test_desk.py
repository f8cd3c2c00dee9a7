"""The widget's visitors, and the staff who answer in their chats."""

from collections.abc import Callable

import httpx
import pytest

from fledge.serve.web.widget import page_within
from serve.web.conftest import ANSWER

ORIGIN = "https://shop.example"


@pytest.fixture
def assistant(client: httpx.Client) -> str:
    fields = {"name": "Diana", "shared": True, "allowed_origins": [ORIGIN], "model": "tiny"}
    return client.post("/api/assistants", json=fields).json()["id"]


@pytest.fixture
def visitor(client: httpx.Client, assistant: str) -> dict[str, str]:
    """The headers of somebody who has come to the page."""
    reply = client.post(f"/api/widget/{assistant}/visits", json={})
    assert reply.status_code == 201
    return {"x-visitor": reply.json()["token"]}


@pytest.fixture
def ask(client: httpx.Client, visitor: dict[str, str]) -> Callable[[str], dict]:
    def asked(content: str) -> dict:
        reply = client.post("/api/widget/chat/messages", json={"content": content}, headers=visitor)
        assert reply.status_code == 201, reply.text
        if (run_id := reply.json()["run_id"]) is not None:
            client.get(f"/api/widget/runs/{run_id}/events", headers=visitor)
        return reply.json()

    return asked


def said(client: httpx.Client, visitor: dict[str, str]) -> list[str]:
    chat = client.get("/api/widget/chat", headers=visitor).json()
    return [message["content"] for message in chat["messages"]]


def test_only_allowed_pages_may_frame_the_widget(client: httpx.Client, assistant: str) -> None:
    page = client.get(f"/widget/{assistant}")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors {ORIGIN}") and "'unsafe" not in policy
    assert client.get("/").headers["content-security-policy"].endswith("frame-ancestors 'none'")
    private = client.post("/api/assistants", json={"name": "Private"}).json()["id"]
    assert client.get(f"/widget/{private}").status_code == 404
    assert client.post(f"/api/widget/{private}/visits", json={}).status_code == 404


def test_a_visitor_chats_without_an_account_and_nobody_lists_it(
    client: httpx.Client, visitor: dict[str, str], ask: Callable[[str], dict]
) -> None:
    ask("Why?")
    ask("And then?")
    assert said(client, visitor) == ["Why?", ANSWER, "And then?", ANSWER]
    assert client.get("/api/conversations").json()["conversations"] == []
    assert client.get("/api/conversations", params={"query": "Why"}).json()["conversations"] == []


@pytest.mark.parametrize("headers", [{}, {"x-visitor": "guessed"}])
def test_without_its_token_a_visit_is_closed(
    client: httpx.Client, ask: Callable[[str], dict], headers: dict[str, str]
) -> None:
    run_id = ask("Why?")["run_id"]
    assert client.get("/api/widget/chat", headers=headers).status_code == 404
    reply = client.post("/api/widget/chat/messages", json={"content": "x"}, headers=headers)
    assert reply.status_code == 404
    assert client.get(f"/api/widget/runs/{run_id}/events", headers=headers).status_code == 404


def test_one_visitor_cannot_follow_the_answers_of_another(
    client: httpx.Client, assistant: str, ask: Callable[[str], dict]
) -> None:
    run_id = ask("Why?")["run_id"]
    other = {"x-visitor": client.post(f"/api/widget/{assistant}/visits", json={}).json()["token"]}
    assert client.get(f"/api/widget/runs/{run_id}/events", headers=other).status_code == 404


def test_a_person_takes_over_answers_and_gives_back(
    client: httpx.Client, visitor: dict[str, str], ask: Callable[[str], dict]
) -> None:
    ask("Why?")
    assert client.get("/api/queue").json() == []
    wanted = client.post("/api/widget/chat/person", json={}, headers=visitor).json()
    assert wanted["hand_over"] == {"status": "waiting", "name": None}
    assert ask("Is anybody there?")["run_id"] is None
    (line,) = client.get("/api/queue").json()
    assert (line["status"], line["last"]) == ("waiting", "Is anybody there?")
    path = f"/api/queue/{line['id']}"
    assert client.post(f"{path}/take").json()["hand_over"] == {"status": "taken", "name": "You"}
    reply = client.post(f"{path}/messages", json={"content": "Yes, *I* am."}).json()
    assert (reply["by"], reply["html"]) == ("You", "<p>Yes, <em>I</em> am.</p>\n")
    assert said(client, visitor)[-2:] == ["Is anybody there?", "Yes, *I* am."]
    assert client.post(f"{path}/close").status_code == 204
    assert client.get("/api/queue").json() == []
    assert client.get(path).status_code == 404
    assert ask("And now?")["run_id"] is not None


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("https://shop.example/lamps?session=secret#top", "https://shop.example/lamps"),
        ("https://SHOP.example/a b", "https://shop.example/a%20b"),
        ("https://evil.example/lamps", None),
    ],
)
def test_the_staff_see_the_page_of_a_visitor_if_it_may_embed_the_widget(
    client: httpx.Client, assistant: str, page: str, shown: str | None
) -> None:
    reply = client.post(f"/api/widget/{assistant}/visits", json={"page": page})
    visitor = {"x-visitor": reply.json()["token"]}
    client.post("/api/widget/chat/person", json={}, headers=visitor)
    (line,) = client.get("/api/queue").json()
    assert (line["by"], line["page"]) == ("Visitor", shown)
    opened = client.get(f"/api/queue/{line['id']}").json()
    assert (opened["by"], opened["page"]) == ("Visitor", shown)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "https://[", "", "/lamps", "https:lamps"])
def test_an_address_that_is_no_page_of_the_site_is_left_out(page: str) -> None:
    assert page_within(page, [ORIGIN]) == ""


def test_a_visitor_hears_that_the_chat_went_back_until_the_next_message(
    client: httpx.Client, visitor: dict[str, str], ask: Callable[[str], dict]
) -> None:
    def returned() -> bool:
        return "returned" in client.get("/api/widget/chat", headers=visitor).json()

    ask("Why?")
    client.post("/api/widget/chat/person", json={}, headers=visitor)
    assert not returned()
    (line,) = client.get("/api/queue").json()
    client.post(f"/api/queue/{line['id']}/close")
    assert returned()
    ask("And now?")
    assert not returned()


def test_a_chat_of_the_chat_page_is_handed_over_and_taken_back(
    client: httpx.Client, assistant: str, begin: Callable[..., dict], say: Callable[..., list]
) -> None:
    chat = begin(assistant_id=assistant)["id"]
    path = f"/api/conversations/{chat}/hand-over"
    assert client.post(path).json()["status"] == "waiting"
    assert [message["role"] for message in say(chat, "Help!")] == ["user"]
    assert client.get(f"/api/conversations/{chat}").json()["hand_over"]["status"] == "waiting"
    assert client.delete(path).status_code == 204
    assert client.get(f"/api/conversations/{chat}").json()["hand_over"] is None


def test_the_queue_opens_no_other_chats(client: httpx.Client, begin: Callable[..., dict]) -> None:
    assert client.get(f"/api/queue/{begin()['id']}").status_code == 404
