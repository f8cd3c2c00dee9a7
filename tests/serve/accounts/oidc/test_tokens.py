"""ID tokens: those of the provider for this login open an account, and no others."""

from collections.abc import Callable

import pytest
from joserfc import jwt
from joserfc.jws import JWSRegistry

from fledge.serve.accounts.activity import newest
from fledge.serve.people.identity import COOKIE
from oidc_provider import (
    CLIENT_ID,
    EC,
    OTHER_RSA,
    RSA,
    Browser,
    FakeProvider,
    log_in,
    people,
    problem_of,
    signed,
    signed_with_public_key,
    unsigned,
)
from people_server import PeopleServer

WRONG = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another client"},
    "no audience": {"aud": None},
    "issued to another": {"azp": "another client"},
    "for several, to nobody": {"aud": [CLIENT_ID, "another client"]},
    "issuer": {"iss": "https://login.example.org.evil.example"},
    "issuer with a slash": {"iss": "https://login.example.org/"},
    "expired": {"exp": 1_749_999_000},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "never"},
    "from the future": {"iat": 1_750_009_000},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_with_wrong_claims_opens_nothing(
    server: PeopleServer, fake: FakeProvider, browser: Browser, claims: dict[str, object]
) -> None:
    fake.claims, before = claims, people(server)
    back = log_in(browser, fake)
    assert back.status_code == 401 and "ID token" in problem_of(back)
    assert COOKIE not in browser.cookies and people(server) == before
    assert newest(server.database, 1)[0].sentence.startswith("Failed to log in with Owl ID from")


FORGED: dict[str, Callable[[dict[str, object]], str]] = {
    "none": unsigned,
    "hmac with the public key": signed_with_public_key,
    "another key": lambda claims: signed(claims, OTHER_RSA),
    "another key of this name": lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "one"}, claims, OTHER_RSA, algorithms=["RS256"]
    ),
    "changed afterwards": lambda claims: signed(claims)[:-8] + "AAAAAAAA",
    "no token": lambda claims: "",
    "nonsense": lambda claims: "a.b.c",
    "another kind of key": lambda claims: jwt.encode(
        {"alg": "ES256", "kid": "one"}, claims, EC, algorithms=["ES256"]
    ),
}


@pytest.mark.parametrize("sign", FORGED.values(), ids=FORGED)
def test_a_forged_token_opens_nothing(
    server: PeopleServer, fake: FakeProvider, browser: Browser, sign: Callable[..., str]
) -> None:
    fake.sign, before = sign, people(server)
    back = log_in(browser, fake)
    assert back.status_code == 401 and "ID token is not valid" in problem_of(back)
    assert COOKIE not in browser.cookies and people(server) == before


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "PS256"), (RSA, "RS512"), (EC, "ES256")])
def test_other_signatures_of_a_private_key_are_taken(
    fake: FakeProvider, browser: Browser, key: object, algorithm: str
) -> None:
    fake.keys = [key, OTHER_RSA]
    fake.sign = lambda claims: signed(claims, key, algorithm)
    assert log_in(browser, fake).status_code == 303


def test_clocks_may_differ_by_a_minute_and_headers_may_be_unknown(
    fake: FakeProvider, browser: Browser
) -> None:
    fake.claims = {"exp": int(fake.clock.now) - 30, "iat": int(fake.clock.now) + 30}
    fake.sign = lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "one", "pi.atm": "x", "x5c": ["A" * 4000]},
        claims,
        RSA,
        algorithms=["RS256"],
        registry=wide_registry(),
    )
    assert log_in(browser, fake).status_code == 303


def wide_registry() -> JWSRegistry:
    registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    registry.max_header_length = 10_000
    return registry


def test_new_keys_are_fetched_once(server: PeopleServer, fake: FakeProvider) -> None:
    assert log_in(Browser(server), fake).status_code == 303
    assert log_in(Browser(server), fake).status_code == 303
    assert fake.asked.count("/keys") == 1
    fake.keys, fake.sign = [OTHER_RSA], lambda claims: signed(claims, OTHER_RSA)
    assert log_in(Browser(server), fake).status_code == 303
    assert fake.asked.count("/keys") == 2
    fake.sign = lambda claims: signed(claims, EC, "ES256")
    assert log_in(Browser(server), fake).status_code == 401
    assert fake.asked.count("/keys") == 3
    assert fake.asked.count("/.well-known/openid-configuration") == 1
