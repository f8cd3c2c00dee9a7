"""Keys, scopes, limits and turns, as the official client meets them at every endpoint."""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import openai
import pytest
from openai import OpenAI

from fledge.database import Account, Database, open_database
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served

ANSWER = "The tide comes in."
QUESTION = [{"role": "user", "content": "Why?"}]
CALLS: dict[str, Callable[[OpenAI], object]] = {
    "models": lambda client: client.models.list(),
    "model": lambda client: client.models.retrieve("tiny"),
    "chat": lambda client: client.chat.completions.create(model="tiny", messages=QUESTION),
    "stream": lambda client: client.chat.completions.create(
        model="tiny", messages=QUESTION, stream=True
    ),
    "completions": lambda client: client.completions.create(model="tiny", prompt="The"),
    "score": lambda client: client.completions.create(
        model="tiny", prompt="The", echo=True, max_tokens=0
    ),
    "embeddings": lambda client: client.embeddings.create(model="tiny", input="The"),
    "moderations": lambda client: client.moderations.create(input="The"),
    "responses": lambda client: client.responses.create(model="tiny", input="Why?"),
    "response": lambda client: client.responses.retrieve("resp_1"),
}
NUMBERS = itertools.count()
WRITING = ("chat", "stream", "completions", "score", "embeddings", "responses")


@dataclass
class Team:
    url: str
    database: Database
    engine: ScriptedEngine

    def person(self, name: str, **limits: int) -> Account:
        """A new account, whatever earlier tests called theirs."""
        accounts = self.database.accounts
        login = f"{name}-{next(NUMBERS)}"
        account = accounts.create(login, name=name, role="user", password_hash=None)
        return accounts.change(account.id, **limits) if limits else account

    def client(self, account: Account, *scopes: str, retries: int = 0) -> OpenAI:
        _, key = self.database.api_keys.create(account.id, name="test", scopes=scopes)
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=retries)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: Tokenizer) -> Iterator[Team]:
    database = open_database(tmp_path_factory.mktemp("team") / "team.db")
    database.accounts.create("owner", name="Owner", role="owner", password_hash=None)
    engine = ScriptedEngine(tiny_tokenizer, ANSWER)
    app = create_app([served(engine, tiny_tokenizer)], database=database, login=True)
    with running(app) as url:
        yield Team(url, database, engine)
    database.close()


def test_without_a_valid_key_nothing_opens(team: Team) -> None:
    with OpenAI(base_url=f"{team.url}/v1", api_key="sk-fl-wrong", max_retries=0) as client:
        for name, call in CALLS.items():
            with pytest.raises(openai.AuthenticationError) as caught:
                call(client)
            assert caught.value.code == "invalid_api_key", name
            assert caught.value.request_id.startswith("req_"), name
    for path in ("/tokenize", "/detokenize"):
        assert httpx.post(team.url + path, json={}).status_code in (400, 401)
        assert httpx.post(team.url + path, json={"prompt": "x", "tokens": [1]}).status_code == 401
    assert httpx.get(f"{team.url}/health").status_code == 200


def test_a_key_opens_only_its_scopes(team: Team) -> None:
    allowed = {
        "models": {"models", "model"},
        "chat": {"chat", "stream", "completions", "score", "responses", "response"},
        "embeddings": {"embeddings"},
        "moderations": {"moderations"},
    }
    ada = team.person("ada")
    for scope, opened in allowed.items():
        with team.client(ada, scope) as client:
            for name, call in CALLS.items():
                if name in opened:
                    try:
                        call(client)
                    except openai.NotFoundError:
                        assert name == "response"
                    continue
                with pytest.raises(openai.PermissionDeniedError) as caught:
                    call(client)
                assert (caught.value.code, caught.value.type) == (
                    "scope_missing",
                    "permission_error",
                )


@pytest.mark.parametrize("name", [*WRITING, "moderations"])
def test_requests_beyond_the_limit_are_a_429_with_a_time_to_come_back(
    team: Team, name: str
) -> None:
    with team.client(team.person("ada", requests_per_minute=1)) as client:
        CALLS[name](client)
        with pytest.raises(openai.RateLimitError) as caught:
            CALLS[name](client)
    assert caught.value.code == "rate_limit_exceeded"
    headers = caught.value.response.headers
    assert int(headers["retry-after"]) > 0 and headers["x-ratelimit-limit-requests"] == "1"
    assert headers["content-type"] == "application/json"


def test_counting_tokens_is_a_request_too(team: Team) -> None:
    ada = team.person("ada", requests_per_minute=2)
    with team.client(ada) as client:
        headers = {"authorization": f"Bearer {client.api_key}"}
        asked = [
            httpx.post(f"{team.url}/{path}", json=body, headers=headers).status_code
            for path, body in (
                ("tokenize", {"prompt": "The moon"}),
                ("detokenize", {"tokens": [1]}),
                ("tokenize", {"prompt": "The moon"}),
            )
        ]
    assert asked == [200, 200, 429]


def test_answers_tell_what_is_left(team: Team) -> None:
    with team.client(team.person("ada", requests_per_minute=5, tokens_per_minute=1000)) as client:
        raw = client.chat.completions.with_raw_response.create(model="tiny", messages=QUESTION)
        assert raw.headers["x-ratelimit-remaining-requests"] == "4"
        assert 900 < int(raw.headers["x-ratelimit-remaining-tokens"]) < 1000
        stream = client.chat.completions.with_raw_response.create(
            model="tiny", messages=QUESTION, stream=True
        )
        assert stream.headers["x-ratelimit-remaining-requests"] == "3"


def test_a_spent_quota_is_not_tried_again(team: Team) -> None:
    with team.client(team.person("ada", daily_tokens=1), retries=2) as client:
        before = len(team.engine.requests)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="tiny", messages=QUESTION)
        assert caught.value.code == "insufficient_quota"
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
        assert len(team.engine.requests) == before


def test_a_stream_holds_its_place_until_it_ends_or_its_reader_leaves(team: Team) -> None:
    team.engine.gate = threading.Semaphore(2)
    team.engine.cancelled.clear()
    with team.client(team.person("ada", concurrent_streams=1)) as client:
        stream = CALLS["stream"](client)
        next(stream)
        with pytest.raises(openai.RateLimitError):
            CALLS["stream"](client)
        stream.close()
        assert team.engine.cancelled.wait(1.0)
        team.engine.gate.release(1_000)
        assert CALLS["chat"](client).choices[0].message.content == ANSWER
    team.engine.gate = None


def test_a_refused_request_holds_no_place(team: Team) -> None:
    with team.client(team.person("ada", concurrent_streams=1)) as client:
        for _ in range(3):
            with pytest.raises(openai.BadRequestError):
                client.chat.completions.create(model="tiny", messages=QUESTION, n=17)
            with pytest.raises(openai.BadRequestError):
                long = [{"role": "user", "content": "tide " * 200}]
                client.chat.completions.create(model="tiny", messages=long)
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(model="gone", messages=QUESTION)
        CALLS["chat"](client)


def test_what_was_written_is_counted_for_the_person(team: Team) -> None:
    ada = team.person("ada")
    with team.client(ada) as client:
        reply = CALLS["chat"](client)
        total = reply.usage.total_tokens
        list(CALLS["stream"](client))
    # The counts are written within a second or two; stopping the app writes the rest.
    for _ in range(100):
        if team.database.usage.tokens_today(ada.id) == 2 * total:
            break
        threading.Event().wait(0.05)
    assert team.database.usage.tokens_today(ada.id) == 2 * total


def test_turns_are_the_accounts_and_not_what_a_request_says(team: Team) -> None:
    ada, before = team.person("ada"), len(team.engine.requests)
    with team.client(ada) as client:
        client.chat.completions.create(model="tiny", messages=QUESTION, user="someone else")
        client.completions.create(model="tiny", prompt="The", user="someone else")
        client.responses.create(model="tiny", input="Why?", user="someone else")
    assert {request.user for request in team.engine.requests[before:]} == {ada.id}


def test_responses_of_others_are_not_found(team: Team) -> None:
    with team.client(team.person("ada")) as ada, team.client(team.person("bob")) as bob:
        response = ada.responses.create(model="tiny", input="Why?")
        with pytest.raises(openai.NotFoundError):
            bob.responses.retrieve(response.id)
        with pytest.raises(openai.NotFoundError):
            bob.responses.create(model="tiny", input="?", previous_response_id=response.id)
        with pytest.raises(openai.NotFoundError):
            bob.responses.delete(response.id)
        assert ada.responses.retrieve(response.id).output_text == ANSWER


def test_without_accounts_the_user_of_a_request_tells_people_apart(
    client: OpenAI, engine: ScriptedEngine
) -> None:
    for user in ("ada", "bob"):
        client.chat.completions.create(model="tiny", messages=QUESTION, user=user)
    users = [request.user for request in engine.requests[-2:]]
    assert users[0].endswith("/ada") and users[1].endswith("/bob")
