"""Pages of other sites at `/v1`: only those that were named, and never with the cookie."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.errors import ConfigError
from fledge.generate.request import SamplingParams
from fledge.serve import create_app
from fledge.serve.http.cross_origin import parse_origin
from fledge.serve.launch import launch
from fledge.serve.people.identity import COOKIE
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

NAMED = "https://app.example"
OTHER = "https://evil.example"
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-stainless-os",
}


def browser(origin: str, **headers: str) -> dict[str, str]:
    return {"origin": origin, "sec-fetch-site": "cross-site", **headers}


@pytest.fixture(scope="module")
def server(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    app = create_app([model], login=True, allowed_origins=[NAMED])
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def key(server: TestClient) -> str:
    database = server.app.state.parts.database
    ada = database.accounts.create("ada", name="Ada", role="owner", password_hash="-")
    return database.api_keys.create(ada.id, name="page")[1]


def test_a_named_page_may_ask_beforehand(server: TestClient) -> None:
    answer = server.options("/v1/chat/completions", headers=browser(NAMED, **PREFLIGHT))
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == NAMED
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-stainless-os" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


def test_a_named_page_chats_with_a_key_and_reads_the_answer(server: TestClient, key: str) -> None:
    headers = browser(NAMED, authorization=f"Bearer {key}")
    answer = server.post("/v1/chat/completions", json=CHAT, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == NAMED
    assert "x-ratelimit-remaining-requests" in answer.headers["access-control-expose-headers"]


def test_it_can_read_why_it_was_refused(server: TestClient) -> None:
    answer = server.post("/v1/chat/completions", json=CHAT, headers=browser(NAMED))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert answer.headers["access-control-allow-origin"] == NAMED
    large = server.post("/v1/chat/completions", content=b" " * (5 * 2**20), headers=browser(NAMED))
    assert large.status_code == 413 and large.headers["access-control-allow-origin"] == NAMED


def test_the_cookie_of_a_person_is_not_taken_from_another_site(
    server: TestClient, key: str
) -> None:
    database = server.app.state.parts.database
    owner = database.accounts.owner()
    cookie = f"{COOKIE}={database.sessions.create(owner.id, 'a browser')[1]}"
    assert server.get("/v1/models", headers={"cookie": cookie}).status_code == 200
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions")):
        refused = server.request(method, path, headers=browser(NAMED, cookie=cookie))
        assert refused.status_code in (400, 401)
        assert "tiny" not in refused.text


@pytest.mark.parametrize("origin", [OTHER, "null", "https://app.example.evil.example", ""])
def test_other_pages_get_nothing(server: TestClient, key: str, origin: str) -> None:
    asked = server.options("/v1/chat/completions", headers=browser(origin, **PREFLIGHT))
    assert asked.status_code == 405
    answer = server.get("/v1/models", headers=browser(origin, authorization=f"Bearer {key}"))
    for each in (asked, answer):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize("path", ["/api/conversations", "/account/export", "/metrics", "/v1x"])
def test_nothing_but_the_api_is_open(server: TestClient, path: str) -> None:
    asked = server.options(path, headers=browser(NAMED, **PREFLIGHT))
    assert "access-control-allow-origin" not in asked.headers
    sent = server.post(path, json={}, headers=browser(NAMED))
    assert sent.status_code == 403 and sent.json()["error"]["code"] == "cross_site"


def test_our_own_pages_keep_their_cookie(tiny_tokenizer: Tokenizer) -> None:
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    app = create_app([model], login=True, allowed_origins=["*"])
    with TestClient(app, base_url="http://localhost") as client:
        database = app.state.parts.database
        ada = database.accounts.create("ada", name="Ada", role="owner", password_hash="-")
        cookie = f"{COOKIE}={database.sessions.create(ada.id, 'a browser')[1]}"
        ours = {"origin": "http://localhost", "cookie": cookie}
        assert client.get("/v1/models", headers=ours).status_code == 200
        theirs = client.get("/v1/models", headers={"origin": OTHER, "cookie": cookie})
        assert theirs.status_code == 401
        assert theirs.headers["access-control-allow-origin"] == OTHER


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://App.example/", "https://app.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("*", "*"),
    ],
)
def test_an_origin_is_read_as_browsers_name_it(written: str, read: str) -> None:
    assert parse_origin(written) == read


@pytest.mark.parametrize(
    "written", ["app.example", "https://app.example/chat", "https://a.example, https://b.example"]
)
def test_what_is_no_origin_is_told(written: str) -> None:
    with pytest.raises(ConfigError, match="--allow-origin"):
        parse_origin(written)


def test_without_accounts_not_every_page_may_come() -> None:
    with pytest.raises(ConfigError, match="name the websites"):
        launch(
            [],
            sampling=SamplingParams(),
            announce=print,
            database="unused.db",
            login=False,
            allowed_origins=["*"],
        )
