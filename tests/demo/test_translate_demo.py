from pathlib import Path

import pytest

from fledge.config import load_toml
from fledge.data.sentence_pairs import load_pairs
from fledge.demo import translation
from fledge.demo.translation import run_translation_demo, translation_run
from fledge.runs.run import Run
from fledge.starter.parallel import sentence_pairs
from fledge.train.progress import SilentProgress

FILE = Path(__file__).parents[2] / "runs" / "starter" / "translate.toml"


def test_the_run_file_holds_the_demo():
    assert load_toml(FILE, Run) == translation_run(Path("demo/translation"), 0)


def test_the_sentences_are_written_and_trained_on(tmp_path, monkeypatch):
    few = {split: sentence_pairs(split)[:12] for split in ("train", "held_out")}
    monkeypatch.setattr(translation, "STEPS", 2)
    monkeypatch.setattr(translation, "sentence_pairs", few.__getitem__)
    checkpoint = run_translation_demo(tmp_path, 0, SilentProgress())
    assert (checkpoint / "model.safetensors").is_file()
    for split in few:
        written = load_pairs(str(tmp_path / "data" / f"{split}.tsv"))
        assert [(pair.source, pair.target) for pair in written] == few[split]


@pytest.mark.parametrize("option", [("--port", "80"), ("--no-serve",)])
def test_the_page_s_options_are_refused(option, capsys):
    from fledge.cli.app import run

    assert run(["demo", "--translation", *option]) == 2
    assert "would have no effect" in capsys.readouterr().err
