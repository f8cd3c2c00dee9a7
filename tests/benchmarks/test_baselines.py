import json
from dataclasses import replace

import _baselines
import pytest
from _baselines import Baseline, Result
from _machine import Ceiling, Machine

MACHINE = Machine("Fast 9000", 2, 2, ("avx2",))
BASELINE = Baseline(
    machine=MACHINE,
    settings={"width": "64"},
    date="2026-12-01",
    versions={"torch": "2.13.0"},
    busy_cores=0.01,
    ceilings=(Ceiling("read", "memory", 2, 60e9),),
    results=(Result("5M", "fledge", "tokens", 5000.0, 0.4, "bfloat16", 2**30),),
)


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    path = _baselines.record("training", BASELINE, tmp_path)
    assert path == tmp_path / "training.json"
    assert _baselines.find("training", MACHINE, {"width": "64"}, tmp_path) == BASELINE
    assert json.loads(path.read_text())["benchmark"] == "training"


def test_another_machine_or_model_has_another_baseline(tmp_path):
    _baselines.record("training", BASELINE, tmp_path)
    faster = replace(BASELINE, machine=replace(MACHINE, threads=1))
    wider = replace(BASELINE, settings={"width": "128"})
    for each in (faster, wider):
        assert _baselines.find("training", each.machine, each.settings, tmp_path) is None
        _baselines.record("training", each, tmp_path)
    assert len(_baselines.read(tmp_path / "training.json")) == 3


def test_recording_again_replaces_what_the_machine_had(tmp_path):
    _baselines.record("training", BASELINE, tmp_path)
    later = replace(BASELINE, date="2027-01-01")
    _baselines.record("training", later, tmp_path)
    assert _baselines.read(tmp_path / "training.json") == [later]


def test_without_a_file_there_is_no_baseline(tmp_path):
    assert _baselines.find("training", MACHINE, {}, tmp_path) is None


def test_a_result_is_found_by_task_and_program():
    assert BASELINE.of("5M", "fledge") == BASELINE.results[0]
    assert BASELINE.of("5M", "other") is None


def test_versions_name_what_is_installed():
    found = _baselines.versions()
    assert {"python", "fledge", "torch"} <= found.keys()


@pytest.mark.parametrize("path", sorted(_baselines.FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_every_baseline_that_is_kept_is_of_an_idle_machine(path):
    for baseline in _baselines.read(path):
        assert baseline.busy_cores is None or baseline.busy_cores <= 0.1
        assert all(result.per_second > 0 for result in baseline.results)
