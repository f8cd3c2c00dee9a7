"""The table of recommended settings, and the pages that show it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from fledge.cli.reference import commands, shown_default
from fledge.cli.training import COMMANDS
from fledge.runs.recommended import (
    ADAPTABLE,
    ADVICE,
    SIZES,
    STARTS,
    Beginning,
    rates_in_words,
    recommended,
    written,
)
from fledge.runs.run import STAGES

TRAINING = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
EVERY = [(stage, start) for stage, starts in ADVICE.items() for start in starts]
MEGA = 1_000_000
INSIDE = [MEGA, 100 * MEGA, 1000 * MEGA, 8000 * MEGA]
"""A number of parameters inside each of `SIZES`."""


def rates(stage, start, **options):
    found = [recommended(stage, Beginning(start, size, 256), **options) for size in INSIDE]
    return [one.optimizer["learning_rate"] for one in found]


def test_every_stage_has_its_own_defaults_from_every_start():
    assert ADVICE.keys() == STAGES.keys()
    for stage, starts in ADVICE.items():
        assert ("new" in starts) == (stage in ("pretrain", "translate"))
        assert {"base", "imported"} <= starts.keys() <= STARTS.keys()


@pytest.mark.parametrize(("stage", "start"), EVERY)
def test_larger_models_take_smaller_steps(stage, start):
    found = rates(stage, start)
    assert all(larger <= smaller for smaller, larger in pairwise(found))
    assert found[0] <= 1e-3


@pytest.mark.parametrize("stage", ADVICE)
def test_a_model_of_others_is_never_moved_faster_than_ones_own(stage):
    own = rates(stage, "base")
    assert all(theirs <= ours for theirs, ours in zip(rates(stage, "imported"), own, strict=True))


@pytest.mark.parametrize("stage", ADAPTABLE)
def test_adapters_move_faster_and_never_decay(stage):
    for start in ADVICE[stage]:
        whole, lora = rates(stage, start), rates(stage, start, lora=True)
        factor = 3 if stage == "ppo" else 10
        assert lora == pytest.approx([min(factor * rate, 1e-3) for rate in whole])
        one = recommended(stage, Beginning(start, MEGA, 256), lora=True)
        assert one.optimizer["weight_decay"] == 0


def test_the_last_size_of_a_column_still_belongs_to_it():
    def rate(parameters):
        return recommended("sft", Beginning("imported", parameters, 256)).optimizer["learning_rate"]

    assert [rate(size) for size in (1, 20 * MEGA, 20 * MEGA + 1)] == [3e-4, 3e-4, 5e-5]


def test_a_step_has_rows_by_their_length_and_equal_parts_for_all_processes():
    def rows(length, processes=1):
        beginning = Beginning("imported", MEGA, length)
        return recommended("sft", beginning, processes=processes).batch["examples"]

    assert [rows(length) for length in (128, 256, 1024, 8192)] == [32, 16, 4, 4]
    assert [rows(8192, processes) for processes in (2, 3, 8)] == [4, 6, 8]
    assert recommended("translate", Beginning("new", 0, 128)).batch == {}


def test_warm_up_is_no_more_than_a_quarter_of_a_short_run():
    def warm_up(steps):
        beginning = Beginning("chat", MEGA, 256)
        return recommended("ppo", beginning, steps=steps).optimizer["warmup_steps"]

    assert [warm_up(steps) for steps in (None, 1, 12, 40, 4000)] == [10, 0, 3, 10, 10]


def test_muon_has_a_rate_only_where_it_moves_something():
    beginning = Beginning("chat", MEGA, 256)
    assert "muon_learning_rate" not in recommended("sft", beginning).optimizer
    assert recommended("sft", beginning, muon=True).optimizer["muon_learning_rate"] == 2e-3
    new = recommended("pretrain", Beginning("new", MEGA, 256), muon=True)
    assert new.optimizer["muon_learning_rate"] == 0.02


@pytest.mark.parametrize("stage", ADVICE)
def test_help_prints_the_rates(stage):
    command = dict(commands())[COMMANDS.get(stage, stage)]
    option = next(one for one in command.params if one.name == "learning_rate")
    assert shown_default(option) == rates_in_words(stage)
    for advice in ADVICE[stage].values():
        assert ", ".join(map(written, advice.rates)) in shown_default(option)


def test_rates_are_written_as_people_write_them():
    assert [written(rate) for rate in (1e-3, 5e-5, 0.02)] == ["1e-3", "5e-5", "2e-2"]


def test_the_training_page_has_the_same_table():
    lines = re.findall(r"^\| `(\w+)` \| ([^|]+) \|(.*)\|$", TRAINING, flags=re.MULTILINE)
    found = {}
    for stage, starts, cells in lines:
        if stage in ADVICE:
            for start in starts.split(", "):
                found[stage, start.strip()] = [cell.strip() for cell in cells.split("|")]
    expected = {}
    for stage, start in EVERY:
        advice = ADVICE[stage][start]
        columns = advice.rates * (1 if len(advice.rates) > 1 else len(SIZES))
        batch = f"{advice.examples}" if advice.examples else _tokens(advice)
        other = [f"{advice.weight_decay:g}", f"{advice.warmup_steps}"]
        expected[stage, start] = [*map(written, columns), batch, *other]
    assert found == expected


def _tokens(advice):
    return "its own" if advice.tokens is None else f"{advice.tokens:,} tokens"
