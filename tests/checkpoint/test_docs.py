import re
from pathlib import Path

from fledge.model.huggingface import FAMILIES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "huggingface.md"
TEXT = DOCS.read_text(encoding="utf-8")


def test_the_example_of_the_page_runs():
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(example, str(DOCS), "exec"), {})


def test_every_family_is_on_the_page():
    families = re.findall(r"^\| ([\w-]+) \|", TEXT, re.MULTILINE)
    names = {family.lower().replace("-", "") for family in families}
    assert names >= {name.replace("-", "") for name in FAMILIES} | {"marian"}
