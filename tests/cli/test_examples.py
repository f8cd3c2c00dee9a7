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
