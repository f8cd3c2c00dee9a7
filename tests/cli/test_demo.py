"""`fledge demo`: when its chat page opens and closes, and what stands beside the models."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.fake_page import FakePage
from fledge.cli.demo import suggestions
from fledge.errors import CheckpointError
from fledge.serve.models.offer import read_offer

RunDemo = Callable[..., list[Path]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the demo and its page."""

    def run_demo(output: Path, seed: int, *, after_sft: Callable[[], None]) -> list[Path]:
        output.mkdir(parents=True)
        after_sft()
        if seed == 13:
            raise CheckpointError("PPO failed")
        return []

    monkeypatch.setattr("fledge.demo.demo.run_demo", run_demo)
    monkeypatch.setattr("fledge.demo.page.ChatPage", FakePage)
    monkeypatch.setattr(FakePage, "events", [], raising=False)


@pytest.mark.usefixtures("run")
def test_the_page_opens_after_sft_with_all_it_offers_and_stays(fledge, tmp_path: Path) -> None:
    output = tmp_path / "demo"
    code, _, err = fledge("demo", "-o", output, "--seed", "2", "--port", "81")
    assert code == 0, err
    assert FakePage.events == [
        "made",
        "opened with models.toml, suggestions.txt",
        "waited",
        "closed",
    ]
    assert (FakePage.port, FakePage.database) == (81, output / "chats.db")
    assert "report.html" in err and "stays open at http://localhost:8000" in err
    offer = read_offer(output)
    assert offer is not None
    assert [(each.id, each.run) for each in offer.models] == [
        ("ppo", "ppo"),
        ("sft", "sft"),
        ("base", "pretrain"),
    ]
    assert (output / "suggestions.txt").read_text().splitlines() == suggestions(2)


@pytest.mark.usefixtures("run")
def test_without_a_page_the_folder_is_named_that_serves_the_same(fledge, tmp_path: Path) -> None:
    output = tmp_path / "demo"
    code, _, err = fledge("demo", "-o", output, "--no-serve")
    assert (code, FakePage.events) == (0, [])
    assert f"serve {output}" in err and read_offer(output) is not None


@pytest.mark.usefixtures("run")
def test_a_demo_that_fails_closes_its_page(fledge, tmp_path: Path) -> None:
    code, _, err = fledge("demo", "-o", tmp_path / "demo", "--seed", "13")
    assert code != 0 and "PPO failed" in err
    assert FakePage.events[-1] == "closed" and "waited" not in FakePage.events


@pytest.mark.usefixtures("run")
def test_a_page_that_died_is_not_waited_for(
    fledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakePage, "is_alive", False)
    code, _, err = fledge("demo", "-o", tmp_path / "demo")
    assert code == 0 and "waited" not in FakePage.events
    assert f"serve {tmp_path / 'demo'}" in err


@pytest.mark.usefixtures("run")
def test_of_several_processes_the_first_one_serves(
    fledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    code, _, _ = fledge("demo", "-o", tmp_path / "demo")
    assert (code, FakePage.events) == (0, [])
    assert read_offer(tmp_path / "demo") is None
