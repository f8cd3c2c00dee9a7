"""The examples run, and show what they say."""

import importlib.util
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ppo_with_a_function_raises_the_reward(tmp_path: Path) -> None:
    before, after = example("ppo_with_a_function").main(tmp_path)
    assert after > before + 0.1
