import pytest

from fledge.runs.estimate.report import Estimate
from fledge.runs.estimate.words import each, line, size, table, total

ESTIMATE = Estimate(
    name="mine",
    stage="sft",
    parameters=1_000_000,
    trained=40_000,
    steps=130,
    tokens_per_step=4096,
    seconds_per_step=5.5,
    memory={"update": {"weights": 2**30}, "forward and backward": {"weights": 3 * 2**29}},
    seconds={"steps": 715.0, "evaluations": 5.0},
    disk={"models": 200 * 2**20, "states to resume from": 10 * 2**20},
    notes=("a note",),
)


def test_the_line_of_a_run():
    assert line(ESTIMATE) == (
        "sft: about 12 min, 1.5 GiB of memory at most, 210 MiB on disk; "
        "130 steps of 4,096 tokens, 5.5 s each"
    )


def test_the_table_names_every_part_of_the_largest_phase():
    shown = "\n".join(table(ESTIMATE))
    for part in ("mine: sft", "1,000,000, of which 40,000", "in: forward and backward", "a note"):
        assert part in shown
    assert "less in: update 1 GiB" in shown


def test_runs_of_a_pipeline_add_up_in_time_and_disk_but_not_in_memory():
    assert total([ESTIMATE, ESTIMATE]) == (
        "all: about 24 min, 1.5 GiB of memory at most, 420 MiB on disk"
    )


def test_json_has_units_in_its_names():
    values = ESTIMATE.as_json()
    assert values["peak_bytes"] == 3 * 2**29
    assert values["total_seconds"] == 720.0
    assert values["total_disk_bytes"] == 210 * 2**20


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (2**20, "1 MiB"), (1.41 * 2**30, "1.41 GiB"), (1023 * 2**20, "1,023 MiB")],
)
def test_sizes_have_three_digits(number, shown):
    assert size(number) == shown


def test_steps_are_timed_in_milliseconds_below_a_second():
    assert (each(0.0153), each(2.44)) == ("15.3 ms", "2.44 s")
