import re
from pathlib import Path

from fledge.cli.reference import commands
from fledge.inspect.drawing import MOST_WORDS
from tiny_model import write_language_model

PAGE = Path(__file__).parents[2] / "docs" / "inspect.md"


def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    checkpoint = write_language_model(tmp_path / "model")
    names = {"__name__": "docs", "checkpoint": checkpoint, "directory": tmp_path}
    exec(compile(code, str(PAGE), "exec"), names)
    assert (tmp_path / "tide.svg").stat().st_size > 1000


def test_the_page_names_every_option_and_the_limit() -> None:
    text = PAGE.read_text("utf-8")
    (command,) = (command for name, command in commands() if name == "inspect attention")
    for parameter in command.params:
        for option in parameter.opts:
            assert not option.startswith("--") or f"`{option}" in text or f" {option} " in text
    assert f"room for {MOST_WORDS} words" in text
