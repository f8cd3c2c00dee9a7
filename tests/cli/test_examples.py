"""The examples run as they are, and show what they say."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fledge.feedback.records import ChatTurn, Ranking, Response
from raised import raise_model

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_ppo_with_a_function_raises_the_reward(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "ppo_with_a_function.py"), str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    before, after = re.search(r"mean reward (\S+) before PPO, (\S+) after", shown).groups()
    assert float(after) > float(before) + 0.1


def test_active_selection_compares_what_as_many_rankings_teach(tmp_path: Path) -> None:
    sizes = "--seeds 1 --first 6 --chosen 3 --pool 12 --held-out 6 --answers 3 --ensemble 2"
    words = f"{sizes} --sft-steps 40 --epochs 1".split()
    command = [sys.executable, str(EXAMPLES / "active_selection.py"), str(tmp_path), *words]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = dict(re.findall(r"^\| (\w[\w ]+) \| (\S+) % \|", shown, flags=re.M))
    assert list(rows) == ["first rankings only", "random", "uncertain", "disagreeing"]
    assert all(0 <= float(accuracy) <= 100 for accuracy in rows.values())
    files = [tmp_path / "seed-0" / f"{way}.jsonl" for way in list(rows)[1:]]
    read = [file.read_text().splitlines() for file in files]
    assert [len(lines) for lines in read] == [9, 9, 9]
    assert read[0][:6] == read[1][:6] == read[2][:6]
    assert len({tuple(lines[6:]) for lines in read}) > 1


def test_whole_rankings_are_compared_with_shuffled_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = importlib.import_module("k_wise")
    model = raise_model(tmp_path / "model")["policy"]
    answers = ("red.", "green.", "blue. It is blue.", "black")
    rankings = [
        Ranking(
            prompt=(ChatTurn(role="user", content=f"say {number}"),),
            responses=tuple(Response(id=str(at), content=text) for at, text in enumerate(answers)),
            ranking=(("0",), ("1", "2"), ("3",)),
        )
        for number in range(6)
    ]
    file = tmp_path / "rankings.jsonl"
    file.write_text("".join(one.model_dump_json(exclude_none=True) + "\n" for one in rankings))
    sizes = example.Sizes(folds=2, epochs=2, length=64)
    example.main(tmp_path / "out", Path(model), [str(file)], sizes)
    shown = capsys.readouterr().out
    assert shown.startswith("6 rankings, 30 pairs of 6 prompts; each prompt held out once")
    rows = re.findall(r"^\| (whole rankings|shuffled pairs) \| (\d) \| (\S+)% \|", shown, re.M)
    assert [(way, passes) for way, passes, _ in rows] == [
        *(("whole rankings", "1"), ("whole rankings", "2")),
        *(("shuffled pairs", "1"), ("shuffled pairs", "2")),
    ]
    written = (tmp_path / "out" / "shuffled-pairs-0.jsonl").read_text().splitlines()
    assert len(written) == 3 * 5 and len(set(written)) == 15
