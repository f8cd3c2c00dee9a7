"""`fledge doctor` reads what a run has written, and says what is wrong with it."""

import json
import re
from pathlib import Path
from statistics import fmean
from time import process_time

import pytest

from fledge.cli.app import run as run_command
from fledge.cli.doctor import course_in_words, state, titles
from fledge.errors import CheckpointError
from fledge.runs.doctor import symptoms
from fledge.runs.doctor.directory import read_run, run_directories
from fledge.runs.doctor.examination import examine
from fledge.runs.doctor.symptoms import SYMPTOMS, goes_round
from stages.test_doctor import healthy

PAGE = Path(__file__).parents[3] / "docs" / "training.md"


def write_run(path, stage="sft", losses=(), evaluations=(), samples=(), rollouts=(), **settings):
    path.mkdir(parents=True, exist_ok=True)
    record = {"stage": {"name": stage, **settings}, "optimizer": {"steps": 200}}
    (path / "run.json").write_text(json.dumps(record))
    lines = [{"step": n, "loss": loss, "seconds": n} for n, loss in enumerate(losses, start=1)]
    lines += [
        {"step": n, "loss": 0.0, "seconds": n, **one} for n, one in enumerate(rollouts, start=1)
    ]
    lines += [{"step": len(lines), **one} for one in evaluations]
    floats = [{name: float(value) for name, value in line.items()} for line in lines]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in floats))
    if samples:
        text = "".join(json.dumps(line) + "\n" for line in samples)
        (path / "samples.jsonl").write_text(text)
    return path


def said(step, *answers):
    return [{"step": step, "prompt": str(n), "answer": one} for n, one in enumerate(answers)]


FALLING = [3 / (1 + n / 10) for n in range(100)]
ILL = [
    ("loss does not fall", {"losses": [1.0] * 60}),
    ("loss rises again", {"losses": [*FALLING, *(0.3 + n / 40 for n in range(60))]}),
    ("overfitting", {"evaluations": [{"validation_loss": one} for one in (2.0, 1.0, 1.2)]}),
    ("nothing is held out", {"held_out_fraction": 0}),
    ("no leash", {"stage": "ppo", "kl_coefficient": 0, "kl": {"maximum": None}}),
    ("one answer to every prompt", {"samples": said(4, "Sure!", "Sure!", "Sure!")}),
    ("empty answers", {"samples": said(4, "", " ", "Yes.", "No.")}),
    ("answers go round in circles", {"samples": said(4, "it is so " * 9, "no no no no no")}),
    ("answers have not changed", {"samples": [*said(0, "a", "b", "c"), *said(90, "a", "b", "c")]}),
]
WELL = [
    {"losses": FALLING},
    {"losses": [1.0] * 10},
    {"evaluations": [{"validation_loss": one} for one in (2.0, 1.0, 1.01)]},
    {"held_out_fraction": 0, "held_out": ["other.jsonl"]},
    {"stage": "ppo", "kl_coefficient": 0, "kl": {"maximum": 20.0}},
    {"samples": [*said(0, "a", "b", "c"), *said(90, "a", "b", "d")]},
    {"samples": [*said(0, "a", "a", "a"), *said(9, "very, very, very good", "b", "c")]},
    {"stage": "ppo", "rollouts": healthy()},
]


@pytest.mark.parametrize(("illness", "files"), ILL, ids=lambda one: str(one)[:20])
def test_an_ill_run_is_recognised_and_only_that(tmp_path, illness, files):
    found = examine(read_run(write_run(tmp_path, **files)))
    assert [finding.illness for finding in found.warnings] == [illness]


@pytest.mark.parametrize("files", WELL, ids=lambda one: str(one)[:20])
def test_a_healthy_run_is_left_in_peace(tmp_path, files):
    assert examine(read_run(write_run(tmp_path, **files))).warnings == []


def test_a_loss_that_was_not_finite_is_said_with_its_step(tmp_path):
    write_run(tmp_path, losses=FALLING)
    (tmp_path / "not-finite.json").write_text('{"step": 7, "value": "nan"}')
    (finding,) = examine(read_run(tmp_path)).warnings
    assert finding.illness == "loss is not finite" and "step 7" in finding.seen


def test_ppo_is_examined_as_during_training_and_what_has_passed_is_said(tmp_path):
    ill = healthy(val__answer_length=lambda x: 30 + 40 * x)
    once = healthy(policy__clipfrac_avg=lambda x: 0.9 if 0.4 < x < 0.6 else 0.1)
    (finding,) = examine(read_run(write_run(tmp_path / "a", "ppo", rollouts=ill))).warnings
    assert finding.illness == "length drift"
    found = examine(read_run(write_run(tmp_path / "b", "ppo", rollouts=once)))
    assert found.warnings == []
    ((step, passed),) = found.passed
    assert passed.illness == "steps too large" and 16 <= step <= 18


def test_a_reward_model_is_examined_by_its_last_report(tmp_path):
    report = {"accuracy": 0.5, "low": 0.4, "high": 0.6, "log_loss": 0.9}
    found = examine(read_run(write_run(tmp_path, "reward", FALLING, [report])))
    illnesses = {one.illness for one in found.warnings}
    assert illnesses == {"reward model is over-confident", "reward model at chance"}


def test_a_line_cut_short_by_a_run_that_still_writes_is_left_out(tmp_path):
    write_run(tmp_path, losses=FALLING[:9])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 10, "lo')
    run = read_run(tmp_path)
    assert run.done == 9 and not run.finished
    assert state(run, run.written + 180) == "step 9 of 200, 3 min ago"


def test_runs_stand_side_by_side_and_the_exit_code_tells_of_warnings(tmp_path, capsys):
    write_run(tmp_path / "good", losses=FALLING)
    write_run(tmp_path / "bad", losses=[1.0] * 60)
    assert run_command(["doctor", str(tmp_path / "good")]) == 0
    assert "no warning" in capsys.readouterr().out
    assert run_command(["doctor", str(tmp_path)]) == 3  # a pipeline's directory, both runs
    shown = capsys.readouterr().out
    assert re.search(r"bad\s+good", shown) and "loss does not fall: the mean loss was" in shown
    assert re.search(r"loss\s+1\s", shown) and re.search(r"warnings\s+1\s+0", shown)
    assert run_command(["doctor", "--json", str(tmp_path / "bad" / "step-00000040")]) == 3
    (values,) = json.loads(capsys.readouterr().out)["runs"]
    assert values["step"] == 60 and values["warnings"][0]["illness"] == "loss does not fall"


def test_columns_are_told_apart_and_numbers_that_stay_are_written_once():
    assert titles([Path("a/one"), Path("b/two")]) == ["one", "two"]
    assert titles([Path("a/one"), Path("b/one")]) == ["a/one", "b/one"]
    assert course_in_words(0.5, 0.25) == "0.5 → 0.25" and course_in_words(3.0, 3.0) == "3"


def test_what_is_no_run_is_refused(tmp_path, capsys):
    with pytest.raises(CheckpointError, match=r"no run here: expected run\.json"):
        run_directories(tmp_path)
    assert run_command(["doctor", str(tmp_path)]) == 1
    write_run(tmp_path).joinpath("metrics.jsonl").write_text("oh\n")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl: expected a JSON object a line"):
        read_run(tmp_path)


def test_circles_are_the_end_of_an_answer_and_at_least_four_turns():
    assert goes_round(["so", "be", "it", "be", "it", "be", "it", "be", "it"])
    assert not goes_round(["be", "it", "be", "it", "be", "it", "so"])
    assert not goes_round(["a", "b", "c"])


def test_every_illness_is_on_the_page():
    source = Path(symptoms.__file__).read_text(encoding="utf-8")
    illnesses = re.findall(r'Finding\(\s*"([^"]+)"', source)
    assert len(illnesses) == len(SYMPTOMS)
    page = PAGE.read_text(encoding="utf-8")
    assert not {name for name in illnesses if f"| {name} |" not in page}


def test_a_long_run_is_examined_in_time_that_grows_with_its_steps(tmp_path):
    losses = [3 / (step + 1) for step in range(40_000)]
    write_run(tmp_path, losses=losses)
    run = read_run(tmp_path)
    start = process_time()
    means = symptoms._losses(run)
    assert process_time() - start < 1.0
    assert means[0] == pytest.approx(fmean(losses[:4_000]))
    assert means[-1] == pytest.approx(fmean(losses[-4_000:]), rel=1e-6)
