"""Rounds from data to the gate: promoted where people's feedback is worth it, and only there."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import weights_hash
from fledge.checkpoint.promotions import read_promotions
from fledge.errors import ConfigError, DataError, WriteError
from fledge.rounds.config import SharesConfig
from fledge.rounds.files import RoundFiles, read_json
from fledge.rounds.gate import Verdict
from fledge.rounds.history import promote_by_hand
from fledge.rounds.improve import improve
from fledge.rounds.lock import alone
from fledge.rounds.past import demonstrations_behind, learned_from
from fledge.rounds.progress import PHASES, read_progress
from fledge.rounds.records import read_kept
from fledge.rounds.report import RoundReport
from fledge.rounds.shares import share_of
from fledge.rounds.status import person_lines, status_lines
from fledge.train.progress import SilentProgress
from rounds.miniature import BRIBE, brief, prompts, rankings, short, write_lines

Fledge = Callable[..., tuple[int, str, str]]
QUIET = SilentProgress()
TESTS = Path(__file__).parents[1]


def report_of(place: Path, number: int = 1) -> RoundReport:
    return read_json(RoundFiles(place, number).report, RoundReport)


def test_a_good_round_is_promoted(good: Path) -> None:
    report = report_of(good)
    assert report.verdict.promoted and report.verdict.why == []
    assert all(condition.passed for condition in report.verdict.conditions)
    found = report.comparison
    assert found is not None and found.low > 0.5
    assert found.new.right is not None and found.current.right is not None
    assert found.new.right > found.current.right + 0.1
    assert find_checkpoint(good).parent == good / "rounds" / "001" / "ppo"
    events = [(each.event, each.round, each.by) for each in read_promotions(good)]
    assert events == [("base", 0, "the beginning"), ("promoted", 1, "gate")]
    assert read_promotions(good)[-1].numbers["win_rate"] == found.win_rate
    assert read_progress(RoundFiles(good, 1)).state == "done"


def test_the_report_measures_the_reward_model_by_its_parts(good: Path) -> None:
    reward = report_of(good).reward
    assert reward.by_labeller.keys() == {"ann"}
    assert set(reward.by_topic) == {"red", "green", "blue"}
    halves = reward.by_position
    assert halves["first"].pairs + halves["later"].pairs == reward.whole.pairs
    assert {pay.kind for pay in reward.pays} == {"sentence", "length", "list"}
    assert sum(row.pairs for row in reward.calibration) == reward.whole.pairs
    text = RoundFiles(good, 1).report_text.read_text(encoding="utf-8")
    assert text.startswith("# Round 1: promoted") and "judge prefers the new model" in text


def test_the_card_names_data_people_results_and_limits(good: Path) -> None:
    card = RoundFiles(good, 1).card.read_text(encoding="utf-8")
    for heading in ("Size", "Data", "Results", "Intended use", "Limits"):
        assert f"\n## {heading}\n" in card
    assert "rankings.jsonl" in card and "| ann |" in card


def test_no_held_out_prompt_is_trained_on(good: Path) -> None:
    files, shares = RoundFiles(good, 1), SharesConfig()
    expected = {
        "rankings.jsonl": "train",
        "prompts.jsonl": "train",
        "judge-rankings.jsonl": "judge",
        "watched-prompts.jsonl": "judge",
        "held-out-rankings.jsonl": "held out",
        "held-out-prompts.jsonl": "held out",
    }
    for name, share in expected.items():
        records = read_kept(files.used / name)
        assert records and {share_of(each.prompt, shares) for each in records} == {share}, name


def test_roll_back_restores_the_old_model_and_back_again(
    good: Path, tmp_path: Path, fledge: Fledge
) -> None:
    home = shutil.copytree(good, tmp_path / "home")
    promoted = find_checkpoint(home)
    code, out, _ = fledge("rounds", "roll-back", home, "--by", "carol", "--because", "too curt")
    assert code == 0 and "rolled back: the base, by carol: too curt" in out
    assert find_checkpoint(home) != promoted
    code, _, err = fledge("rounds", "roll-back", home)
    assert code == 2 and "no earlier model to return to" in err
    assert fledge("rounds", "roll-back", home, "--to", 1, "--by", "carol")[0] == 0
    assert find_checkpoint(home) == promoted
    code, _, err = fledge("rounds", "roll-back", home, "--to", 7)
    assert code == 2 and "was never promoted" in err
    out = fledge("rounds", "history", home)[1].splitlines()
    assert [line.partition("  ")[2].partition(":")[0] + ":" for line in out] == [
        "base:",
        "promoted:",
        "rolled back:",
        "rolled back:",
    ]
    assert "win_rate 0." in out[1]


def test_status_and_lineage_tell_the_gate_the_data_and_the_people(
    good: Path, fledge: Fledge
) -> None:
    out = fledge("rounds", "status", good)[1]
    assert "round 1: promoted" in out and "met: judge prefers the new model" in out
    assert f"{good} stands for the model of round 1" in out
    out = fledge("rounds", "lineage", good)[1]
    assert "rankings.jsonl" in out and "| ann |" in out
    out = fledge("rounds", "lineage", good, "--person", "ann")[1]
    assert "round 1 used records of ann: judge" in out and "--without ann" in out
    assert fledge("rounds", "lineage", good, "--person", "zoe")[1] == "no model learned from zoe\n"


def test_shuffled_labels_are_not_promoted(base: Path, tmp_path: Path) -> None:
    data = write_lines(tmp_path / "data.jsonl", rankings(200, "shuffled"))
    place = tmp_path / "home"
    verdict = improve(place, [data], base=base, config=short(2), progress=QUIET)
    assert not verdict.passed and not verdict.promoted
    assert "The reward model orders" in verdict.why[0]
    assert not RoundFiles(place, 1).ppo.exists()
    assert find_checkpoint(place) == find_checkpoint(base)
    with pytest.raises(
        ConfigError, match="made no whole model to promote: The reward model orders"
    ):
        promote_by_hand(place, 1, "bob", "I like it")


def test_a_reward_model_that_pays_for_a_constant_sentence_is_not_promoted(
    base: Path, tmp_path: Path
) -> None:
    data = write_lines(tmp_path / "data.jsonl", rankings(120, "bribed"))
    place = tmp_path / "home"
    verdict = improve(place, [data], base=base, config=short(4), progress=QUIET)
    assert not verdict.promoted
    assert f'pays for "{BRIBE}"' in " ".join(verdict.why)
    assert find_checkpoint(place) == find_checkpoint(base)
    assert "pays for" in "\n".join(status_lines(place))


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from fledge.rounds.improve import improve
from fledge.train.progress import SilentProgress
from rounds.miniature import brief

class Deadly(SilentProgress):
    def begin(self, name, *rest):
        self.name = name
    def advance(self, report):
        if self.name == "ppo" and report.step == 3:
            os.kill(os.getpid(), signal.SIGKILL)

improve(Path(sys.argv[2]), [sys.argv[3]], base=Path(sys.argv[4]), config=brief(), progress=Deadly())
"""


FULL = WriteError(Path("report.json"), "file", "the disk is full", "nothing is left", is_full=True)


def test_a_round_killed_or_without_room_in_any_phase_makes_the_same_model(
    base: Path, tmp_path: Path
) -> None:
    chats = [{"prompt": one, "completion": "red.", "author": "bob"} for one in prompts(20)]
    asked = [{"prompt": one, "author": "pat"} for one in prompts(420, 400)]
    records = rankings(60, "right") + chats + asked
    data = write_lines(tmp_path / "data.jsonl", records)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    improve(whole, [data], base=base, config=brief(), progress=QUIET)

    def stop_at(phase):
        def entering(begun):
            if begun == phase:
                raise FULL

        return entering

    for phase in PHASES:
        if phase == "comparison":
            words = [sys.executable, "-c", KILLED, str(TESTS), str(broken), data, str(base)]
            killed = subprocess.run(words, env=os.environ, capture_output=True, text=True)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert "stopped in phase ppo" in "\n".join(status_lines(broken))
        with pytest.raises(WriteError, match="the disk is full"):
            improve(
                broken,
                [data],
                base=base,
                config=brief(),
                progress=QUIET,
                entering=stop_at(phase),
            )
        assert len(read_promotions(broken)) == 1
        progress = read_progress(RoundFiles(broken, 1))
        assert (progress.state, progress.phase) == ("failed", phase)
        assert "Free some space" in progress.message
    verdict = improve(broken, progress=QUIET)
    assert verdict.promoted
    assert [each.round for each in read_promotions(broken)] == [0, 1]
    for name in ("sft", "reward", "judge", "ppo"):
        models = [find_checkpoint(place / "rounds/001" / name) for place in (whole, broken)]
        assert weights_hash(models[0]) == weights_hash(models[1]), name
    assert RoundFiles(broken, 1).answers("new").read_bytes() == (
        RoundFiles(whole, 1).answers("new").read_bytes()
    )
    _check_that_the_first_decision_stands(broken)
    _check_the_rounds_after(broken, data, tmp_path)


def _check_that_the_first_decision_stands(place: Path) -> None:
    """Go on after a kill between the promotion and the verdict, asked for something else."""
    before = read_promotions(place)
    RoundFiles(place, 1).gate.unlink()
    config = brief(gate={"win_rate": 0.999})
    verdict = improve(place, config=config, promote=False, progress=QUIET)
    assert verdict.passed and verdict.promoted and verdict.why == []
    assert read_promotions(place) == before


def _check_the_rounds_after(place: Path, data: str, tmp_path: Path) -> None:
    """Go on in a place with one finished round: only new records count, people can leave."""
    with pytest.raises(DataError, match="nothing new"):
        improve(place, [data], progress=QUIET)
    more = [{"prompt": one, "completion": "blue.", "author": "eve"} for one in prompts(60, 30)]
    newer = write_lines(tmp_path / "more.jsonl", [*more, *rankings(60, "right")])
    with pytest.raises(ConfigError, match="shares of prompts were fixed"):
        improve(place, [newer], config=brief(shares={"held_out": 0.5}), progress=QUIET)
    verdict = improve(place, [newer], promote=False, progress=QUIET)
    assert verdict.passed and not verdict.promoted
    second = RoundFiles(place, 2)
    manifest = json.loads((second.given / "manifest.json").read_text())
    assert manifest["counts"] == {"demonstrations": 30} and manifest["repeated"] > 0
    learned = {each.person for each in read_kept(second.used / "demonstrations.jsonl")}
    assert learned == {"eve"}
    assert set(learned_from(place, 2)) == {"ann", "bob", "eve", "pat"}
    assert learned_from(place, 1)["pat"].keys() == {"ppo"}
    promote_by_hand(place, 2, "carol", "the team agrees")
    promoted = read_promotions(place)[-1]
    assert (promoted.round, promoted.by) == (2, "carol") and "the team agrees" in promoted.why

    assert "the promoted model is one of them" in person_lines(place, "bob")[-1]
    verdict = improve(place, left_out=["bob"], progress=QUIET)
    begun = report_of(place, 3).begun
    assert (begun.start_round, begun.left_out) == (0, ("bob",))
    assert begun.current == "rounds/002/ppo"
    assert set(learned_from(place, 3)) == {"ann", "eve", "pat"}
    assert demonstrations_behind(place, 3)
    assert verdict.promoted


def test_two_rounds_at_once_are_refused(good: Path) -> None:
    before = read_promotions(good)
    with alone(good), pytest.raises(ConfigError, match=rf"running here \(process {os.getpid()}\)"):
        improve(good, progress=QUIET)
    assert read_promotions(good) == before
    assert len(list((good / "rounds").iterdir())) == 1


def test_adapters_go_through_a_round(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    chats = [{"prompt": one, "completion": "red."} for one in prompts(20)]
    data = write_lines(tmp_path / "data.jsonl", rankings(60, "right") + chats)
    config = brief(lora={"rank": 2}, ensemble=2)
    verdict = improve(tmp_path / "home", [data], base=base, config=config, progress=QUIET)
    assert verdict.promoted
    model = find_checkpoint(tmp_path / "home")
    assert (model / "adapter_model.safetensors").is_file()
    report = report_of(tmp_path / "home")
    assert report.reward.disagreement is not None
    assert read_json(RoundFiles(tmp_path / "home", 1).gate, Verdict) == report.verdict
