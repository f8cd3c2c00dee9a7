"""`fledge init --model`: a project that starts from a model of others."""

import json
import shutil
from pathlib import Path

import pytest

from fledge.cli.app import run
from fledge.cli.init import starting_from
from fledge.cli.pipeline import next_command, pipeline_in
from fledge.cli.project import write_project
from fledge.data import load_demonstrations, load_rankings
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.files import RealFiles
from fledge.demo.real.runs import ppo_run, reward_run, sft_run
from fledge.runs.pipeline import Pipeline, run_pipeline
from fledge.stages.ppo.reward_functions import load_reward_function
from fledge.train.progress import SilentProgress
from small_smollm2 import write_small_smollm2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("init") / "my-shop"
    write_project(directory, 0, starting_from("smollm2"))
    return directory


def opened(project: Path, monkeypatch: pytest.MonkeyPatch, *changes: str) -> Pipeline:
    monkeypatch.chdir(project)
    return pipeline_in(Path("fledge.toml"), changes)


def test_the_sample_data_are_read_by_every_stage(project: Path) -> None:
    data = project / "data"
    assert (
        len(load_demonstrations([data / "demonstrations.jsonl"])) == RealDemoConfig().demonstrations
    )
    rankings = load_rankings([data / "rankings.jsonl"])
    assert len(rankings) == RealDemoConfig().ranked_prompts
    assert all(len(one.responses) == 4 and len(one.ranking) > 1 for one in rankings)
    assert "Glowworm" in (project / "policies.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in (project / "texts").iterdir()) == ["bulbs.md", "care.md"]


def test_the_pipeline_opens_and_names_the_sample_data(project: Path, monkeypatch) -> None:
    pipeline = opened(project, monkeypatch)
    assert pipeline.imported is not None and pipeline.imported.source == "smollm2"
    sft, reward, ppo = (run.stage for run in pipeline.runs)
    assert sft.model == Path("checkpoints/imported")
    assert sft.demonstrations == ("data/demonstrations.jsonl", "checkpoints/rehearsals.jsonl")
    assert reward.model == ppo.policy == Path("checkpoints/sft")
    assert sft.texts == ("data/texts.jsonl",)
    assert ppo.score.monitor.prompts == ("data/held-out-questions.jsonl",)
    assert all(
        Path(name).is_file() for name in ("README.md", *sft.texts, *reward.rankings, *ppo.prompts)
    )
    assert next_command(pipeline).endswith("serve checkpoints/ppo checkpoints/sft")


def test_its_settings_are_those_of_the_demo(project: Path, monkeypatch) -> None:
    files, config = RealFiles(output=Path("d")), RealDemoConfig()
    runs = opened(project, monkeypatch).runs
    for ours, make in zip(runs, (sft_run, reward_run, ppo_run), strict=True):
        theirs = make(files, 0, config)
        assert ours.batch == theirs.batch and ours.lora == theirs.lora
        assert ours.runtime == theirs.runtime
        assert ours.optimizer == theirs.optimizer and ours.checkpoint == theirs.checkpoint
    assert runs[0].stage.length == config.sft_row
    assert runs[2].stage.rollout == ppo_run(files, 0, config).stage.rollout


def test_the_judge_knows_right_from_wrong(project: Path) -> None:
    judge = load_reward_function(f"{project / 'judge.py'}:score")
    lines = (project / "data" / "held-out-questions.jsonl").read_text(encoding="utf-8")
    chats = [json.loads(line)["messages"] for line in lines.splitlines()]
    prompts = ["\n\n".join(turn["content"] for turn in chat) for chat in chats]
    marks = (project / "data" / "right-answers.jsonl").read_text(encoding="utf-8").splitlines()
    said = [" ".join(one[0] for one in json.loads(line)["needed"]) for line in marks]
    scores = list(judge(prompts, said))
    assert sum(map(float, scores)) > 0.8 * RealDemoConfig().watched
    assert not any(judge(prompts, ["I like trains."] * len(prompts)))


def test_another_seed_draws_other_samples(project: Path, tmp_path: Path) -> None:
    write_project(tmp_path / "other", 1, starting_from("smollm2"))
    for name in ("demonstrations", "rankings", "questions", "held-out-questions"):
        ours, theirs = (at / "data" / f"{name}.jsonl" for at in (project, tmp_path / "other"))
        assert ours.read_bytes() != theirs.read_bytes()


def test_a_model_beside_the_project_is_named_by_its_whole_path(fledge, tmp_path: Path) -> None:
    (tmp_path / 'odd "name"').mkdir()
    code, out, err = fledge("init", "--model", tmp_path / 'odd "name"', tmp_path / "shop")
    assert code == 0, err
    assert "13 files written" in out
    found = pipeline_in(tmp_path / "shop" / "fledge.toml", [])
    assert found.imported.source == str((tmp_path / 'odd "name"').resolve())


def test_a_name_that_nobody_knows_is_refused(fledge, tmp_path: Path) -> None:
    code, _, err = fledge("init", "--model", "smollm3", tmp_path / "shop")
    assert code == 2 and "expected smollm2" in err and not (tmp_path / "shop").exists()


def test_it_runs_end_to_end_on_a_small_random_model(
    project: Path, tmp_path: Path, monkeypatch
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(project, mine)
    for path in (mine / "data").glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:8]), encoding="utf-8")
    model = write_small_smollm2(tmp_path / "theirs")
    pipeline = opened(
        mine,
        monkeypatch,
        f"imported.source={model}",
        "imported.temperature=1.0",
        "imported.max_new_tokens=40",
        "runs.0.stage.length=1536",
        "runs.0.stage.held_out_fraction=0",
        "runs.2.optimizer.steps=2",
        "runs.2.stage.rollout.examples=4",
        "runs.2.stage.rollout.max_new_tokens=6",
        "runs.2.batch.examples=2",
    )
    checkpoints = run_pipeline(pipeline, SilentProgress())
    assert [path.parent.name for path in checkpoints] == ["sft", "reward", "ppo"]
    rehearsed = load_demonstrations(["checkpoints/rehearsals.jsonl"])
    assert rehearsed and all(chat.messages[-1].role == "assistant" for chat in rehearsed)
    before = Path("checkpoints/rehearsals.jsonl").stat().st_mtime_ns
    assert run_pipeline(pipeline, SilentProgress()) == checkpoints
    assert Path("checkpoints/rehearsals.jsonl").stat().st_mtime_ns == before


def test_it_is_planned_before_its_model_is_imported(
    project: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    place = tmp_path / "planned"
    shutil.copytree(project, place)
    for path in (place / "data").glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:8]), encoding="utf-8")
    source = write_small_smollm2(tmp_path / "small")
    monkeypatch.chdir(place)
    changes = (f"imported.source={source}", "runs.2.stage.rollout.max_new_tokens=6")
    assert run(["plan", "--json", "run", *changes]) == 0
    planned = json.loads(capsys.readouterr().out)["runs"]
    assert [one["stage"] for one in planned] == ["sft", "reward", "ppo"]
    assert all(one["peak_bytes"] > 0 for one in planned)
    assert not (place / "checkpoints").exists()
