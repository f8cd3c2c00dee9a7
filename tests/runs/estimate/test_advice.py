import shutil
from dataclasses import replace

import pytest

from fledge.runs.estimate.advice import warnings
from runs.estimate.test_words import ESTIMATE
from runs.estimate.toy_runs import pretraining, run

GIB = 2**30
STEP = {"weights": GIB, "moments": 2 * GIB, "activations": 9 * GIB}


def big(**phases):
    return replace(ESTIMATE, memory={name.replace("_", " "): part for name, part in phases.items()})


def test_a_run_that_fits_is_not_warned_of(tmp_path):
    plan = pretraining(tmp_path, tmp_path / "out")
    assert warnings(ESTIMATE, plan, plan.stage, memory=64 * GIB) == []


def test_too_many_activations_ask_for_smaller_micro_batches_first(tmp_path):
    plan = pretraining(tmp_path, tmp_path / "out")
    (warning,) = warnings(big(forward_and_backward=STEP), plan, plan.stage, memory=4 * GIB)
    assert "pretrain will not fit: it takes 12 GiB of memory" in warning
    assert "4 GiB may be used here" in warning
    first, second = warning.index("batch.microbatch=4"), warning.index("gradient_checkpointing")
    assert first < second < warning.index("stage.size.context_length")


def test_moments_ask_for_adapters_where_there_are_any(tmp_path):
    stage = {"name": "sft", "model": str(tmp_path), "demonstrations": ["a.jsonl"]}
    plan = run(stage, tmp_path / "out")
    estimate = big(update={"weights": GIB, "moments": 2 * GIB})
    (warning,) = warnings(estimate, plan, plan.stage, memory=GIB)
    assert "lora.rank=16" in warning
    assert "microbatch" not in warning
    plan = pretraining(tmp_path, tmp_path / "out")
    assert "lora" not in warnings(estimate, plan, plan.stage, memory=GIB)[0]


@pytest.mark.parametrize(("free", "count"), [(10**12, 0), (10**6, 1)])
def test_a_full_disk_is_told_with_what_is_kept(tmp_path, monkeypatch, free, count):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: type("D", (), {"free": free})())
    plan = pretraining(tmp_path, tmp_path / "out")
    found = warnings(ESTIMATE, plan, plan.stage, memory=64 * GIB)
    assert len(found) == count
    assert all("checkpoint.keep=1" in warning for warning in found)
