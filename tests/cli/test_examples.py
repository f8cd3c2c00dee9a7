"""The examples run as they are, and show what they say."""

import re
import subprocess
import sys
from pathlib import Path

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
