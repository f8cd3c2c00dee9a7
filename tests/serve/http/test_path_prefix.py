"""A server below a path of a shared host: every address has the prefix, whoever strips it."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from fledge.database.temporary import TemporaryDatabase
from fledge.errors import ConfigError
from fledge.serve import create_app
from fledge.serve.app import Parts
from fledge.serve.http.path_prefix import OURS, parse_prefix
from fledge.serve.people.identity import COOKIE
from fledge.text.tokenizer import Tokenizer
from people_server import PASSWORD, cheap_passwords
from serving import ScriptedEngine, served

PREFIX = "/tools/fledge"
ADDRESS = re.compile(r'\s(?:href|src|action|formaction)="([^"]*)"')


@pytest.fixture(scope="module")
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    """A server with an owner, `anna`, behind a proxy that strips the prefix."""
    database = TemporaryDatabase()
    app = create_app(
        [served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)],
        database=database,
        login=True,
        passwords=cheap_passwords(),
        allowed_origins=["https://shop.example"],
        path_prefix=PREFIX,
    )
    parts: Parts = app.state.parts
    hashed = parts.passwords.hash(PASSWORD)
    database.accounts.create("anna", name="Anna", role="owner", password_hash=hashed)
    parts.setup.token = None
    with TestClient(app, "http://localhost", follow_redirects=False) as made:
        yield made
    database.close()


def log_in(client: TestClient, next_: str = "/account") -> str:
    """The cookie of a new session."""
    form = {"login": "anna", "password": PASSWORD, "next": next_}
    entered = client.post("/login", data=form, headers={"origin": "http://localhost"})
    assert (entered.status_code, entered.headers["location"]) == (303, PREFIX + next_)
    assert f"Path={PREFIX};" in entered.headers["set-cookie"]
    client.cookies.clear()
    found = re.search(rf"{COOKIE}=([^;]+)", entered.headers["set-cookie"])
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "path", ["/", "/assistants", "/label", "/queue", "/admin", "/account", "/usage"]
)
def test_every_address_on_a_page_has_the_prefix(client: TestClient, path: str) -> None:
    cookie = {"cookie": f"{COOKIE}={log_in(client)}"}
    page = client.get(path, headers=cookie)
    assert page.status_code == 200
    found = [each for each in ADDRESS.findall(page.text) if not each.startswith(("#", "data:"))]
    assert f"{PREFIX}/static/style.css" in found
    assert [each for each in found if not each.startswith(f"{PREFIX}/")] == []
    is_tab = path != "/account"
    assert (f'href="{PREFIX}{path}" aria-current="page"' in page.text) == is_tab


@pytest.mark.parametrize("before", ["", PREFIX])
def test_the_proxy_may_strip_the_prefix_or_leave_it(client: TestClient, before: str) -> None:
    closed = client.get(f"{before}/account?done=x")
    assert closed.status_code == 303
    assert closed.headers["location"] == f"{PREFIX}/login?next=/account%3Fdone%3Dx"
    style = client.get(f"{before}/static/style.css")
    assert (style.status_code, style.headers["cache-control"]) == (200, "no-cache")
    assert client.get(f"{before}/health").json()["status"] == "ok"
    assert client.get(f"{before}/nowhere").status_code == 404
    missing = client.get(f"{before}/static/no.css", headers={"accept": "text/html"})
    assert (missing.status_code, f'href="{PREFIX}/static/style.css"' in missing.text) == (404, True)
    refused = client.get(f"{before}/api/nowhere", headers={"accept": "text/html"})
    assert refused.json()["error"]["code"] == "not_found"


def test_the_bare_prefix_is_the_first_page(client: TestClient) -> None:
    cookie = {"cookie": f"{COOKIE}={log_in(client)}"}
    assert "Chat" in client.get(PREFIX, headers=cookie).text
    assert client.get(f"{PREFIX}-other", headers=cookie).status_code == 404


def test_logging_out_removes_the_cookie_of_the_prefix(client: TestClient) -> None:
    headers = {"cookie": f"{COOKIE}={log_in(client)}", "origin": "http://localhost"}
    out = client.post("/logout", headers=headers)
    assert out.headers["location"] == f"{PREFIX}/login"
    assert f"Path={PREFIX};" in out.headers["set-cookie"]


def test_addresses_for_others_are_whole(client: TestClient) -> None:
    cookie, origin = {"cookie": f"{COOKIE}={log_in(client)}"}, {"origin": "http://localhost"}
    invited = client.post("/admin/invitations", headers={**cookie, **origin}, data={"role": "user"})
    assert f"http://localhost{PREFIX}/invitation/" in invited.text
    fields = {"name": "Diana", "shared": True, "allowed_origins": ["https://shop.example"]}
    made = client.post("/api/assistants", headers={**cookie, **origin}, json=fields).json()
    form = client.get(f"/assistants/{made['id']}", headers=cookie)
    assert f"http://localhost{PREFIX}/static/widget.js" in form.text
    widget = client.get(f"/widget/{made['id']}").text
    assert f'src="{PREFIX}/static/widget-chat.js"' in widget
    assert f'base_url="http://localhost{PREFIX}/v1"' in client.get("/docs").text


@pytest.mark.parametrize("before", ["", PREFIX])
def test_the_schema_names_the_server_and_other_sites_may_call_it(
    client: TestClient, before: str
) -> None:
    schema = client.get(f"{before}/openapi.json").json()
    assert schema["servers"] == [{"url": PREFIX}]
    assert "/v1/models" in schema["paths"]
    asked = client.get(f"{before}/v1/models", headers={"origin": "https://shop.example"})
    assert asked.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_page_to_return_to_never_lies_elsewhere(client: TestClient) -> None:
    form = {"login": "anna", "password": PASSWORD, "next": "//evil.example/"}
    entered = client.post("/login", data=form, headers={"origin": "http://localhost"})
    assert entered.headers["location"] == f"{PREFIX}/"
    client.cookies.clear()


def test_a_prefix_never_looks_like_an_address_of_ours(client: TestClient) -> None:
    routes = iter_route_contexts(client.app.routes)
    firsts = {(each.path or "/").split("/")[1] for each in routes} - {""}
    assert firsts == OURS, "name the new address in `OURS`"


@pytest.mark.parametrize(
    ("text", "prefix"), [("/fledge", "/fledge"), ("/a-b/c.d/", "/a-b/c.d"), ("/", ""), ("", "")]
)
def test_a_prefix_ends_without_a_slash(text: str, prefix: str) -> None:
    assert parse_prefix(text) == prefix


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fledge", "begins with a slash"),
        ("//evil.example", "begins with a slash"),
        ("/a b", "begins with a slash"),
        ("/../x", "begins with a slash"),
        ('/x"onload=', "begins with a slash"),
        ("https://host/fledge", "begins with a slash"),
        ("/v1", "under /v1; choose another"),
        ("/api/fledge", "under /api; choose another"),
    ],
)
def test_a_prefix_that_cannot_work_is_named(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_prefix(text)
