"""Headers of proxies: believed from the addresses that the owner names, and from nobody else."""

from collections.abc import Iterator

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from fledge.errors import ConfigError
from fledge.generate.request import SamplingParams
from fledge.serve import create_app
from fledge.serve.http.proxy import parse_proxy
from fledge.serve.launch import launch
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

PROXY = ("10.0.0.7", 1)
LOOPBACK = ("127.0.0.1", 1)


@pytest.fixture(scope="module")
def app(tiny_tokenizer: Tokenizer) -> Iterator[object]:
    model = served(ScriptedEngine(tiny_tokenizer, "The moon."), tiny_tokenizer)
    made = create_app(
        [model],
        login=True,
        allowed_hosts=("*",),
        proxies=[parse_proxy("10.0.0.0/8"), parse_proxy("2001:db8::1")],
    )

    @made.get("/seen")
    def seen(request: Request) -> list[str]:
        return [request.client.host, request.url.scheme, request.headers["host"]]

    yield made


def seen(app: object, client: tuple[str, int], *forwarded: str, **headers: str) -> list[str]:
    sent = [("x-forwarded-for", each) for each in forwarded]
    sent += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return TestClient(app, "http://here", client=client).get("/seen", headers=sent).json()


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["192.0.2.9"], "192.0.2.9"),
        (["192.0.2.9:4711"], "192.0.2.9"),
        (["1.1.1.1, 192.0.2.9"], "192.0.2.9"),
        (["1.1.1.1", "192.0.2.9"], "192.0.2.9"),
        (["192.0.2.9, 10.1.2.3"], "192.0.2.9"),
        (["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        (["2001:db8::5"], "2001:db8::5"),
        (["[2001:db8::5]:443"], "2001:db8::5"),
        (["nonsense"], "10.0.0.7"),
        (["192.0.2.9, nonsense"], "10.0.0.7"),
        (["nonsense, 10.1.2.3"], "10.1.2.3"),
        ([""], "10.0.0.7"),
        ([", " * 5_000], "10.0.0.7"),
        ([], "10.0.0.7"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(
    app: object, forwarded: list[str], client: str
) -> None:
    assert seen(app, PROXY, *forwarded)[0] == client


@pytest.mark.parametrize("client", [LOOPBACK, ("::1", 1), ("192.0.2.1", 1), ("11.0.0.1", 1)])
def test_nobody_else_is_believed_not_even_this_machine(
    app: object, client: tuple[str, int]
) -> None:
    told = {"x_forwarded_proto": "https", "x_forwarded_host": "chat.example"}
    assert seen(app, client, "192.0.2.9", **told) == [client[0], "http", "here"]


def test_a_proxy_tells_the_scheme_and_the_host(app: object) -> None:
    told = {"x_forwarded_proto": "https", "x_forwarded_host": "chat.example"}
    assert seen(app, PROXY, "192.0.2.9", **told) == ["192.0.2.9", "https", "chat.example"]
    told = {"x_forwarded_proto": "javascript", "x_forwarded_host": "a b/<c>"}
    assert seen(app, PROXY, **told) == ["10.0.0.7", "http", "here"]
    mapped = ("::ffff:10.0.0.7", 1)
    assert seen(app, mapped, "192.0.2.9")[0] == "192.0.2.9"


def test_a_client_behind_no_proxy_cannot_lock_somebody_else_out(app: object) -> None:
    form = {"login": "ada", "password": "wrong"}
    attacker = TestClient(app, "http://here", client=LOOPBACK)
    for _ in range(8):
        headers = {"x-forwarded-for": "192.0.2.50", "origin": "http://here"}
        last = attacker.post("/login", data=form, headers=headers)
    assert last.status_code == 429
    admin = TestClient(app, "http://here", client=("192.0.2.50", 1))
    reply = admin.post("/login", data=form, headers={"origin": "http://here"})
    assert reply.status_code != 429


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "*", "", "0.0.0.0/0", "::/0"])
def test_what_is_no_address_of_a_proxy_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="--proxy"):
        parse_proxy(text)


def test_an_open_server_stands_behind_no_proxy() -> None:
    with pytest.raises(ConfigError, match="--no-login with --proxy"):
        launch(
            [],
            sampling=SamplingParams(),
            announce=print,
            database="unused.db",
            login=False,
            proxies=["127.0.0.1"],
        )
