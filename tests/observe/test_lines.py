"""Files that a run is writing, read bit by bit."""

import json
from pathlib import Path

import pytest

from fledge.files import write_text
from fledge.observe.lines import Place, newest_lines, read_after
from fledge.train.metrics_file import MetricsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)


def steps(path: Path, after: Place, **options: int) -> tuple[list[int], Place]:
    reading = read_after(path, after, **options)
    return [line["step"] for line in reading.lines], reading.next


def test_only_new_lines_are_read_and_a_half_written_one_waits(path: Path) -> None:
    append(path, '{"step": 1}\n{"step": 2}\n{"st')
    first = read_after(path, Place())
    assert [line["step"] for line in first.lines] == [1, 2]
    assert (first.is_fresh, first.is_last, first.unreadable, first.next.byte) == (True, True, 0, 24)
    second = read_after(path, first.next)
    assert (second.lines, second.is_fresh, second.next) == ([], False, first.next)
    append(path, 'ep": 3}\n')
    assert steps(path, second.next)[0] == [3]


def test_a_long_file_is_read_in_parts_that_join(path: Path) -> None:
    append(path, "".join(f'{{"step": {step}}}\n' for step in range(100)))
    seen: list[int] = []
    place, is_last = Place(), False
    while not is_last:
        reading = read_after(path, place, 64)
        assert reading.is_fresh == (not seen)
        seen += [line["step"] for line in reading.lines]
        place, is_last = reading.next, reading.is_last
    assert seen == list(range(100))


def test_a_line_longer_than_a_part_is_read_whole(path: Path) -> None:
    append(path, json.dumps({"step": 1, "text": "x" * 500}) + '\n{"step": 2}\n')
    found, place = steps(path, Place(), most=10)
    assert found == [1] and steps(path, place, most=40)[0] == [2]


def test_a_resumed_run_is_read_anew_although_its_file_is_as_long(path: Path) -> None:
    file = MetricsFile(path, 0)
    for step in (1, 2, 3):
        file.write(step, {"loss": 1.0})
    place = read_after(path, Place()).next
    file.close()
    resumed = MetricsFile(path, 1)
    for step in (2, 3):
        resumed.write(step, {"loss": 2.0})
    resumed.close()
    again = read_after(path, place)
    assert again.is_fresh and [line["loss"] for line in again.lines] == [1.0, 2.0, 2.0]


@pytest.mark.parametrize("byte", [5, 10**9])
def test_a_place_that_is_no_start_of_a_line_begins_anew(path: Path, byte: int) -> None:
    write_text(path, '{"step": 1}\n{"step": 2}\n')
    version = read_after(path, Place()).next.file
    reading = read_after(path, Place(version, byte))
    assert reading.is_fresh and len(reading.lines) == 2


def test_lines_that_are_no_objects_are_counted(path: Path) -> None:
    deep = "[" * 100_000
    append(path, f'{{"step": 1}}\nnonsense\n[1]\n\n{deep}\n{{"step": 2, "loss": NaN}}\n')
    reading = read_after(path, Place())
    assert [line["step"] for line in reading.lines] == [1, 2] and reading.unreadable == 4


def test_a_file_that_is_gone_makes_readers_forget(path: Path) -> None:
    assert read_after(None, Place()).is_fresh is False
    assert read_after(None, Place("a", 10)).is_fresh is True


def test_the_newest_lines_are_whole(path: Path) -> None:
    append(path, "".join(f'{{"step": {step}}}\n' for step in range(10)) + '{"half')
    assert [line["step"] for line in newest_lines(path, 40)] == [8, 9]
    assert len(newest_lines(path, 10_000)) == 10 and newest_lines(None, 10) == []
