import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs" / "text.md"


def test_the_examples_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 7
    namespace = {}
    for example in examples:
        exec(compile(example, str(DOCS), "exec"), namespace)
    assert "hen" in capsys.readouterr().out
