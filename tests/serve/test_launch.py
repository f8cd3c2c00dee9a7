"""From checkpoints on disk to a server on a free port."""

import os
from pathlib import Path

import httpx
import pytest

from fledge.cli.serve import serve, upstream_server
from fledge.errors import CheckpointError, ConfigError
from fledge.generate.request import SamplingParams
from fledge.serve import create_app
from fledge.serve.launch import address, launch, listen
from fledge.serve.models.loading import named, served_models
from serving import running
from tiny_model import lineage, write_language_model, write_reward_model


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f":{port} is in use; choose another with --port"):
            listen("127.0.0.1", port)


def test_a_taken_port_leaves_no_database_open(tmp_path: Path) -> None:
    opened = Path("/proc/self/fd")
    file = tmp_path / "people.db"
    with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="is in use"):
        launch(
            [],
            sampling=SamplingParams(),
            announce=print,
            port=taken.getsockname()[1],
            database=file,
            login=True,
        )
    assert file.exists()
    if opened.is_dir():
        held = [os.readlink(each) for each in opened.iterdir() if each.is_symlink()]
        assert not [each for each in held if each.startswith(str(file))]


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        listen("192.0.2.1", 0)


def test_addresses_are_written_as_browsers_read_them() -> None:
    assert address("127.0.0.1", 80) == "http://localhost:80"
    assert address("::1", 80) == "http://[::1]:80"
    assert address("192.0.2.7", 80) == "http://192.0.2.7:80"


def test_models_are_called_as_their_runs_or_as_the_user_says(tmp_path: Path) -> None:
    output = write_language_model(tmp_path / "sft")
    checkpoint = output / "step-00000020"
    assert named([str(output)]) == {"sft": checkpoint}
    assert named([f"mine={output}", str(checkpoint)]) == {"mine": checkpoint, "sft": checkpoint}
    with pytest.raises(ConfigError, match="sft-2="):
        named([str(output), str(checkpoint)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError):
        named([str(tmp_path / "empty")])


def test_the_output_of_a_pipeline_stands_for_its_language_models(tmp_path: Path) -> None:
    sft, base = lineage("sft", lineage("pretrain")), lineage("pretrain")
    write_language_model(tmp_path / "a-base", past=base)
    write_language_model(tmp_path / "b-sft", past=sft)
    write_language_model(tmp_path / "c-ppo", past=lineage("ppo", sft))
    write_reward_model(tmp_path / "d-reward")
    (tmp_path / "data").mkdir()
    assert list(named([str(tmp_path)])) == ["c-ppo", "b-sft", "a-base"]
    assert list(named([f"mine={tmp_path}"])) == ["mine/c-ppo", "mine/b-sft", "mine/a-base"]
    with pytest.raises(ConfigError, match="c-ppo-2="):
        named([str(tmp_path), str(tmp_path)])


def test_a_model_that_needs_more_than_the_memory_is_refused_at_the_start(tmp_path: Path) -> None:
    checkpoints = named([str(write_language_model(tmp_path / "sft"))])
    with pytest.raises(ConfigError, match=r"sft needs .* raise --memory"):
        served_models(checkpoints, memory=50_000)
    assert served_models(checkpoints, memory=10**9)[0].bytes < 10**9


def test_a_checkpoint_answers_over_http_and_the_same_seed_says_the_same(tmp_path: Path) -> None:
    models = served_models(named([str(write_language_model(tmp_path / "sft"))]), max_batch=4)
    body = {"model": "sft", "messages": [{"role": "user", "content": "tide"}], "seed": 1}
    with running(create_app(models)) as url:
        replies = [
            httpx.post(f"{url}/v1/chat/completions", json={**body, "max_tokens": 5}).json()
            for _ in range(2)
        ]
    assert replies[0]["choices"] == replies[1]["choices"]
    assert 1 <= replies[0]["usage"]["completion_tokens"] <= 5


def test_a_seed_beyond_what_a_generator_takes_ends_one_request_only(tmp_path: Path) -> None:
    models = served_models(named([str(write_language_model(tmp_path / "sft"))]), max_batch=4)
    body = {"model": "sft", "messages": [{"role": "user", "content": "tide"}], "max_tokens": 5}
    with running(create_app(models)) as url:
        statuses = [
            httpx.post(f"{url}/v1/chat/completions", json={**body, "seed": seed}).status_code
            for seed in (2**64, 2**63 - 1, -(2**63))
        ]
        n = httpx.post(f"{url}/v1/chat/completions", json={**body, "seed": 2**63 - 1, "n": 3})
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
    assert statuses == [400, 200, 200]
    assert n.status_code == 200


def test_a_checkpoint_without_all_its_weights_is_told_before_anything_is_served(
    tmp_path: Path,
) -> None:
    checkpoint = write_language_model(tmp_path / "sft") / "step-00000020"
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="cut short"):
        served_models({"sft": checkpoint})


def test_an_upstream_needs_its_key_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError, match="environment variable NO_SUCH_KEY is not set"):
        upstream_server("http://localhost:1/v1", "NO_SUCH_KEY")
    with pytest.raises(ConfigError, match="nothing to serve"):
        serve()
