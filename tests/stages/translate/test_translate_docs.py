"""docs/translation.md points at code that is there, and names every metric."""

import re
from pathlib import Path

from stages.translate.translators import metrics_of, train

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "translation.md").read_text(encoding="utf-8")


def test_the_files_it_names_exist():
    files = re.findall(r"`((?:model|data|train|generate|runs)/[\w/.-]+\.(?:py|toml))`", PAGE)
    assert len(files) >= 10
    for file in files:
        assert (ROOT / file).is_file() or (ROOT / "src" / "fledge" / file).is_file(), file


def test_it_names_every_metric(tmp_path):
    train(tmp_path, steps=1)
    everywhere = {"step", "seen", "seconds", "per_second", "gradient_norm", "learning_rate"}
    names = {name for line in metrics_of(tmp_path) for name in line} - everywhere
    assert {"nll", "bleu", "perplexity"} <= names
    for name in names:
        assert f"`{name}`" in PAGE, name
