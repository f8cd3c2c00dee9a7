import json
from pathlib import Path

import pytest

from fledge.config import load_toml, parse_section
from fledge.errors import ConfigError
from fledge.runs.defaults import RECIPES, default_pipeline, recipe_for
from fledge.runs.pipeline import Pipeline, run_pipeline
from fledge.runs.tokenizer import TokenizerConfig, make_tokenizer
from fledge.text.tokenizer import Tokenizer
from fledge.train.progress import SilentProgress

DATA = Path(__file__).parents[2] / "runs" / "tiny" / "data"
SIZE = {"context_length": 128, "width": 16, "num_layers": 1}
QUICK = {"batch": {"examples": 4}, "optimizer": {"steps": 3}, "runtime": {"dtype": "float32"}}


def pipeline(output, **tokenizer):
    runs = [
        {"stage": {"name": "pretrain", "text": [str(DATA / "text.txt")], "size": SIZE}, **QUICK},
        {
            "name": "chat",
            "stage": {
                "name": "sft",
                "model": "pretrain",
                "demonstrations": [str(DATA / "demonstrations.jsonl")],
                "corpus": "pretrain",
            },
            **QUICK,
        },
    ]
    values = {
        "output": str(output),
        "seed": 5,
        "tokenizer": {"vocabulary_size": 384, **tokenizer},
        "runs": runs,
    }
    return parse_section(values, Pipeline, source="test")


def test_runs_find_each_other_by_name(tmp_path):
    made = pipeline(tmp_path)
    first, second = made.runs
    assert made.tokenizer.text == (str(DATA / "text.txt"),)
    assert first.output == tmp_path / "pretrain" and second.output == tmp_path / "chat"
    assert first.stage.tokenizer == tmp_path / "tokenizer"
    assert second.stage.model == tmp_path / "pretrain"
    assert second.stage.corpus == tmp_path / "pretrain" / "corpus"
    assert first.seed == second.seed == 5


def test_a_pipeline_runs_once_and_goes_on_where_it_stopped(tmp_path):
    class Stopped(SilentProgress.__base__):
        begin = evaluated = note = end = lambda *_: None
        seen = 0

        def advance(self, report):
            Stopped.seen += 1
            if Stopped.seen == 5:
                raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        run_pipeline(pipeline(tmp_path), Stopped())
    finished = (tmp_path / "pretrain" / "metrics.jsonl").stat().st_mtime_ns
    checkpoints = run_pipeline(pipeline(tmp_path), SilentProgress())
    assert [path.parent.name for path in checkpoints] == ["pretrain", "chat"]
    assert (tmp_path / "pretrain" / "metrics.jsonl").stat().st_mtime_ns == finished
    assert run_pipeline(pipeline(tmp_path), SilentProgress()) == checkpoints


def test_another_tokenizer_in_the_output_is_refused(tmp_path):
    config = TokenizerConfig(text=(str(DATA / "text.txt"),), vocabulary_size=300)
    make_tokenizer(config, tmp_path / "tokenizer")
    make_tokenizer(config, tmp_path / "tokenizer")
    other = config.model_copy(update={"vocabulary_size": 320})
    with pytest.raises(ConfigError, match="vocabulary_size is 320 here, 300 there"):
        make_tokenizer(other, tmp_path / "tokenizer")


def test_a_tokenizer_may_be_of_characters(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "tokenizer.json").write_text("{}")
    config = TokenizerConfig(text=(str(DATA / "text.txt"),), kind="characters")
    with pytest.raises(ConfigError, match="is not empty, and holds no tokenizer"):
        make_tokenizer(config, theirs)
    make_tokenizer(config, tmp_path / "tokenizer")
    assert len(Tokenizer.load(tmp_path / "tokenizer").encode("The owl")) == 7


def test_two_runs_of_one_name_are_refused(tmp_path):
    run = {"stage": {"name": "pretrain", "text": ["x"], "tokenizer": "x"}}
    with pytest.raises(ConfigError, match="two runs are named 'pretrain'"):
        parse_section({"output": "x", "runs": [run, run]}, Pipeline, source="test")


def test_a_wrong_key_inside_a_run_is_named(tmp_path):
    path = tmp_path / "fledge.toml"
    path.write_text('output = "x"\n[[runs]]\nstage = { name = "sft", modle = "pretrain" }\n')
    with pytest.raises(ConfigError, match=r"runs\.0\.stage\.sft\.modle .*did you mean model"):
        load_toml(path, Pipeline)


def test_an_empty_pipeline_is_refused():
    with pytest.raises(ConfigError, match="runs"):
        parse_section({"output": "x", "runs": []}, Pipeline, source="test")


@pytest.mark.parametrize(
    ("given", "stages"),
    [
        ({}, ["pretrain"]),
        ({"demonstrations": ["demonstrations.jsonl"]}, ["pretrain", "sft"]),
        (
            {"demonstrations": ["demonstrations.jsonl"], "rankings": ["rankings.jsonl"]},
            ["pretrain", "sft", "reward", "ppo"],
        ),
    ],
)
def test_default_pipelines_go_as_far_as_the_files(tmp_path, given, stages):
    files = {name: [str(DATA / file) for file in names] for name, names in given.items()}
    made = default_pipeline(tmp_path, [str(DATA / "text.txt")], **files)
    assert [run.stage.name for run in made.runs] == stages
    json.dumps(made.model_dump(mode="json"))
    if "ppo" in stages:
        assert made.runs[3].stage.reward == str(tmp_path / "reward")
        assert made.runs[3].stage.rollout.examples % made.runs[3].batch.examples == 0


def test_sizes_grow_with_the_text():
    widths = [recipe_for(size).width for size in (10**5, 10**6, 10**7, 10**8, 10**10)]
    assert widths == sorted({recipe.width for recipe in RECIPES})
