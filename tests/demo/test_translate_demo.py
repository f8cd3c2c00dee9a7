import json
from pathlib import Path

import pytest

from fledge.checkpoint.translation_files import load_translation_model
from fledge.config import load_toml
from fledge.data.sentence_pairs import load_pairs
from fledge.demo import translation
from fledge.demo.translation import (
    EVERYDAY_FILE,
    EverydayTranslation,
    findings,
    run_translation_demo,
    translate_everyday,
    translation_run,
    write_everyday,
)
from fledge.runs.run import Run
from fledge.starter.bilingual.everyday import everyday_sentences
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
    found = translate_everyday(load_translation_model(checkpoint))
    assert [one.english for one in found] == [one.english for one in everyday_sentences()]
    assert not any(one.is_right for one in found)


def test_what_is_wrong_is_listed_beside_the_scores(tmp_path):
    (tmp_path / "translations.json").write_text('{"bleu": 97.25, "sentences": 300}')
    found = [
        EverydayTranslation("I am sad.", "Je suis triste.", True),
        EverydayTranslation("I am sorry.", "Je suis fatigué.", False),
    ]
    assert list(findings(tmp_path, found)) == [
        "BLEU 97.2 on 300 held-out sentences of the grammar",
        "1 of 2 everyday sentences are right. Wrong are:",
        "  I am sorry. -> Je suis fatigué.",
    ]
    assert list(findings(tmp_path, found[:1]))[1:] == ["1 of 1 everyday sentences are right"]
    write_everyday(tmp_path, found)
    written = json.loads((tmp_path / EVERYDAY_FILE).read_text(encoding="utf-8"))
    assert written["right"] == 1
    assert written["sentences"][1] == {
        "english": "I am sorry.",
        "french": "Je suis fatigué.",
        "right": False,
    }


@pytest.mark.parametrize("option", [("--port", "80"), ("--no-serve",)])
def test_the_page_s_options_are_refused(option, capsys):
    from fledge.cli.app import run

    assert run(["demo", "--translation", *option]) == 2
    assert "would have no effect" in capsys.readouterr().err
