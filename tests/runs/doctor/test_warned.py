"""The doctor's findings, as the runs dashboard shows them."""

from pathlib import Path

from fledge.observe.findings import Warned
from fledge.runs.doctor.directory import read_run
from fledge.runs.doctor.examination import examine
from fledge.runs.doctor.warned import warnings_of
from runs.doctor.test_doctor import FALLING, write_run
from stages.test_doctor import healthy


def test_findings_that_hold_come_before_those_that_have_passed(tmp_path: Path) -> None:
    rollouts = healthy()
    rollouts[5]["val/ratio_first"] = 0.5
    rollouts[-1]["objective/kl"] = -2.0
    run = write_run(tmp_path / "ppo", "ppo", rollouts=rollouts)
    found = examine(read_run(run))
    warned = warnings_of(run)
    assert [each.illness for each in warned] == [
        *(each.illness for each in found.warnings),
        "ratio is not 1 at first",
    ]
    assert "negative KL" in [each.illness for each in warned] and warned[-1].passed == 6
    assert {each.passed for each in warned[:-1]} == {None}


def test_a_healthy_run_has_no_warning(tmp_path: Path) -> None:
    run = write_run(tmp_path / "sft", losses=FALLING, held_out_fraction=0.1)
    assert warnings_of(run) == list[Warned]()
