"""Options of `fledge demo --real`, and the chat page at its end."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.fake_page import FakePage
from fledge.database import open_database
from fledge.demo.real.assistant import SUGGESTIONS
from fledge.serve.models.offer import read_offer
from fledge.serve.people.identity import local_owner


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Replace the demo and its page; note what the demo is called with.

    PPO's model is chosen with seed 2. `finished` is a demo that has its card when it begins.
    """
    seen: dict[str, object] = {"finished": False}

    def run(output: Path, seed: int, *, after_sft: Callable[[], None]) -> dict[str, Path]:
        seen["run"] = (output, seed)
        output.mkdir(parents=True, exist_ok=True)
        after_sft()
        chosen = "ppo" if seed == 2 else "sft"
        return {name: output / name for name in dict.fromkeys((chosen, "ppo", "sft", "import"))}

    def card(output: Path) -> object:
        return SimpleNamespace(chosen="ppo") if seen["finished"] else None

    monkeypatch.setattr("fledge.demo.real.demo.run_real_demo", run)
    monkeypatch.setattr("fledge.demo.real.card_files.read_card", card)
    monkeypatch.setattr("fledge.demo.page.ChatPage", FakePage)
    monkeypatch.setattr(FakePage, "events", [], raising=False)
    return seen


def offered(output: Path) -> list[str]:
    offer = read_offer(output)
    assert offer is not None
    return [each.id for each in offer.models]


def answers_with(database: Path) -> str | None:
    with closing(open_database(database)) as kept:
        (assistant,) = kept.assistants.list(local_owner(kept).id)
    return assistant.model


def test_it_serves_the_assistant_with_all_three_models(fledge, called, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "--real", "-o", tmp_path, "--seed", "1", "--port", "0")
    assert code == 0, err
    output = tmp_path / "real"
    assert called["run"] == (output, 1)
    assert FakePage.events == [
        "made",
        "opened with models.toml, suggestions.txt",
        "waited",
        "closed",
    ]
    assert (FakePage.port, FakePage.database) == (0, output / "chats.db")
    assert offered(output) == ["sft", "ppo", "import"]
    assert answers_with(output / "chats.db") == "sft"  # the first
    written = (output / "suggestions.txt").read_text(encoding="utf-8")
    assert written.splitlines() == list(SUGGESTIONS)


def test_the_chosen_model_answers_in_the_end(fledge, called, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "--real", "-o", tmp_path, "--seed", "2")
    assert code == 0, err
    assert offered(tmp_path / "real") == ["ppo", "sft", "import"]
    assert answers_with(tmp_path / "real" / "chats.db") == "ppo"


def test_a_demo_that_was_finished_keeps_the_model_a_person_chose(
    fledge, called, tmp_path: Path
) -> None:
    called["finished"] = True
    assert fledge("demo", "--real", "-o", tmp_path, "--seed", "2")[0] == 0
    database = tmp_path / "real" / "chats.db"
    assert answers_with(database) == "ppo"
    with closing(open_database(database)) as kept:
        owner = local_owner(kept).id
        (assistant,) = kept.assistants.list(owner)
        kept.assistants.change(owner, assistant.id, model="sft")
    assert fledge("demo", "--real", "-o", tmp_path, "--seed", "2")[0] == 0
    assert answers_with(database) == "sft"


def test_a_demo_killed_after_its_card_moves_the_assistant_when_it_goes_on(
    fledge, called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*arguments: object) -> None:
        called["finished"] = True
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fledge.cli.real_demo.promote_once", killed)
        fledge("demo", "--real", "-o", tmp_path, "--seed", "2")
    database = tmp_path / "real" / "chats.db"
    assert called["finished"] and answers_with(database) == "sft"
    assert fledge("demo", "--real", "-o", tmp_path, "--seed", "2")[0] == 0
    assert answers_with(database) == "ppo"


def test_without_a_page_it_says_how_to_open_one(fledge, called, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "--real", "--no-serve", "-o", tmp_path)
    assert code == 0 and FakePage.events == []
    assert f"serve {tmp_path / 'real'}" in err and "report.html" in err
    assert not (tmp_path / "real" / "chats.db").exists()


@pytest.mark.parametrize("other", [["--translation"], ["--no-serve", "--port", "80"]])
def test_options_without_effect_are_refused(fledge, called, tmp_path: Path, other) -> None:
    code, _, err = fledge("demo", "--real", "-o", tmp_path, *other)
    assert code == 2 and "run" not in called
    assert other[-2 if "--port" in other else 0] in err
