import json
import math
import re
import shutil
from contextlib import contextmanager

import pytest

import fledge
from fledge.checkpoint.directory import step_directory
from fledge.checkpoint.lineage import read_lineage
from fledge.config import load_toml, parse_section
from fledge.errors import CheckpointError, ConfigError, DataError, NonFiniteLoss
from fledge.runs.pipeline import Pipeline
from fledge.runs.run import NOT_FINITE_FILE, Run, execute
from fledge.text.tokenizer import Tokenizer
from fledge.train.metrics_file import read_metrics
from fledge.train.progress import SilentProgress
from train.toys import Toy

TEXT = "The fox is quick. The dog is lazy. One and one is two, and two and two is four.\n\n" * 60
RUNTIME = {"device": "cpu", "dtype": "float32"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A tokenizer, a text, demonstrations, and a pretrained model."""
    home = tmp_path_factory.mktemp("home")
    (home / "book.txt").write_text(TEXT)
    Tokenizer.train([TEXT], 300).save(home / "tokenizer")
    records = [{"prompt": f"Is {n} even?", "completion": "yn"[n % 2]} for n in range(24)]
    (home / "chats.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    execute(pretraining(home, home / "pretrain"), SilentProgress())
    return home


def pretraining(home, output, steps=12, **changes):
    stage = {
        "name": "pretrain",
        "text": [str(home / "book.txt")],
        "tokenizer": str(home / "tokenizer"),
        "size": {"context_length": 32, "width": 16, "num_layers": 2},
        "held_out_fraction": 0.2,
        **changes,
    }
    return run(stage, output, steps)


def tuning(home, output, steps=8, **changes):
    stage = {
        "name": "sft",
        "model": str(home / "pretrain"),
        "demonstrations": [str(home / "chats.jsonl")],
        **changes,
    }
    return run(stage, output, steps)


def run(stage, output, steps):
    values = {
        "output": str(output),
        "seed": 3,
        "stage": stage,
        "batch": {"examples": 8},
        "optimizer": {"learning_rate": 1e-2, "steps": steps},
        "runtime": RUNTIME,
    }
    return parse_section(values, Run, source="test")


def saving(settings, **changes):
    """The run with other settings of its section `checkpoint`."""
    checkpoint = settings.checkpoint.model_copy(update=changes)
    return settings.model_copy(update={"checkpoint": checkpoint})


def bytes_of(checkpoint):
    return (checkpoint / "model.safetensors").read_bytes()


def losses(output):
    return [line["loss"] for line in read_metrics(output / "metrics.jsonl") if "loss" in line]


def test_pretraining_starts_at_the_logarithm_of_the_vocabulary_and_falls(home):
    vocabulary = fledge.load(home / "pretrain").tokenizer.vocabulary_size
    found = losses(home / "pretrain")
    assert found[0] == pytest.approx(math.log(vocabulary), abs=0.05)
    assert found[-1] < found[0] - 0.5


def test_a_corpus_is_built_before_the_eyes_of_the_user(home, tmp_path):
    told = []

    class Watching(SilentProgress.__base__):
        begin = advance = evaluated = note = end = lambda *_: None

        @contextmanager
        def preparing(self, what):
            yield lambda done, total: told.append((what, done, total))

    execute(pretraining(home, tmp_path, steps=1), Watching())
    size = len(TEXT.encode())
    assert told == [("encoding the text", size, size)]


def test_a_finished_run_returns_at_once(home):
    checkpoint = execute(pretraining(home, home / "pretrain"), SilentProgress())
    assert checkpoint == home / "pretrain" / "step-00000012"


def test_the_lineage_names_run_data_and_parents(home, tmp_path):
    sft = execute(
        tuning(home, tmp_path, corpus=str(home / "pretrain" / "corpus")), SilentProgress()
    )
    lineage = read_lineage(sft)
    assert (lineage.stage, lineage.step, lineage.unit) == ("sft", 8, "tokens")
    assert set(lineage.data) == {str(home / "chats.jsonl"), "book.txt"}
    assert lineage.run["optimizer"]["learning_rate"] == 1e-2
    parent = lineage.parents["model"]
    assert parent.lineage.stage == "pretrain" and len(parent.weights) == 64


@pytest.mark.parametrize("make", [pretraining, tuning])
def test_an_interrupted_run_goes_on_bit_for_bit(home, tmp_path, make):
    settings = make(home, tmp_path / "a", dropout=0.1)
    straight = execute(settings, SilentProgress())
    again = make(home, tmp_path / "b", dropout=0.1)
    again = again.model_copy(
        update={"checkpoint": again.checkpoint.model_copy(update={"every": 3})}
    )

    class Killed(SilentProgress.__base__):
        begin = evaluated = note = end = lambda *_: None

        def advance(self, report):
            if report.step == 7:
                raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        execute(again, Killed())
    assert bytes_of(execute(again, SilentProgress())) == bytes_of(straight)


def test_another_runs_output_is_refused_and_the_difference_named(home):
    other = pretraining(home, home / "pretrain", dropout=0.25)
    with pytest.raises(ConfigError, match=r"stage\.dropout is 0\.25 here, 0\.0 there"):
        execute(other, SilentProgress())


def test_what_does_not_change_the_result_may_change(home):
    other = pretraining(home, home / "pretrain")
    changed = other.model_copy(
        update={"checkpoint": other.checkpoint.model_copy(update={"keep": 9})}
    )
    assert execute(changed, SilentProgress()).name == "step-00000012"


def test_an_output_without_its_run_file_is_refused(home, tmp_path):
    shutil.copytree(home / "pretrain", tmp_path / "copy")
    (tmp_path / "copy" / "run.json").unlink()
    with pytest.raises(CheckpointError, match=r"so the run in .* is unknown"):
        execute(pretraining(home, tmp_path / "copy"), SilentProgress())


def test_changed_data_are_noticed_when_a_run_goes_on(home, tmp_path):
    shutil.copy(home / "chats.jsonl", tmp_path / "chats.jsonl")
    settings = tuning(home, tmp_path / "run", demonstrations=[str(tmp_path / "chats.jsonl")])
    execute(settings, SilentProgress())
    path = tmp_path / "run" / "step-00000008" / "fledge.json"
    path.write_text(path.read_text().replace('"steps": 8', '"steps": 9'))
    lines = (tmp_path / "chats.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "chats.jsonl").write_text("".join(lines[::-1]))
    with pytest.raises(
        CheckpointError, match=r"files it was trained from have changed: .*chats\.jsonl"
    ):
        execute(settings, SilentProgress())


def test_after_a_loss_that_is_not_finite_the_optimiser_may_change(tmp_path):
    class Poisoned(Toy):
        def loss(self, batch):
            terms = super().loss(batch)
            terms.total.data.mul_(float("inf") if self.step == 7 else 1.0)
            return terms

    stage = {"name": "sft", "model": "x", "demonstrations": ["x"]}
    settings = saving(run(stage, tmp_path, steps=12), every=5)
    with pytest.raises(NonFiniteLoss):
        execute(settings, SilentProgress(), build=lambda *_: Poisoned())
    lower = settings.model_copy(
        update={"optimizer": settings.optimizer.model_copy(update={"learning_rate": 1e-4})}
    )
    assert execute(lower, SilentProgress(), build=lambda *_: Toy()).name == "step-00000012"
    with pytest.raises(ConfigError, match=r"optimizer\.learning_rate"):
        execute(settings, SilentProgress(), build=lambda *_: Toy())


def test_a_loss_that_is_not_finite_is_told_even_where_nothing_can_be_noted(tmp_path, caplog):
    class Poisoned(Toy):
        def loss(self, batch):
            terms = super().loss(batch)
            terms.total.data.mul_(float("nan"))
            (tmp_path / NOT_FINITE_FILE).mkdir(exist_ok=True)  # in the way of the note
            return terms

    settings = run({"name": "sft", "model": "x", "demonstrations": ["x"]}, tmp_path, steps=2)
    with pytest.raises(NonFiniteLoss):
        execute(settings, SilentProgress(), build=lambda *_: Poisoned())
    assert NOT_FINITE_FILE in caplog.text


def test_sft_overfits_its_demonstrations(home, tmp_path):
    records = [{"prompt": word, "completion": word[::-1]} for word in ("fox", "dog", "one")]
    (tmp_path / "few.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    few = [str(tmp_path / "few.jsonl")]
    options = {"demonstrations": few, "dropout": 0.0, "held_out_fraction": 0.0}
    settings = tuning(home, tmp_path, steps=150, **options)
    optimizer = settings.optimizer.model_copy(update={"learning_rate": 4e-2})
    execute(settings.model_copy(update={"optimizer": optimizer}), SilentProgress())
    assert losses(tmp_path)[-1] < 0.05


def test_a_demonstration_that_teaches_nothing_is_named_by_its_line(home, tmp_path, caplog):
    long = {"prompt": "Is one and one two? " * 30, "completion": "y"}
    second = tmp_path / "second.jsonl"
    second.write_text("not JSON\n\n" + json.dumps(long) + "\n")
    files = [str(home / "chats.jsonl"), str(second)]
    settings = tuning(home, tmp_path / "run", demonstrations=files, skip_bad=True)
    with caplog.at_level("WARNING"):
        execute(settings, SilentProgress())
    assert "2 bad records skipped" in caplog.text
    assert "second.jsonl:3: expected a token of the assistant within 32 tokens" in caplog.text


def test_sft_mixes_in_rows_of_text(home, tmp_path):
    from fledge.stages.sft import SFT
    from fledge.train.stage import StageContext
    from train.toys import start

    settings = tuning(home, tmp_path, corpus=str(home / "pretrain" / "corpus"), mix=0.25)
    context = StageContext(tmp_path, 3, settings.batch, start(), 8)
    stage = SFT.build(settings.stage, context)
    batch = next(stage.batches())
    assert batch.examples == 8
    assert int(batch.loss_mask.all(dim=1).sum()) == 2
    assert stage.natural_steps() == math.ceil(3 * len(stage.rows) / 6)


def test_epochs_decide_the_steps_when_the_run_does_not(home, tmp_path):
    settings = pretraining(home, tmp_path, epochs=2.0)
    settings = settings.model_copy(
        update={"optimizer": settings.optimizer.model_copy(update={"steps": None})}
    )
    checkpoint = execute(settings, SilentProgress())
    tokens = read_lineage(checkpoint).seen
    assert tokens == pytest.approx(2 * 32 * 8 * len(losses(tmp_path)) / 2)
    assert (tmp_path / "metrics.jsonl").read_text().count("bits_per_byte") == 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"text": [], "corpus": None}, ConfigError, r"stage\.text is missing"),
        ({"tokenizer": None}, ConfigError, r"needs stage\.tokenizer"),
        ({"text": ["nowhere.txt"]}, DataError, r"nowhere\.txt"),
        ({"size": {"width": 30, "num_heads": 4}}, ConfigError, "does not divide into 4 heads"),
        ({"size": {"context_length": 9999, "width": 16}}, DataError, "shorter"),
    ],
)
def test_what_pretraining_cannot_use_is_said(home, tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        execute(pretraining(home, tmp_path, **changes), SilentProgress())


def test_a_missing_parent_is_said(home, tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        execute(tuning(home, tmp_path / "run", model=str(tmp_path / "nowhere")), SilentProgress())


def test_a_wrong_key_of_a_stage_suggests_the_right_one(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('output = "x"\n[stage]\nname = "pretrain"\nepoch = 3\n')
    with pytest.raises(ConfigError, match="epoch is not a setting; did you mean epochs"):
        load_toml(path, Run)


RENAMED = r"stage\.validation_fraction is now stage\.held_out_fraction"


def test_a_run_file_with_a_renamed_setting_is_refused_with_the_new_name(tmp_path):
    path = tmp_path / "run.toml"
    stage = '{name = "pretrain", validation_fraction = 0.1}'
    path.write_text(f'output = "x"\nstage = {stage}\n')
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: {RENAMED}$"):
        load_toml(path, Run)
    path.write_text('output = "x"\nstage = {name = "pretrain"}\n')
    with pytest.raises(ConfigError, match=RENAMED):
        load_toml(path, Run, ["stage.validation_fraction=0.1"])
    path.write_text(f'output = "x"\n[[runs]]\nstage = {stage}\n')
    with pytest.raises(ConfigError, match=r"runs\.0\.stage\.validation_fraction is now runs\.0\."):
        load_toml(path, Pipeline)


@pytest.mark.parametrize("family", ["qwen3", "llama", "gpt2"])
def test_every_family_is_trained_and_opens_again(home, tmp_path, family):
    size = {"family": family, "context_length": 16, "width": 16, "num_layers": 1, "num_heads": 2}
    execute(pretraining(home, tmp_path, steps=2, size=size), SilentProgress())
    config = json.loads((tmp_path / "step-00000002" / "config.json").read_text())
    assert config["model_type"] == family
    assert fledge.load(tmp_path).model.config.num_heads == 2


def test_a_run_from_before_a_setting_existed_goes_on(home, tmp_path):
    output = tmp_path / "pretrain"
    execute(pretraining(home, output, steps=4), SilentProgress())
    recorded = json.loads((output / "run.json").read_text())
    del recorded["stage"]["skip_bad"], recorded["lora"]
    (output / "run.json").write_text(json.dumps(recorded))
    assert execute(pretraining(home, output, steps=4), SilentProgress()).name == "step-00000004"
    recorded["stage"]["gone"] = 1
    (output / "run.json").write_text(json.dumps(recorded))
    with pytest.raises(ConfigError, match="gone"):
        execute(pretraining(home, output, steps=4), SilentProgress())


def test_a_run_saved_with_an_old_name_goes_on_bit_for_bit(home, tmp_path):
    straight = execute(pretraining(home, tmp_path / "a", dropout=0.1), SilentProgress())
    output = tmp_path / "b"
    settings = saving(pretraining(home, output, dropout=0.1), every=3, keep=4)
    execute(settings, SilentProgress())
    for step in (9, 12):
        shutil.rmtree(step_directory(output, step))
    recorded = json.loads((output / "run.json").read_text())
    recorded["stage"]["validation_fraction"] = recorded["stage"].pop("held_out_fraction")
    (output / "run.json").write_text(json.dumps(recorded))
    corpus = (output / "corpus" / "index.json").stat()
    assert bytes_of(execute(settings, SilentProgress())) == bytes_of(straight)
    assert (output / "corpus" / "index.json").stat().st_ino == corpus.st_ino, "built again"


def test_a_run_saved_with_another_value_under_an_old_name_is_refused(home, tmp_path):
    output = tmp_path / "pretrain"
    execute(pretraining(home, output, steps=4), SilentProgress())
    recorded = json.loads((output / "run.json").read_text())
    del recorded["stage"]["held_out_fraction"]
    recorded["stage"]["validation_fraction"] = 0.3
    (output / "run.json").write_text(json.dumps(recorded))
    with pytest.raises(ConfigError, match=r"stage\.held_out_fraction is 0\.2 here, 0\.3 there"):
        execute(pretraining(home, output, steps=4), SilentProgress())
