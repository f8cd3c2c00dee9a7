import json
import subprocess
import sys
from pathlib import Path

import pytest

from fledge.checkpoint.lineage import write_lineage
from fledge.checkpoint.translation_files import save_translation_model
from recordings import translator
from tiny_model import lineage


@pytest.fixture(scope="module")
def translation_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("models") / "translate"
    directory = output / "step-00000020"
    save_translation_model(directory, translator())
    write_lineage(directory, lineage("translate"))
    return output


def test_a_translation_is_drawn_and_its_numbers_written(fledge, translation_model, tmp_path):
    picture, numbers = tmp_path / "day.png", tmp_path / "day.json"
    code, out, err = fledge(
        *("inspect", "attention", translation_model, "how was your day?"),
        *("--target", "comment dort un chien", "-o", picture, "--json", numbers),
    )
    assert code == 0, err
    assert picture.read_bytes().startswith(b"\x89PNG")
    values = json.loads(numbers.read_text(encoding="utf-8"))
    assert values["sources"] == ["how", "was", "your", "day", "?", "⟨end⟩"]
    assert "comment dort un chien" in out and "cross-attention · layer" in out
    assert str(picture) in err and str(numbers) in err


def test_without_a_picture_the_words_are_printed(fledge, translation_model):
    code, out, _ = fledge("inspect", "attention", translation_model, "a dog", "--beams", 1)
    assert code == 0
    assert "looks at" in out and "dog 0." in " ".join(out.split())


def test_all_heads_are_drawn_on_one_sheet(fledge, translation_model, tmp_path):
    picture = tmp_path / "heads.svg"
    code, _, _ = fledge(
        "inspect", "attention", translation_model, "a dog", "--heads", "-o", picture
    )
    assert code == 0 and "<svg" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["chat_model", "reward_model"])
def test_a_chat_or_reward_model_reads_a_text(fledge, model, request, tmp_path):
    checkpoint, numbers = request.getfixturevalue(model), tmp_path / "tide.json"
    code, out, _ = fledge(
        *("inspect", "attention", checkpoint, "The tide comes in."),
        *("--layer", 2, "--best", "--json", numbers),
    )
    assert code == 0 and "self-attention · layer 2 of 2" in out
    values = json.loads(numbers.read_text(encoding="utf-8"))
    assert values["translation"] is None and values["targets"][0] == "The"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", 9], "--layer 9 does not exist: the model's go from 1 to 3"),
        (["--layer", 1, "--head", 3], "--head 3 does not exist: the model's go from 1 to 2"),
        (["--head", 1], "--head 1 needs a --layer"),
        (["--output", "day.jpg"], "day.jpg: a picture's name ends in .png or .svg"),
        (["--json", "."], "is a folder; name a file"),
        (["--mean", "--best"], "--mean or --best, not both"),
        (["--heads"], "--heads draws a picture; give --output"),
        (["--heads", "-o", "a.png", "--layer", 1], "--layer would have no effect"),
        (["--layer", 1, "--head", 1, "--mean"], "--mean would have no effect"),
        (["--target", " "], "the target is empty"),
    ],
)
def test_wrong_options_are_named(fledge, translation_model, options, message):
    code, _, err = fledge("inspect", "attention", translation_model, "a dog", *options)
    assert code in (1, 2) and message in " ".join(err.split())


def test_a_model_that_does_not_translate_takes_no_target(fledge, chat_model):
    code, _, err = fledge("inspect", "attention", chat_model, "The tide", "--target", "La marée")
    assert code == 2 and "does not translate: --target would have no effect" in err


def test_reading_without_a_picture_imports_no_matplotlib(translation_model):
    program = (
        "import sys; from fledge.cli.app import run;"
        "code = run(['inspect', 'attention', sys.argv[1], 'a dog', '--beams', '1']);"
        "sys.exit(code or 'matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, translation_model], check=True, timeout=120)
