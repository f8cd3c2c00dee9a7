"""Options of `fledge demo --real`, and the chat page at its end."""

from contextlib import closing
from pathlib import Path

import pytest

from fledge.database import open_database
from fledge.demo.real.assistant import SUGGESTIONS
from fledge.serve.people.identity import local_owner


@pytest.fixture
def called(monkeypatch) -> dict[str, object]:
    """Replace the demo and the server; note what they are called with."""
    seen: dict[str, object] = {}

    def run(output: Path, seed: int) -> dict[str, Path]:
        seen["run"] = (output, seed)
        output.mkdir(parents=True)
        return {name: output / name for name in ("sft", "ppo", "import")}

    monkeypatch.setattr("fledge.demo.real.demo.run_real_demo", run)
    monkeypatch.setattr("fledge.serve.models.loading.served_models", lambda models: list(models))
    monkeypatch.setattr(
        "fledge.serve.launch.launch",
        lambda models, **options: seen.update(models=models, **options),
    )
    return seen


def test_it_serves_the_assistant_with_all_three_models(fledge, called, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "--real", "-o", tmp_path, "--seed", "2", "--port", "0")
    assert code == 0, err
    assert called["run"] == (tmp_path / "real", 2)
    assert called["models"] == ["sft", "ppo", "import"] and called["port"] == 0
    assert called["suggestions"] == SUGGESTIONS and called["login"] is False
    with closing(open_database(Path(str(called["database"])))) as kept:
        (assistant,) = kept.assistants.list(local_owner(kept).id)
    assert assistant.model == "sft"  # the first
    written = (tmp_path / "real" / "suggestions.txt").read_text(encoding="utf-8")
    assert written.splitlines() == list(SUGGESTIONS)


def test_without_a_page_it_says_how_to_open_one(fledge, called, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "--real", "--no-serve", "-o", tmp_path)
    assert code == 0 and "models" not in called
    assert f"serve {tmp_path / 'real' / 'sft'}" in err and "report.html" in err


@pytest.mark.parametrize("other", [["--translation"], ["--no-serve", "--port", "80"]])
def test_options_without_effect_are_refused(fledge, called, tmp_path: Path, other) -> None:
    code, _, err = fledge("demo", "--real", "-o", tmp_path, *other)
    assert code == 2 and "run" not in called
    assert other[-2 if "--port" in other else 0] in err
