import copy
import errno
import json
import math
import os
import resource
import signal
from dataclasses import replace

import pytest
import torch

from fledge.checkpoint.directory import checkpoints, latest
from fledge.errors import CheckpointError, Interrupted, NonFiniteLoss, TrainingError
from fledge.train.loop import add_terms, train_step
from fledge.train.metrics_file import read_metrics
from fledge.train.optimizer import Optimizer
from fledge.train.stage import LossTerms
from train.toys import Toy, digest, plan, start, train, weights


def kill_at(step):
    """Break off a run as a crash would, after so many steps."""
    done = []

    def call(metrics):
        done.append(metrics)
        if len(done) == step:
            raise RuntimeError("killed")

    return call


def test_training_learns(tmp_path):
    train(Toy(dropout=0.0), plan(tmp_path, steps=60, rate=5e-2))
    lines = read_metrics(tmp_path / "metrics.jsonl")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[0] == pytest.approx(math.log(64), abs=0.3)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("microbatch", [1, 2, 3, 4])
def test_accumulation_equals_the_big_batch_with_uneven_labels(tmp_path, microbatch):
    whole, parts = Toy(dropout=0.0), Toy(dropout=0.0)
    train(whole, plan(tmp_path / "whole", steps=10))
    train(parts, plan(tmp_path / "parts", steps=10, microbatch=microbatch))
    torch.testing.assert_close(weights(whole), weights(parts), rtol=0, atol=2e-5)


@pytest.mark.parametrize("counted", [None, 0, 1])
@pytest.mark.parametrize("limit", [0.05, 1e9, None])
def test_a_step_takes_the_clipped_gradient_of_the_mean_over_counted_targets(
    tmp_path, counted, limit
):
    """Gradient, metrics and weight by a loop over the targets in float64."""
    stage, settings = Toy(dropout=0.0, rate=0.5), plan(tmp_path, steps=4, microbatch=3)
    settings = settings.model_copy(
        update={"optimizer": settings.optimizer.model_copy(update={"gradient_norm": limit})}
    )
    batch = next(stage.batches())
    if counted is not None:
        first = torch.arange(batch.targets.numel()).view_as(batch.targets) < counted
        batch = replace(batch, loss_mask=first)
    loss, gradient = mean_by_definition(stage, batch)
    norm = float(gradient.norm())
    optimizer, applied = Optimizer(stage.trained, settings.optimizer, steps=4), []
    optimizer.parts[0].register_step_pre_hook(lambda *_: applied.append(gradients(stage.trained)))

    metrics, weight = train_step(stage, batch, settings, start(), optimizer)
    assert weight == max(1, int(batch.loss_mask.sum()))
    assert metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["gradient_norm"] == pytest.approx(norm, rel=1e-5)
    assert metrics["learning_rate"] == pytest.approx(1e-2 / 2)  # the first of two that warm up
    scale = 1.0 if limit is None else min(1.0, limit / (norm + 1e-12))
    torch.testing.assert_close(applied[0], scale * gradient, rtol=1e-4, atol=1e-7)


def mean_by_definition(stage, batch):
    """Mean of −log p over the counted targets, 0 of none, and its gradient."""
    exact = copy.deepcopy(stage.trained).double()
    terms = [
        -exact["model"](batch.inputs[row])[t].log_softmax(dim=-1)[batch.targets[row, t]]
        for row, t in batch.loss_mask.nonzero().tolist()
    ]
    mean = sum(terms) / max(1, len(terms)) + 0.0 * sum(p.sum() for p in exact.parameters())
    mean.backward()
    return float(mean.detach()), gradients(exact)


def gradients(module):
    return torch.cat([p.grad.flatten().double() for p in module.parameters()])


def test_resume_is_bit_exact_with_dropout(tmp_path):
    straight, broken, resumed = Toy(), Toy(), Toy()
    settings = plan(tmp_path / "a", every=5, evaluate=4)
    train(straight, settings)
    broken.after_step.append(kill_at(13))
    settings = plan(tmp_path / "b", every=5, evaluate=4)
    with pytest.raises(RuntimeError, match="killed"):
        train(broken, settings)
    assert latest(tmp_path / "b").name == "step-00000010"
    train(resumed, settings)
    assert digest(resumed) == digest(straight)
    assert untimed(tmp_path / "a") == untimed(tmp_path / "b")


def untimed(output):
    """The lines of metrics.jsonl without what the clock decides."""
    lines = read_metrics(output / "metrics.jsonl")
    timed = {"seconds", "per_second"}
    return [{name: value for name, value in line.items() if name not in timed} for line in lines]


def test_evaluation_leaves_no_trace_in_training(tmp_path):
    often, never = Toy(), Toy()
    train(often, plan(tmp_path / "often", evaluate=3))
    train(never, plan(tmp_path / "never"))
    assert digest(often) == digest(never)
    lines = read_metrics(tmp_path / "often" / "metrics.jsonl")
    evaluations = [line for line in lines if "seconds" not in line]
    assert [line["step"] for line in evaluations] == [3, 6, 9, 12, 15, 18, 20]
    assert {line["training"] for line in evaluations} == {0.0}


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    train(Toy(), plan(tmp_path, every=4, keep=3))
    assert [path.name[-2:] for path in checkpoints(tmp_path)] == ["12", "16", "20"]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_at_the_next_boundary_and_the_run_goes_on(tmp_path, number):
    stage, resumed, straight = Toy(), Toy(), Toy()
    before = signal.getsignal(number)
    stage.after_step.append(lambda _: stage.step == 7 and os.kill(os.getpid(), number))
    with pytest.raises(Interrupted, match=r"step 7 of 20.*same command again") as stopped:
        train(stage, plan(tmp_path / "a"))
    assert stopped.value.exit_code == 130
    assert signal.getsignal(number) is before
    assert latest(tmp_path / "a").name == "step-00000007"
    train(resumed, plan(tmp_path / "a"))
    train(straight, plan(tmp_path / "b"))
    assert digest(resumed) == digest(straight)


def test_the_largest_counts_of_what_is_given_as_a_maximum(tmp_path):
    class Measured(Toy):
        def loss(self, batch):
            terms = super().loss(batch)
            return LossTerms(terms.total, terms.metrics, {"rows": float(batch.examples)})

    train(Measured(), plan(tmp_path, steps=2, microbatch=3))  # 3, 3 and 2 rows
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert [line["rows"] for line in lines if "rows" in line] == [3.0, 3.0]


def test_a_loss_that_is_not_finite_is_not_applied(tmp_path):
    class Poisoned(Toy):
        def loss(self, batch):
            terms = super().loss(batch)
            terms.total.data.mul_(float("nan") if self.step == 8 else 1.0)
            return terms

    stage, good = Poisoned(), Toy()
    with pytest.raises(NonFiniteLoss, match=r"nan at step 8.*learning_rate"):
        train(stage, plan(tmp_path / "bad", every=5))
    good.after_step.append(kill_at(7))
    with pytest.raises(RuntimeError):
        train(good, plan(tmp_path / "good"))
    assert digest(stage) == digest(good)
    assert latest(tmp_path / "bad").name == "step-00000005"


def test_a_gradient_that_is_not_finite_is_not_applied(tmp_path):
    stage = Toy()
    first = next(iter(stage.trained.parameters()))
    first.register_hook(lambda gradient: gradient * float("inf"))
    before = digest(stage)
    with pytest.raises(NonFiniteLoss, match="step 1"):
        train(stage, plan(tmp_path))
    assert digest(stage) == before


def test_a_full_disk_is_said_and_earlier_checkpoints_stay(tmp_path):
    class Large(Toy):
        def save_model(self, directory):
            super().save_model(directory)
            if self.step > 7:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(CheckpointError, match=r"disk is full.*same command again"):
        train(Large(), plan(tmp_path, every=5))
    assert [path.name for path in checkpoints(tmp_path)] == ["step-00000005"]
    resumed, straight = Toy(), Toy()
    train(resumed, plan(tmp_path, every=5))
    train(straight, plan(tmp_path / "straight"))
    assert digest(resumed) == digest(straight)


@pytest.mark.parametrize(
    ("every", "said"), [(5, "step-00000005 is untouched"), (None, "starts over")]
)
def test_metrics_on_a_full_disk_say_what_is_saved(tmp_path, every, said):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    stage, resumed, straight = Toy(), Toy(), Toy()

    def fill_the_disk(_):
        if stage.step == 7:  # no file may grow beyond this one and half a line
            size = (tmp_path / "metrics.jsonl").stat().st_size + 60
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))

    stage.after_step.append(fill_the_disk)
    try:
        with pytest.raises(TrainingError, match=rf"metrics\.jsonl.*same command again: .*{said}"):
            train(stage, plan(tmp_path, every=every))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    train(resumed, plan(tmp_path, every=every))
    train(straight, plan(tmp_path / "straight", every=every))
    assert digest(resumed) == digest(straight)
    assert untimed(tmp_path) == untimed(tmp_path / "straight")


@pytest.mark.parametrize("damage", ["truncate", "delete", "garble"])
@pytest.mark.parametrize("name", ["trainer.safetensors", "trainer.json", "process-00000.json"])
def test_a_damaged_checkpoint_says_how_to_fall_back(tmp_path, name, damage):
    settings = plan(tmp_path, every=5, steps=10)
    train(Toy(), settings)
    path = latest(tmp_path) / "training" / name
    if damage == "delete":
        path.unlink()
    else:
        text = path.read_bytes()
        path.write_bytes(text[: len(text) // 2] if damage == "truncate" else b"\xff" * len(text))
    with pytest.raises(CheckpointError, match=r"Delete the directory .*step-00000010"):
        train(Toy(), settings)
    os.rename(latest(tmp_path), tmp_path / "away")
    train(Toy(), settings)


def test_other_weights_in_the_output_are_named(tmp_path):
    settings = plan(tmp_path, steps=2)
    train(Toy(), settings)
    other = Toy()
    other.trained["extra"] = torch.nn.Linear(2, 2)
    with pytest.raises(CheckpointError, match=r"extra\.bias"):
        train(other, settings)


def test_a_stage_may_end_before_the_schedule(tmp_path):
    class Satisfied(Toy):
        @property
        def wants_to_stop(self):
            return self.step == 6

    stage = Satisfied()
    assert train(stage, plan(tmp_path)).name == "step-00000006"
    lineage = json.loads((latest(tmp_path) / "fledge.json").read_text())
    assert lineage["step"] == lineage["steps"] == 6


def test_terms_of_half_precision_are_added_in_float32():
    sums = {}
    for term in (256.0, 1.0):  # bfloat16 has no 257
        value = torch.tensor(term, dtype=torch.bfloat16)
        add_terms(sums, LossTerms(value, {"same": value}))
    assert {name: float(value) for name, value in sums.items()} == {"loss": 257.0, "same": 257.0}


def test_metrics_are_means_over_the_whole_batch(tmp_path):
    stage = Toy(dropout=0.0)
    train(stage, plan(tmp_path, steps=1, microbatch=3))
    again = Toy(dropout=0.0)
    batch = next(again.batches())
    with torch.no_grad():
        terms = again.loss(batch)
    values = read_metrics(tmp_path / "metrics.jsonl")[0]
    assert values["loss"] == pytest.approx(float(terms.total / batch.weight), rel=1e-6)
    assert values["accuracy"] == pytest.approx(float(terms.metrics["accuracy"] / batch.weight))
    assert values["seen"] == int(batch.weight)
