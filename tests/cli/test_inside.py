import csv
import json

import pytest

from fledge.checkpoint.translation_files import save_translation_model
from recordings import translator

TEXT = "The tide comes in"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["next", TEXT, "--temperature", 0.5, "--top-k", 3], "top-k 3"),
        (["next", TEXT, "--chat"], "Next token after"),
        (["surprisal", TEXT], "perplexity"),
        (["lens", TEXT], "layer 2"),
        (["heads"], "induction"),
        (["ablate", TEXT, "--head", "1.1", "--layer", 2], "Without layer 2; layer 1, head 1"),
        (["head", TEXT, "--layer", 2, "--head", 1], "Layer 2, head 1, token"),
        (["ablate", TEXT, "--by", "mean"], "mean ablation"),
        (["patch", TEXT, "The tide comes on", "--answer", "a", "--other", "b"], "corrupted"),
        (["salience", TEXT, "--target", "a"], "gradient"),
    ],
)
def test_each_command_prints_and_writes_its_numbers(fledge, chat_model, words, expected, tmp_path):
    name, *rest = words
    files = [tmp_path / f"a.{kind}" for kind in ("json", "csv", "html")]
    options = [word for file in files for word in (f"--{file.suffix[1:]}", file)]
    code, out, err = fledge("inspect", name, chat_model, *rest, *options)
    assert code == 0, err
    assert expected in " ".join(out.split())
    values = json.loads(files[0].read_text(encoding="utf-8"))
    rows = list(csv.reader(files[1].read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(values["rows"]) + 1 > 1
    assert rows[0] == list(values["rows"][0])
    page = files[2].read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "http" not in page and "<script" not in page
    assert err.count("written") == 3


@pytest.mark.parametrize("words", [["lens", TEXT], ["heads"], ["ablate", TEXT]])
def test_maps_are_drawn(fledge, chat_model, words, tmp_path):
    picture = tmp_path / ("map.svg" if words[0] == "lens" else "map.png")
    code, _, err = fledge("inspect", words[0], chat_model, *words[1:], "-o", picture)
    assert code == 0, err
    start = b"<?xml" if words[0] == "lens" else b"\x89PNG"
    assert picture.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["next", ""], "the text is empty"),
        (["next", TEXT * 30], "the model reads at most 64"),
        (["next", TEXT, "--position", 99], "--position 99 does not exist"),
        (["ablate", TEXT, "--layer", 3], "--layer 3 does not exist: the model's go from 1 to 2"),
        (["ablate", TEXT, "--head", "1.9"], "--head 9 does not exist: the model's go from 1 to 1"),
        (["head", TEXT, "--layer", 1, "--head", 2], "--head 2 does not exist: the model's go"),
        (["ablate", TEXT, "--head", "one"], "LAYER.HEAD such as 2.1, found 'one'"),
        (["ablate", TEXT, "--layer", 1, "-o", "a.png"], "name no layer or head"),
        (["salience", TEXT, "--target", "zzz zzz"], "expected one token, found"),
        (["lens", TEXT, "-o", "a.jpg"], "a picture's name ends in .png or .svg"),
        (["ablate", TEXT, "--count", "3"], "--count would have no effect"),
        (["patch", TEXT, "The"], "prompts of equal length"),
    ],
)
def test_wrong_words_are_named(fledge, chat_model, words, message):
    code, _, err = fledge("inspect", words[0], chat_model, *words[1:])
    assert code in (1, 2) and message in " ".join(err.split())


def test_a_model_of_another_kind_is_refused(fledge, reward_model, tmp_path):
    save_translation_model(tmp_path, translator())
    code, _, err = fledge("inspect", "lens", tmp_path, TEXT)
    assert code == 1 and "found an encoder-decoder" in " ".join(err.split())
    code, _, err = fledge("inspect", "next", reward_model, TEXT)
    assert code == 1 and "found a reward or value model" in " ".join(err.split())
