import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model.md"


def test_the_examples_of_the_page_run_from_top_to_bottom():
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 5
    exec(compile("\n".join(examples), str(PAGE), "exec"), {})
