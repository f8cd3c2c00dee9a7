"""`fledge init` and what can be done with it."""

import subprocess
import sys
import tomllib
from itertools import islice
from pathlib import Path

import pytest

from fledge.data import load_demonstrations, load_rankings, read_texts


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let the command write it: without the checks of types that takes a tenth of the time."""
    directory = tmp_path_factory.mktemp("init") / "mine"
    subprocess.run([sys.executable, "-m", "fledge", "init", directory], check=True)
    return directory


def test_the_sample_data_are_read_by_every_stage(project: Path, tmp_path: Path) -> None:
    data = project / "data"
    assert len(list(read_texts(data / "text"))) == 15
    lines = (data / "demonstrations.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(set(lines)) > 0.9 * len(lines) and len(lines) == 52_000
    some = tmp_path / "some.jsonl"
    some.write_text("".join(lines[::13]), encoding="utf-8")
    assert len(load_demonstrations([some])) == 4_000
    rankings = load_rankings([data / "rankings.jsonl"])
    assert len(rankings) > 600
    assert all(len(ranking.responses) == 5 for ranking in rankings)


def test_the_pipeline_names_the_sample_data(project: Path, monkeypatch) -> None:
    from fledge.cli.pipeline import pipeline_in

    monkeypatch.chdir(project)
    pipeline = pipeline_in(Path("fledge.toml"), ["runs.0.optimizer.steps=7"])
    assert [run.stage.name for run in pipeline.runs] == ["pretrain", "sft", "reward", "ppo"]
    assert pipeline.runs[0].optimizer.steps == 7
    same_as_the_demo(pipeline)
    named = tomllib.loads(Path("fledge.toml").read_text())["runs"]
    for key in ("text", "demonstrations", "rankings", "prompts"):
        for run in named:
            assert all(Path(path).exists() for path in run["stage"].get(key, ()))


def same_as_the_demo(pipeline) -> None:
    """The sizes that raise a model from the starter pack are those of the demo."""
    from fledge.demo.config import DemoConfig
    from fledge.demo.runs import DemoFiles, demo_runs

    config = DemoConfig()
    assert pipeline.tokenizer.vocabulary_size == config.vocabulary_size
    for ours, theirs in zip(
        pipeline.runs, demo_runs(DemoFiles(output=Path("d")), 0, config).values(), strict=True
    ):
        free = {"steps"} if ours.stage.name in ("pretrain", "reward") else set()
        assert ours.batch == theirs.batch
        assert ours.optimizer.model_dump(exclude=free) == theirs.optimizer.model_dump(exclude=free)
    pretrain, sft, reward, ppo = (run.stage for run in pipeline.runs)
    assert pretrain.size.width == config.width and pretrain.size.num_layers == config.num_layers
    assert sft.length == config.context_length and reward.epochs == config.reward_epochs
    assert ppo.rollout.temperature == config.temperature


def test_a_directory_in_use_is_left_alone(fledge, project: Path) -> None:
    code, _, err = fledge("init", project)
    assert code == 2
    assert "not empty" in err


def test_a_seed_draws_its_own_samples() -> None:
    from fledge.cli.project import demonstrations

    first, again, other = (list(islice(demonstrations(seed), 20)) for seed in (0, 0, 1))
    assert first == again != other


ODD = 'it\'s "mine" \\ \t\x7f 😀'


def test_any_path_can_be_an_output(fledge, project: Path, tmp_path: Path, monkeypatch) -> None:
    from fledge.cli.training import run_from

    seen = []
    monkeypatch.chdir(project)
    monkeypatch.setattr("fledge.runs.pipeline.run_pipeline", lambda it: seen.append(it) or [])
    code, _, err = fledge("run", "-o", tmp_path / ODD, "seed=7")
    assert code == 0, err
    assert seen[0].output == tmp_path / ODD and seen[0].runs[1].seed == 7
    flags = {"output": ODD, "stage.model": ODD, "stage.demonstrations": [ODD]}
    run = run_from("sft", [], flags)
    assert run.output == run.stage.model == Path(run.stage.demonstrations[0]) == Path(ODD)
