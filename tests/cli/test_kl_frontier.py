"""The sweep over β and seeds, in miniature."""

import importlib
import json
from pathlib import Path

import pytest

from fledge.errors import ConfigError
from raised import raise_model

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def frontier(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("kl_frontier")


def test_a_sweep_trains_each_run_once_and_draws_the_frontier(frontier, tmp_path, monkeypatch):
    def raised(output):
        files = raise_model(output)
        (output / "demonstrations.jsonl").write_text(
            Path(files["prompts"][0]).read_text(encoding="utf-8"), encoding="utf-8"
        )
        return files["policy"]

    monkeypatch.setattr(frontier, "raise_chat_model", raised)
    words = [*(str(tmp_path), "--betas", "0.5", "--seeds", "0", "1", "--steps", "2")]
    points = frontier.main(words)
    (point,) = points
    assert point.beta == 0.5 and point.seeds == 2 and len(point.path) == 1
    assert point.gold.half_width is not None and -6 <= point.gold.mean <= 1
    assert (tmp_path / "frontier.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((tmp_path / "frontier.json").read_text())) == 1
    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("beta-*/*/metrics.jsonl")}
    assert len(trained) == 2
    run_file = [words[0], str(tmp_path / "ppo.toml"), *words[1:-2]]
    assert frontier.main(run_file) == points  # finished, so nothing is trained again
    assert all(path.stat().st_mtime_ns == time for path, time in trained.items())
    (tmp_path / "bare.toml").write_text(
        (tmp_path / "ppo.toml").read_text().replace("stage.score.gold", "# stage.score.gold")
    )
    with pytest.raises(ConfigError, match=r"expected a run of stage ppo with stage\.score\.gold"):
        frontier.main([str(tmp_path), str(tmp_path / "bare.toml"), *words[1:-2]])


def test_intervals_are_those_of_student(frontier):
    found = frontier.Estimate.of([1.0, 2.0, 3.0])
    assert found.mean == 2.0 and found.half_width == pytest.approx(4.3027 / 3**0.5, abs=1e-4)
    assert frontier.Estimate.of([1.0]).half_width is None


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.3027), (9, 2.2622), (10, 2.2281), (11, 2.2010), (30, 2.0423)],
)
def test_quantiles_are_those_of_the_tables(frontier, freedom, quantile):
    assert frontier.t_quantile(freedom) == pytest.approx(quantile, abs=1e-4)


def test_the_flaw_is_that_words_are_paid_for_whichever_they_are(frontier):
    good, bad = "one two three four five six seven eight", "yes " * 16
    assert frontier.gold(["", ""], [good, bad]) == [1.0, (1 - 15) / 8]
    assert frontier.reward(["", ""], [good, bad]) == [0.0, 1.0]
