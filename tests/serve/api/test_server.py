"""`/metrics` as Prometheus reads it."""

import httpx
from fastapi.testclient import TestClient
from openai import OpenAI
from prometheus_client.parser import text_string_to_metric_families

from fledge.serve import create_app
from fledge.serve.models.metrics import Metrics
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served

QUESTION = [{"role": "user", "content": "Why?"}]


def samples(text: str) -> dict[tuple[str, str], float]:
    """Values by name and model, those of further labels added up."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, sample.labels.get("model_name", ""))
            found[key] = found.get(key, 0) + sample.value
    return found


def test_tokens_and_times_are_counted_for_each_model(url: str, client: OpenAI) -> None:
    before = samples(httpx.get(f"{url}/metrics").text)
    reply = client.chat.completions.create(model="team/other", messages=QUESTION)
    response = httpx.get(f"{url}/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    after = samples(response.text)

    def grown(name: str) -> float:
        key = (f"fledge:{name}", "team/other")
        return after.get(key, 0) - before.get(key, 0)

    assert grown("tokens_generated_total") == reply.usage.completion_tokens
    assert grown("generation_tokens_total") == reply.usage.completion_tokens
    assert grown("prompt_tokens_total") == reply.usage.prompt_tokens
    assert grown("request_success_total") == 1
    assert grown("time_to_first_token_seconds_count") == 1
    assert grown("e2e_request_latency_seconds_count") == 1
    assert grown("inter_token_latency_seconds_count") > 5
    assert after["fledge:num_requests_running", "team/other"] == 0
    assert ("fledge:kv_cache_usage_perc", "team/other") in after


def test_times_are_those_of_the_clock() -> None:
    now = 0.0
    metrics = Metrics(lambda: now)
    timer = metrics.timer("m")
    now = 2.0
    timer.piece(0, 1, None)
    now = 5.0
    timer.piece(0, 3, "stop")  # three tokens in three seconds
    timer.close(7)
    timer.close(7)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"fledge:{name}", {"model_name": "m", **labels})

    assert value("time_to_first_token_seconds_sum") == 2.0
    assert value("inter_token_latency_seconds_sum") == 1.0
    assert value("e2e_request_latency_seconds_sum") == 5.0
    assert value("tokens_generated_total") == 4
    assert value("prompt_tokens_total") == 7
    assert value("request_success_total", finished_reason="stop") == 1


def test_with_accounts_only_those_who_run_the_server_read_it(tiny_tokenizer: Tokenizer) -> None:
    model = served(ScriptedEngine(tiny_tokenizer, "Hm."), tiny_tokenizer)
    app = create_app([model], login=True)
    with TestClient(app, base_url="http://localhost") as client:
        keys, accounts = app.state.parts.database.api_keys, app.state.parts.database.accounts
        ada = accounts.create("ada", name="Ada", role="admin", password_hash="-").id
        bob = accounts.create("bob", name="Bob", role="user", password_hash="-").id

        def status(account: str, *scopes: str) -> int:
            _, text = keys.create(account, name="prometheus", scopes=scopes)
            headers = {"authorization": f"Bearer {text}"}
            if scopes == ("metrics",):
                assert client.get("/v1/models", headers=headers).status_code == 403
            return client.get("/metrics", headers=headers).status_code

        assert client.get("/metrics").status_code == 401
        assert [status(ada), status(ada, "metrics"), status(ada, "chat")] == [200, 200, 403]
        assert [status(bob), status(bob, "metrics")] == [403, 403]
