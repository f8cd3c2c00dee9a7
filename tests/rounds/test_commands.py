"""`fledge improve` and `fledge rounds` as they are typed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.promotions import read_promotions
from fledge.errors import CheckpointError
from fledge.rounds.files import RoundFiles
from fledge.rounds.improve import improve
from fledge.rounds.progress import read_progress
from fledge.train.progress import SilentProgress
from rounds.miniature import brief, prompts, rankings, write_lines

Fledge = Callable[..., tuple[int, str, str]]
QUIET = SilentProgress()


def test_a_round_at_chance_says_so_and_a_round_can_be_given_up(
    base: Path, tmp_path: Path, fledge: Fledge
) -> None:
    place, data = tmp_path / "home", write_lines(tmp_path / "a.jsonl", rankings(60, "shuffled"))
    steps = (
        "reward.optimizer.steps=1",
        "reward.batch.examples=4",
        "measure.altered=4",
        "gate.prompts=2",
    )
    code, out, err = fledge("improve", place, *steps, "--base", base, "--data", data)
    assert code == 0, err
    assert out.startswith("not promoted\n  The reward model orders")
    assert f"fledge rounds status {place}" in err
    record = json.loads((place / "rounds/001/round.json").read_text())
    assert record["config"]["measure"]["altered"] == 4

    code, _, err = fledge("improve", place, "--data", data)
    assert code == 1 and "nothing new" in err
    code, _, err = fledge("rounds", "give-up", place)
    assert code == 0
    code, _, err = fledge("rounds", "promote", place, 5, "--because", "luck")
    assert code == 2 and "there is no round 5" in err
    assert len(read_promotions(place)) == 1


def test_bad_input_is_named(base: Path, tmp_path: Path, fledge: Fledge) -> None:
    place = tmp_path / "home"
    code, _, err = fledge("improve", place, "--data", "feedback.jsonl")
    assert code == 2 and "--base CHECKPOINT" in err
    code, _, err = fledge("improve", place, "-m", tmp_path / "nowhere", "-d", "x.jsonl")
    assert code == 1 and "no checkpoint here" in err
    few = write_lines(tmp_path / "few.jsonl", rankings(2, "right"))
    code, _, err = fledge("improve", place, "-m", base, "-d", few)
    assert code == 1 and "rank answers to more prompts" in err
    unknown = [{"prompt": prompts(1)[0], "ranking": [["a"], ["b"]]}]
    unknown[0]["responses"] = [{"id": "a", "content": "red"}, {"id": "c", "content": "blue"}]
    named = write_lines(tmp_path / "named.jsonl", unknown)
    code, _, err = fledge("improve", place, "-m", base, "-d", named)
    assert code == 1 and "ranking must name every response once" in err
    code, _, err = fledge("improve", place, "gate.pays=1", "-m", base, "-d", few)
    assert code == 2 and "did you mean pay?" in err
    code, _, err = fledge("rounds", "status", tmp_path / "elsewhere")
    assert code == 1 and "no rounds here" in err
    assert len(read_promotions(place)) == 1


def test_a_base_that_was_removed_ends_the_round_before_it_begins(
    base: Path, tmp_path: Path, fledge: Fledge
) -> None:
    moved = tmp_path / "moved"
    moved.symlink_to(base)
    place, data = tmp_path / "home", write_lines(tmp_path / "a.jsonl", rankings(2, "right"))
    assert fledge("improve", place, "-m", moved, "-d", data)[0] == 1
    history = (place / "promotions.jsonl").read_text()
    (place / "promotions.jsonl").write_text(history.replace(str(base), str(tmp_path / "gone")))
    code, _, err = fledge("improve", place, "-d", data)
    assert (code == 1 and "is gone" in err) or "no checkpoint here" in err
    assert "return to another model" in err


def test_a_base_that_is_removed_during_a_round_ends_it_and_promotes_nothing(
    base: Path, tmp_path: Path
) -> None:
    moved, place = tmp_path / "moved", tmp_path / "home"
    shutil.copytree(find_checkpoint(base), moved)
    data = write_lines(tmp_path / "a.jsonl", rankings(60, "right"))

    def remove(phase: str) -> None:
        if phase == "reward":
            shutil.rmtree(moved)

    def go_on() -> None:
        improve(place, [data], base=moved, config=brief(), progress=QUIET, entering=remove)

    with pytest.raises(CheckpointError, match="no checkpoint here"):
        go_on()
    progress = read_progress(RoundFiles(place, 1))
    assert progress.state == "failed" and "no checkpoint here" in progress.message
    with pytest.raises(CheckpointError, match=r"round 1 needs it; restore it, or give .* give-up"):
        go_on()
    assert (place / "rounds/001/data/rankings.jsonl").stat().st_size
    assert [each.event for each in read_promotions(place)] == ["base"]
