"""No route runs a model for a person who is over a limit: every route is walked."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

import fledge.serve
from databases import Clock, answered
from fledge.database.temporary import TemporaryDatabase
from fledge.generate import Request
from fledge.generate.request import ScoredToken
from fledge.generate.upstream import UpstreamServer
from fledge.serve import create_app
from fledge.serve.models.registry import UpstreamModel
from fledge.serve.models.service import ModelService
from fledge.serve.people.admission import Admission
from fledge.text.tokenizer import Tokenizer
from labelling_routes import TAKE_A_BODY
from people_server import ORIGIN, PeopleServer, cheap_passwords
from serving import ScriptedEngine, served, tokenizer

SERVE = Path(fledge.serve.__file__).parent
SAYS = [{"role": "user", "content": "Why tides?"}]
CHAT = {"model": "tiny", "messages": SAYS}
TEXT = {"model": "tiny", "prompt": "The tide"}
PERSON_SAYS = {"content": "Why tides?"}

RUNS_A_MODEL: dict[str, list[dict[str, object]]] = {
    "POST /v1/chat/completions": [
        CHAT,
        {**CHAT, "stream": True},
        {**CHAT, "n": 3, "logprobs": True, "top_logprobs": 2},
        {**CHAT, "truncation": "auto"},
        {**CHAT, "model": "far"},
        {**CHAT, "model": "far", "stream": True},
    ],
    "POST /v1/responses": [
        {"model": "tiny", "input": "Why tides?"},
        {"model": "tiny", "input": "Why tides?", "stream": True, "store": False},
        {"model": "far", "input": "Why tides?"},
    ],
    "POST /v1/completions": [
        TEXT,
        {**TEXT, "stream": True},
        {**TEXT, "echo": True},
        {**TEXT, "echo": True, "logprobs": 2},
        {**TEXT, "echo": True, "logprobs": 2, "stream": True},
        {**TEXT, "echo": True, "logprobs": 0, "max_tokens": 0},
        {**TEXT, "prompt": ["The tide"] * 16, "echo": True, "logprobs": 5},
        {**TEXT, "n": 1, "best_of": 4},
        {**TEXT, "model": "far"},
        {**TEXT, "model": "far", "stream": True},
    ],
    "POST /v1/embeddings": [
        {"model": "tiny", "input": "The tide"},
        {"model": "tiny", "input": ["The tide"] * 40, "encoding_format": "base64"},
        {"model": "far", "input": "The tide"},
    ],
    "POST /api/conversations/{id}/messages": [
        {**PERSON_SAYS, "models": ["tiny"]},
        {**PERSON_SAYS, "models": ["tiny", "far"]},
        {**PERSON_SAYS, "models": ["far"], "parent_id": "ANSWER"},
    ],
    "POST /api/conversations/{id}/answers": [
        {"parent_id": "QUESTION", "models": ["tiny"]},
        {"parent_id": "QUESTION", "models": ["far", "tiny"]},
        {"parent_id": "QUESTION", "models": ["tiny"], "continues": "ANSWER"},
        {"parent_id": "QUESTION", "models": ["far"], "continues": "ANSWER"},
    ],
    "POST /api/widget/chat/messages": [PERSON_SAYS],
}
"""Bodies with which a route runs a model, for a person within their limits."""

RUNS_NONE = {
    *("POST /tokenize", "POST /detokenize", "POST /v1/moderations"),
    *("POST /password", "POST /password/{token}", "POST /account/email", "POST /server/mail"),
    *("POST /api/folders", "PATCH /api/folders/{folder_id}"),
    *("POST /api/prompts", "PATCH /api/prompts/{prompt_id}"),
    *("POST /account/links/{share_id}/revoke", "POST /server/sharing", "POST /server/name"),
    *("POST /server/logo/remove", "PUT /api/server/logo"),
    *("POST /login", "POST /logout", "POST /setup", "POST /invitation/{token}"),
    *("POST /api/conversations", "PATCH /api/conversations/{id}"),
    *("PUT /api/conversations/{id}/share", "POST /s/{token}/continue"),
    *("POST /api/folders", "PATCH /api/folders/{folder_id}"),
    *("POST /api/prompts", "PATCH /api/prompts/{prompt_id}"),
    *("POST /api/conversations/{id}/restore", "POST /api/conversations/{id}/hand-over"),
    *("POST /api/runs/{run_id}/cancel", "PUT /api/messages/{id}/rating", "POST /api/preferences"),
    *("POST /api/messages/{id}/demonstration", "POST /api/assistants"),
    *("POST /api/assistants/ready/{key}", "PATCH /api/assistants/{id}"),
    *("POST /api/assistants/{id}/documents", "POST /api/queue/{id}/take"),
    *("POST /api/queue/{id}/messages", "POST /api/queue/{id}/close"),
    *("POST /api/widget/{assistant_id}/visits", "POST /api/widget/chat/person"),
    *("POST /account/training", "POST /account/profile", "POST /account/password"),
    *("POST /account/sessions/end-others", "POST /account/sessions/{session_id}/end"),
    *("POST /account/keys", "POST /account/keys/{key_id}/revoke", "POST /account/erase-chats"),
    *("POST /account/delete", "POST /account/links/{share_id}/revoke", "POST /admin/invitations"),
    "POST /account/identities/{identity_id}/unlink",
    *("POST /admin/invitations/{invitation_id}/delete", "POST /admin/settings"),
    *("POST /server/name", "PUT /api/server/logo", "POST /server/logo/remove"),
    *("POST /api/training/start", "POST /api/training/stop"),
    *("PUT /api/rounds/files/{name}", "POST /rounds/collect", "POST /rounds/remove"),
    *("POST /rounds/start", "POST /rounds/stop", "POST /rounds/give-up"),
    *("POST /rounds/roll-back", "POST /rounds/{number}/promote", "POST /learned/leave-out"),
    *("POST /server/sharing", "POST /admin/people/{account_id}/change"),
    *("POST /admin/people/{account_id}/role", "POST /admin/people/{account_id}/limits"),
    *("POST /admin/people/{account_id}/disable", "POST /admin/people/{account_id}/enable"),
    *("POST /admin/people/{account_id}/password", "POST /admin/people/{account_id}/delete"),
    *TAKE_A_BODY,
}
"""Routes that take a body and leave the models alone."""

JSON_BODIES = {
    "POST /tokenize": {"prompt": "The tide"},
    "POST /detokenize": {"tokens": [1, 2]},
    "POST /v1/moderations": {"input": "The tide"},
    "POST /api/conversations": {},
    "POST /api/assistants": {"name": "Shop"},
    "POST /api/folders": {"name": "Sea"},
    "POST /api/prompts": {"title": "tides", "content": "Why tides?"},
}

LIMITS = {
    "requests": {"requests_per_minute": 1},
    "tokens": {"tokens_per_minute": 5},
    "streams": {"concurrent_streams": 1},
    "day": {"daily_tokens": 5},
}
USED_TOKENS = 10


class WatchedEngine(ScriptedEngine):
    """Counts the calls that cost a forward pass."""

    def __init__(self, words: Tokenizer) -> None:
        super().__init__(words, "The moon.")
        self.calls: list[str] = []

    def submit(self, request: Request) -> None:
        self.calls.append("submit")
        super().submit(request)

    def embed(self, prompts: list[tuple[int, ...]]) -> list[list[float]]:
        self.calls.append("embed")
        return super().embed(prompts)

    def score(self, prompt: tuple[int, ...], num_alternatives: int) -> list[ScoredToken]:
        self.calls.append("score")
        return super().score(prompt, num_alternatives)


@dataclass
class Watched:
    """A server with one model of its own and one of an upstream, both watched."""

    server: PeopleServer
    engine: WatchedEngine
    far: list[str]
    visitor: str
    chat: str
    answer: str
    question: str

    @property
    def calls(self) -> list[str]:
        return [*self.engine.calls, *self.far]

    def ask(self, route: str, body: dict[str, object] | None) -> httpx.Response:
        """The response, once every answer that the request began has ended."""
        method, path = route.split()
        path = path.replace("{id}", self.chat) if route in RUNS_A_MODEL else path
        path = re.sub(r"\{[^}]+\}", "0" * 32, path)
        if body is not None:
            body = {key: self.filled_in(value) for key, value in body.items()}
        owner, visitor = self.server.people_of["owner"], {"x-visitor": self.visitor}
        response = self.server.ask(method, path, who=owner, headers=visitor, json=body)
        runs = []
        if route in RUNS_A_MODEL and response.status_code == 201:
            runs = [each["run_id"] for each in response.json()["messages"] if each["run_id"]]
        for run in runs:
            events = f"/api/runs/{run}/events"
            response = self.server.ask("GET", events, who=owner, headers=visitor)
            assert "event: end" in response.text
        return response

    def filled_in(self, value: object) -> object:
        return {"QUESTION": self.question, "ANSWER": self.answer}.get(str(value), value)


def far_away(calls: list[str]) -> UpstreamServer:
    """Another server, which answers everything alike."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if b'"stream":true' in request.content.replace(b" ", b""):
            choice = {"index": 0, "delta": {"content": "The moon."}, "finish_reason": "stop"}
            chunk = httpx.Response(200, json={"choices": [choice], "usage": usage}).text
            return httpx.Response(200, text=f"data: {chunk}\n\ndata: [DONE]\n\n")
        return httpx.Response(200, json={"object": "list", "data": [], "usage": usage})

    return UpstreamServer("http://far/v1", transport=httpx.MockTransport(answer))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    clock, words, far = Clock(), tokenizer(), list[str]()
    clock.now = 1_750_000_020.0  # a whole number of minutes
    monkeypatch.setattr("time.time", clock)  # the minute of requests must not end in mid-test
    database, engine = TemporaryDatabase(clock), WatchedEngine(words)
    app = create_app(
        [
            served(engine, words, context_length=512),
            UpstreamModel("far", "Far", None, 0, far_away(far)),
        ],
        database=database,
        login=True,
        clock=clock,
        passwords=cheap_passwords(),
    )
    with TestClient(app, base_url=ORIGIN) as client:
        server = PeopleServer(app, client, database, app.state.parts, clock)
        owner = server.account("the-owner", "owner")
        server.people_of = {"owner": owner}
        shop = database.assistants.create(
            owner.id, name="Shop", shared=True, allowed_origins=("https://shop.example",)
        )
        visit = server.ask("POST", f"/api/widget/{shop.id}/visits").json()["token"]
        chat = database.conversations.create(owner.id, model="tiny")
        answer = answered(database, owner.id, chat.id, "Because")
        question = database.messages.tree(owner.id, chat.id)[0].id
        yield Watched(server, engine, far, visit, chat.id, answer, question)
    database.close()


def use_up(watched: Watched, limit: str) -> None:
    """Bring the owner, and the visitors whom the owner pays for, over a limit."""
    server = watched.server
    owner = server.people_of["owner"]
    server.database.accounts.change(owner.id, **LIMITS[limit])
    account = server.database.accounts.get(owner.id)
    visitor = server.parts.identity.acting_for(owner.id, "testclient")
    visitors = replace(visitor, limits=visitor.limits[1:])  # without those of the address
    own = replace(visitor, limits=server.parts.identity._limits(account, None))
    for person in (own, visitors):
        admission = server.parts.quota.count(person).admit("tiny", 1)
        if limit != "streams":
            admission.close(USED_TOKENS)


def routes_of(app: FastAPI) -> set[str]:
    return {
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or ())
        if method != "HEAD"
    }


def test_every_route_that_takes_a_body_is_known(watched: Watched) -> None:
    taking = {
        route
        for route in routes_of(watched.server.app)
        if route.startswith(("POST", "PUT", "PATCH"))
    }
    assert taking - {*RUNS_A_MODEL, *RUNS_NONE} == set(), "say whether these run a model"
    assert {*RUNS_A_MODEL, *RUNS_NONE} - taking == set(), "these are no more"


def test_within_the_limits_each_body_runs_a_model(watched: Watched) -> None:
    owner = watched.server.people_of["owner"]
    watched.server.database.accounts.change(owner.id, requests_per_minute=0, concurrent_streams=0)
    for route, bodies in RUNS_A_MODEL.items():
        for body in bodies:
            watched.engine.calls.clear()
            watched.far.clear()
            response = watched.ask(route, body)
            assert response.status_code < 300, (route, body, response.text)
            assert watched.calls, (route, body)
            assert ("far" in str(body.get("models", body.get("model")))) == bool(watched.far)


@pytest.mark.parametrize("limit", LIMITS)
def test_over_a_limit_no_route_runs_a_model(watched: Watched, limit: str) -> None:
    use_up(watched, limit)
    for route, bodies in RUNS_A_MODEL.items():
        for body in bodies:
            response = watched.ask(route, body)
            assert watched.calls == [], (limit, route, body)
            refused = response.status_code == 429 or '"status": "failed"' in response.text
            assert refused, (limit, route, body, response.text)


@pytest.mark.parametrize("limit", [None, "day"])
def test_the_other_routes_run_none_in_any_case(watched: Watched, limit: str | None) -> None:
    if limit is not None:
        use_up(watched, limit)
    for route in sorted(routes_of(watched.server.app) - set(RUNS_A_MODEL)):
        watched.ask(route, JSON_BODIES.get(route))
        assert watched.calls == [], route


def test_over_the_requests_of_a_minute_nothing_is_even_read(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_up(watched, "requests")
    read: list[str] = []
    encode = Tokenizer.encode

    def noted(self: Tokenizer, text: str, *args: object, **options: object) -> list[int]:
        read.append(text)
        return encode(self, text, *args, **options)

    monkeypatch.setattr(Tokenizer, "encode", noted)
    for route, bodies in {**RUNS_A_MODEL, "POST /tokenize": [{"prompt": "The tide"}]}.items():
        for body in bodies:
            watched.ask(route, body)
            assert read == [], (route, body)


READS = {
    *("start", "stop", "prepare", "prepare_text", "local", "usual", "alive", "pending"),
    "answer",
}
"""Methods that need no admission; `answer` has its request admitted by itself."""


def test_the_service_runs_a_model_only_with_an_admission() -> None:
    for name, method in inspect.getmembers(ModelService):
        if not name.startswith("_") and name not in READS:
            given = inspect.signature(method).parameters
            assert given["admission"].annotation is Admission, name


def test_only_the_quota_admits_and_only_the_models_reach_engines() -> None:
    for path in SERVE.rglob("*.py"):
        room = path.relative_to(SERVE).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Admission":
                assert path.name in ("limiter.py", "quota.py"), path
            if isinstance(node, ast.Attribute) and room != "models":
                assert ast.unparse(node) not in ("model.load", "model.server"), path
