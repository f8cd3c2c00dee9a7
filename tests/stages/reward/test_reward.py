import json
import logging

import pytest
import torch

from fledge.checkpoint.model_files import load_scalar_model
from fledge.config import parse_section
from fledge.data.rendering import RenderedRanking
from fledge.errors import DataError
from fledge.evaluate.preferences import accuracy, log_loss, preference_pairs
from fledge.runs.run import Run, execute
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.reward.data import MOST_TOKENS, first_of
from fledge.stages.reward.stage import RewardModelling, normalise
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, metrics_of, raise_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def run(files, output, every=None, evaluate=None, steps=12, **stage):
    values = {
        "output": str(output),
        "seed": 3,
        "stage": {
            "name": "reward",
            "model": files["policy"],
            "rankings": files["rankings"],
            "demonstrations": files["demonstrations"],
            "held_out_fraction": 0.25,
            **stage,
        },
        "batch": {"examples": 8, "microbatch": 4},
        "optimizer": {"learning_rate": 3e-3, "steps": steps, "weight_decay": 0.01},
        "checkpoint": {"every": every},
        "evaluation": {"every": evaluate},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


def stage_of(files, **changes):
    settings = run(files, "unused", **changes)
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    context = StageContext(settings.output, 3, BatchConfig(examples=8), runtime, None)
    return RewardModelling.build(settings.stage, context)


@torch.no_grad()
def scores_of_demonstrations(checkpoint, files):
    loaded = load_scalar_model(checkpoint)
    scores = []
    with open(files["demonstrations"][0], encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            text = loaded.tokenizer.encode(record["prompt"])
            answer = loaded.tokenizer.encode(record["completion"])
            special = loaded.tokenizer.special
            ids = [special.user, *text, special.end, special.assistant, *answer, special.end]
            scores.append(loaded.model(torch.tensor([ids]))[0, -1].item())
    return torch.tensor(scores)


def test_a_run_learns_and_its_demonstrations_score_0(files, tmp_path):
    checkpoint = execute(run(files, tmp_path, steps=40), SilentProgress())
    lines = metrics_of(tmp_path)
    assert lines[-2]["loss"] < lines[0]["loss"]
    measured = lines[-1]
    assert "seconds" not in measured and measured["accuracy"] > 0.6
    assert 0 <= measured["low"] <= measured["accuracy"] <= measured["high"] <= 1
    assert abs(float(scores_of_demonstrations(checkpoint, files).mean())) < 1e-4


def test_unit_variance_scales_the_saved_scores(files, tmp_path):
    checkpoint = execute(run(files, tmp_path, steps=4, unit_variance=True), SilentProgress())
    stage, model = stage_of(files), load_scalar_model(checkpoint).model.requires_grad_(False)
    scores, batch = stage._score(stage.comparisons.train, model)
    assert float(scores[batch.lengths > 0].std()) == pytest.approx(1, abs=1e-3)
    held_out, batch = stage._score(stage.comparisons.held_out, model)
    pairs = preference_pairs(held_out, batch.ranks, batch.lengths)
    assert metrics_of(tmp_path)[-1]["log_loss"] == pytest.approx(log_loss(pairs), rel=1e-4)
    assert abs(float(scores_of_demonstrations(checkpoint, files).mean())) < 1e-4


def test_a_save_reads_no_more_than_it_has_time_for():
    long = RenderedRanking((tuple(range(900)),) * 4, (0, 1, 2, 3))
    assert len(first_of([long] * 400)) == MOST_TOKENS // 3600 == 4
    short = RenderedRanking(((1, 2), (3, 4)), (0, 1))
    assert len(first_of([short] * 1000)) == 512
    longest = RenderedRanking((tuple(range(MOST_TOKENS)),) * 2, (0, 1))
    assert first_of([longest, short]) == [longest]


def test_normalising_changes_no_order(files):
    stage = stage_of(files)
    before = stage.held_out_pairs()
    with torch.no_grad():
        normalise(stage.loaded.model, mean=0.7, gain=1.0)
    after = stage.held_out_pairs()
    torch.testing.assert_close(after.margins, before.margins, atol=1e-6, rtol=0)
    with torch.no_grad():
        normalise(stage.loaded.model, mean=0.0, gain=3.0)
    torch.testing.assert_close(stage.held_out_pairs().margins, 3 * before.margins)


def test_no_prompt_is_both_trained_and_measured_on(files):
    stage = stage_of(files)
    end_of_prompt = stage.loaded.tokenizer.special.assistant

    def prompts(rankings):
        return {one.answers[0][: one.answers[0].index(end_of_prompt)] for one in rankings}

    train, held_out = prompts(stage.comparisons.train), prompts(stage.comparisons.held_out)
    assert train and held_out and not train & held_out


def test_a_new_head_has_the_deviation_of_ziegler(files):
    weight = stage_of(files).loaded.model.head.weight.detach()
    assert weight.numel() == 32 and float(weight.std()) == pytest.approx((1 / 33) ** 0.5, rel=0.35)


def test_resume_is_bit_exact_with_dropout(files, tmp_path):
    whole = execute(run(files, tmp_path / "whole", dropout=0.3, every=5), SilentProgress())

    def broken(config, context):
        stage = RewardModelling.build(config, context)
        after_step = stage.on_step
        calls = []

        def on_step(metrics):
            after_step(metrics)
            calls.append(metrics)
            if len(calls) == 8:
                raise RuntimeError("killed")

        stage.on_step = on_step
        return stage

    halves = run(files, tmp_path / "halves", dropout=0.3, every=5)
    with pytest.raises(RuntimeError, match="killed"):
        execute(halves, SilentProgress(), broken)
    again = execute(halves, SilentProgress())
    name = "model.safetensors"
    assert (again / name).read_bytes() == (whole / name).read_bytes()


def test_the_best_weights_are_kept_and_waiting_ends(files, tmp_path):
    settings = run(files, tmp_path, steps=60, evaluate=2, patience=2)
    checkpoint = execute(settings, SilentProgress())
    lines = metrics_of(tmp_path)
    measured = [line["accuracy"] for line in lines if "seconds" not in line]
    assert checkpoint.name != "step-00000060"
    assert max(measured[-2:]) <= max(measured[:-2])  # two evaluations brought nothing better
    stage = stage_of(files)
    stage.loaded.model.load_state_dict(load_scalar_model(checkpoint).model.state_dict())
    assert accuracy(stage.held_out_pairs()) == pytest.approx(max(measured))


def test_chance_is_called_chance(files, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "fledge"):
        execute(run(files, tmp_path, steps=1), SilentProgress())
    assert "reward model at chance" in caplog.text


def test_rankings_that_do_not_fit_are_said(files):
    with pytest.raises(DataError, match="use a longer context or shorter answers"):
        stage_of(files, length=4)
