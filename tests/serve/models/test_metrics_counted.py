"""The numbers of `/metrics` after answers whose tokens are known."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fledge.generate.request import EngineLoad
from fledge.serve import create_app
from fledge.serve.models.metrics import Metrics
from fledge.text.tokenizer import Tokenizer
from serve.spelled import BODY, saying
from serving import ScriptedEngine, served

CHAT = "/v1/chat/completions"
COUNTERS = {
    'prompt_tokens_total{model_name="tiny"}': "read",
    'tokens_generated_total{model_name="tiny"}': "written",
    'generation_tokens_total{model_name="tiny"}': "written by vLLM's name",
    'request_success_total{finished_reason="stop",model_name="tiny"}': "stop",
    'request_success_total{finished_reason="length",model_name="tiny"}': "length",
    'time_to_first_token_seconds_count{model_name="tiny"}': "first tokens",
    'e2e_request_latency_seconds_count{model_name="tiny"}': "answers",
}


@pytest.fixture
def client(tiny_tokenizer: Tokenizer) -> Iterator[TestClient]:
    """It says "Hé!": four tokens and the end."""
    with saying(tiny_tokenizer, "Hé!") as (made, _):
        yield made


def counted(client: TestClient) -> dict[str, float]:
    """The counters that are there, by a short name."""
    found = {}
    for line in client.get("/metrics").text.splitlines():
        name, _, value = line.removeprefix("fledge:").rpartition(" ")
        if name in COUNTERS:
            found[COUNTERS[name]] = float(value)
    return found


def test_each_answer_counts_its_tokens_and_why_it_ended(client: TestClient) -> None:
    assert counted(client) == {}
    client.post(CHAT, json=BODY)
    first = {
        "read": 7,
        "written": 5,
        "written by vLLM's name": 5,
        "stop": 1,
        "first tokens": 1,
        "answers": 1,
    }
    assert counted(client) == first
    client.post(CHAT, json={**BODY, "n": 2, "max_tokens": 1, "stream": True})
    second = {
        "read": 14,
        "written": 7,
        "written by vLLM's name": 7,
        "stop": 1,
        "length": 2,
        "first tokens": 3,
        "answers": 2,
    }
    assert counted(client) == second
    client.post(CHAT, json={**BODY, "stop": "é"})  # H and the two tokens of é
    third = {**second, "read": 21, "written": 10, "written by vLLM's name": 10, "stop": 2}
    assert counted(client) == {**third, "first tokens": 4, "answers": 3}


def test_what_is_refused_is_no_answer(client: TestClient) -> None:
    for wrong in ({"n": 17}, {"model": "gone"}, {"tools": [{}]}, {"logit_bias": {"999": 1}}):
        assert client.post(CHAT, json={**BODY, **wrong}).status_code >= 400
    client.post("/v1/embeddings", json={"model": "tiny", "input": "W"})
    assert counted(client) == {}


def test_times_are_taken_from_the_request_and_shared_by_tokens_that_come_together() -> None:
    now = 100.0
    metrics = Metrics(lambda: now)
    timer = metrics.timer("m")

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"fledge:{name}", {"model_name": "m", **labels})

    for at, index, tokens, reason in (
        (101.0, 0, 0, None),  # nothing to show yet
        (102.0, 0, 1, None),
        (103.0, 1, 2, None),
        (110.0, 0, 4, "stop"),  # four tokens in eight seconds
        (111.0, 1, 0, "length"),
    ):
        now = at
        timer.piece(index, tokens, reason)
    now = 112.0
    timer.close(9)
    now = 150.0
    timer.close(9)
    assert value("time_to_first_token_seconds_sum") == 2 + 3
    assert value("time_to_first_token_seconds_count") == 2
    assert value("inter_token_latency_seconds_sum") == 2.0
    assert value("inter_token_latency_seconds_count") == 1
    assert value("e2e_request_latency_seconds_sum") == 12.0
    assert (value("tokens_generated_total"), value("prompt_tokens_total")) == (7, 9)
    for reason in ("stop", "length"):
        assert value("request_success_total", finished_reason=reason) == 1


class Loaded(ScriptedEngine):
    """Has always as much to do."""

    def load(self) -> EngineLoad:
        return EngineLoad(3, 2, 0.25)


def test_what_runs_waits_and_fills_the_cache_is_told_for_each_model(
    tiny_tokenizer: Tokenizer,
) -> None:
    models = [served(Loaded(tiny_tokenizer, "x"), tiny_tokenizer, name) for name in ("a", "b")]
    with TestClient(create_app(models), "http://localhost") as client:
        client.post(CHAT, json={**BODY, "model": "b"})
        text = client.get("/metrics").text
    for model in ("a", "b"):
        assert f'fledge:num_requests_running{{model_name="{model}"}} 3.0' in text
        assert f'fledge:num_requests_waiting{{model_name="{model}"}} 2.0' in text
        assert f'fledge:kv_cache_usage_perc{{model_name="{model}"}} 0.25' in text
