import re
from pathlib import Path

from fledge.generate import SamplingParams

PAGE = Path(__file__).parents[2] / "docs" / "generation.md"


def test_the_examples_of_the_page_run():
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    exec(compile(code, str(PAGE), "exec"), {"__name__": "docs"})


def test_the_page_names_every_setting():
    text = PAGE.read_text("utf-8")
    assert [name for name in SamplingParams.model_fields if f"`{name}`" not in text] == []
