"""Settings that a run leaves open are chosen when it begins, and are its own from then on."""

import json

import pytest

from fledge.checkpoint.lineage import Lineage, Parent, read_lineage, write_lineage
from fledge.config import parse_section
from fledge.errors import ConfigError
from fledge.runs import recommended
from fledge.runs.open_settings import beginning_of, start_of
from fledge.runs.run import Run, execute
from fledge.train.progress import SilentProgress
from tiny_model import write_language_model

CHATS = "".join(
    json.dumps({"prompt": f"Is {n} even?", "completion": "yn"[n % 2]}) + "\n" for n in range(24)
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with a chat model that nobody knows the past of, and demonstrations."""
    monkeypatch.chdir(tmp_path)
    write_language_model(tmp_path / "model")
    (tmp_path / "model" / "step-00000020" / "fledge.json").unlink()
    (tmp_path / "chats.jsonl").write_text(CHATS)
    return tmp_path


def tuning(output="out", optimizer=None, **sections):
    values = {
        "output": output,
        "stage": {"name": "sft", "model": "model", "demonstrations": ["chats.jsonl"]},
        "optimizer": {"steps": 8, **(optimizer or {})},
        "checkpoint": {"every": 3},
        "runtime": {"device": "cpu", "dtype": "float32", "compile": False},
        **sections,
    }
    return parse_section(values, Run, source="test")


def weights(checkpoint):
    return (checkpoint / "model.safetensors").read_bytes()


def recorded(output):
    return json.loads((output / "run.json").read_text())


class Killed(SilentProgress.__base__):
    """Dies after the fifth step."""

    begin = evaluated = note = end = lambda *_: None

    def advance(self, report):
        if report.step == 5:
            raise RuntimeError("killed")


def test_what_is_open_is_chosen_and_recorded_in_full(home):
    checkpoint = execute(tuning(), SilentProgress())
    for run in (recorded(home / "out"), read_lineage(checkpoint).run):
        assert run["optimizer"]["learning_rate"] == 3e-4
        assert run["optimizer"]["warmup_steps"] == 2
        assert run["optimizer"]["weight_decay"] == 0
        assert run["batch"]["examples"] == 64


def test_what_is_set_wins(home):
    given = {"learning_rate": 2e-3, "weight_decay": 0.5, "warmup_steps": 0}
    execute(tuning(optimizer=given, batch={"examples": 8}), SilentProgress())
    run = recorded(home / "out")
    assert given.items() <= run["optimizer"].items()
    assert run["batch"]["examples"] == 8


def test_an_interrupted_run_goes_on_bit_for_bit_whatever_is_recommended_since(home, monkeypatch):
    straight = weights(execute(tuning("straight"), SilentProgress()))
    with pytest.raises(RuntimeError, match="killed"):
        execute(tuning(), Killed())
    other = {"imported": recommended.Advice((7e-7,), examples=2)}
    monkeypatch.setattr(recommended, "ADVICE", {"sft": other})
    assert weights(execute(tuning(), SilentProgress())) == straight
    assert execute(tuning(), SilentProgress()).name == "step-00000008"


def test_a_finished_run_needs_its_parent_no_more(home):
    finished = execute(tuning(), SilentProgress())
    (home / "model").rename(home / "elsewhere")
    assert execute(tuning(), SilentProgress()) == finished


def test_a_run_begun_before_stages_had_defaults_goes_on_bit_for_bit(home):
    before = {"learning_rate": 1e-3, "weight_decay": 0.1, "warmup_steps": 0}
    straight = weights(
        execute(tuning("straight", before, batch={"examples": 32}), SilentProgress())
    )
    with pytest.raises(RuntimeError, match="killed"):
        execute(tuning("out", before, batch={"examples": 32}), Killed())
    run = recorded(home / "out")
    del run["chosen"]
    (home / "out" / "run.json").write_text(json.dumps(run))
    assert weights(execute(tuning(), SilentProgress())) == straight


def test_a_setting_that_is_no_longer_given_is_refused_by_name(home):
    execute(tuning(optimizer={"learning_rate": 7e-4}), SilentProgress())
    with pytest.raises(ConfigError, match=r"optimizer\.learning_rate is .* here, 0\.0007 there"):
        execute(tuning(), SilentProgress())


def test_a_setting_may_be_given_as_it_was_chosen(home):
    finished = execute(tuning(), SilentProgress())
    assert execute(tuning(optimizer={"learning_rate": 3e-4}), SilentProgress()) == finished
    with pytest.raises(ConfigError, match=r"optimizer\.learning_rate is 0\.0002 here"):
        execute(tuning(optimizer={"learning_rate": 2e-4}), SilentProgress())


@pytest.mark.parametrize(
    ("stages", "start"),
    [
        ((), "imported"),
        (("pretrain",), "base"),
        (("pretrain", "pretrain"), "base"),
        (("pretrain", "sft"), "chat"),
        (("pretrain", "sft", "ppo"), "chat"),
        (("pretrain", "sft", "import"), "chat"),
        (("pretrain", "import"), "base"),
        ((None, "import"), "imported"),
        ((None, "import", "pretrain", "sft"), "imported"),
        ((None, "sft"), "imported"),
    ],
)
def test_a_model_starts_from_what_its_past_says(stages, start):
    """`stages` are the model's past, the oldest first; None is a model from elsewhere."""
    lineage = None
    for index, stage in enumerate(stages):
        role = "policy" if stage == "ppo" else "model"
        parents = {role: Parent(path="x", weights="ab", lineage=lineage)} if index else {}
        if stage is not None:
            lineage = Lineage(stage=stage, step=1, steps=1, seen=1, run={}, parents=parents)
    assert start_of(lineage) == start


def test_a_beginning_has_the_size_of_its_model(home):
    stage = tuning().stage
    found = beginning_of(stage)
    assert (found.start, found.row_length) == ("imported", 64)
    assert found.parameters > 10_000
    assert beginning_of(stage.model_copy(update={"length": 32})).row_length == 32
    past = Lineage(stage="pretrain", step=1, steps=1, seen=1, run={})
    write_lineage(home / "model" / "step-00000020", past)
    assert beginning_of(stage).start == "base"
