"""An OpenID Connect provider in the test's own process, with keys of its own."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from databases import Clock
from fledge.serve.accounts.provider import OidcSettings, Provider
from fledge.serve.people.identity import COOKIE
from people_server import ORIGIN, ROLES, PeopleServer, people_server

ISSUER = "https://login.example.org"
CLIENT_ID = "fledge"
SECRET = "s3cret&more"
ADA = {
    "sub": "248289761001",
    "preferred_username": "Ada",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "email_verified": True,
}

RSA = RSAKey.generate_key(2048, parameters={"kid": "one"})
OTHER_RSA = RSAKey.generate_key(2048, parameters={"kid": "two"})
EC = ECKey.generate_key("P-256", parameters={"kid": "curve"})


@dataclass
class FakeProvider:
    """Answers as a provider does; a test changes `claims`, `sign`, `keys` or `discovery`."""

    clock: Clock
    person: dict[str, object] = field(default_factory=lambda: dict(ADA))
    claims: dict[str, object] = field(default_factory=dict)
    userinfo: dict[str, object] = field(default_factory=dict)
    discovery: dict[str, object] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=lambda: [RSA])
    sign: Callable[[dict[str, object]], str] | None = None
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def log_in(self, page: str) -> str:
        """The path to which a person is led back who logs in on the provider's `page`."""
        asked = dict(parse_qsl(urlsplit(page).query))
        assert page.startswith(f"{ISSUER}/authorize?")
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        back = urlsplit(asked["redirect_uri"])
        assert f"{back.scheme}://{back.netloc}" == ORIGIN
        return f"{back.path}?{httpx.QueryParams(code=code, state=asked['state'], iss=ISSUER)}"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.is_down:
            raise httpx.ConnectError("refused")
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.document())
        if path == "/keys":
            return httpx.Response(200, json={"keys": [key.as_dict(False) for key in self.keys]})
        if path == "/userinfo":
            assert request.headers["authorization"] == "Bearer opaque"
            return httpx.Response(200, json=self.userinfo)
        assert path == "/token"
        return self.token(request)

    def document(self) -> dict[str, object]:
        endpoints = {
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
        }
        return {"issuer": ISSUER, **endpoints, **self.discovery}

    def token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if "client_secret" in form:
            assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, SECRET)
        else:
            pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
            assert pair == b"fledge:s3cret%26more"
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = in_url(digest)
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(self.clock.now)
        own = {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims = {**own, "nonce": asked["nonce"], **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return httpx.Response(
            200, json={"id_token": (self.sign or signed)(claims), "access_token": "opaque"}
        )


def signed(claims: dict[str, object], key: Key = RSA, algorithm: str = "RS256") -> str:
    header = {"alg": algorithm, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def unsigned(claims: dict[str, object]) -> str:
    """With the algorithm `none`, which joserfc itself does not write."""
    return f"{first_parts({'alg': 'none'}, claims)}."


def signed_with_public_key(claims: dict[str, object]) -> str:
    """As if the public key were a shared secret, which joserfc does not do either."""
    parts = first_parts({"alg": "HS256", "kid": "one"}, claims)
    signature = hmac.new(RSA.as_pem(private=False), parts.encode(), hashlib.sha256)
    return f"{parts}.{in_url(signature.digest())}"


def first_parts(header: dict[str, object], claims: dict[str, object]) -> str:
    return ".".join(in_url(json.dumps(part).encode()) for part in (header, claims))


def in_url(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def settings(**changes: object) -> OidcSettings:
    given = {"issuer": ISSUER, "client_id": CLIENT_ID, "client_secret": SECRET, "name": "Owl ID"}
    return OidcSettings(**{**given, **changes})


class Browser:
    """Keeps cookies with their paths apart from other browsers, and follows no redirect."""

    def __init__(self, server: PeopleServer) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def send(self, method: str, path: str, **form: str) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookies} if cookies else {}
        data = form or None
        response = self.server.ask(method, path, headers=headers, data=data)
        for line in response.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value not in ("", '""'):
                self.cookies[name] = value
        return response

    def get(self, path: str) -> httpx.Response:
        return self.send("GET", path)


def connected(fake: FakeProvider, **changes: object) -> Provider:
    return Provider(settings(**changes), fake.clock, httpx.MockTransport(fake))


@dataclass
class Served:
    server: PeopleServer
    fake: FakeProvider
    provider: Provider

    def start_again(self, **changes: object) -> None:
        """As new: no person beside those of each role, nothing known of the provider."""
        self.server.start_again()
        self.fake.__init__(self.server.clock)
        transport = httpx.MockTransport(self.fake)
        self.provider.__init__(settings(**changes), self.server.clock, transport)


@contextmanager
def serving(path_prefix: str = "", **changes: object) -> Iterator[Served]:
    clocked: list[FakeProvider] = []
    made: list[Provider] = []

    def provider(clock: Clock) -> Provider:
        clocked.append(FakeProvider(clock))
        made.append(connected(clocked[0], **changes))
        return made[0]

    with people_server(roles=ROLES, provider=provider, path_prefix=path_prefix) as server:
        yield Served(server, clocked[0], made[0])


def log_in(browser: Browser, fake: FakeProvider, next_: str = "/") -> httpx.Response:
    """The answer to the browser that comes back from the provider."""
    begun = browser.get(f"/login/oidc?next={next_}")
    assert begun.status_code == 303, begun.text
    return browser.get(fake.log_in(begun.headers["location"]))


def problem_of(response: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]+)<', response.text)
    assert found is not None, response.text
    return found[1]


def people(server: PeopleServer) -> set[str]:
    return {account.login for account in server.database.accounts.list()}


def logged_in(server: PeopleServer, role: str) -> Browser:
    browser = Browser(server)
    browser.cookies[COOKIE] = server.cookie(server.people_of[role])
    return browser
