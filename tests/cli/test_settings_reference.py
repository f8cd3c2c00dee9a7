"""docs/settings.md and docs/training.md keep up with the settings."""

import re
import tomllib
from pathlib import Path

import pytest

from fledge.cli.settings_reference import page, row, sections_of
from fledge.config import parse_section
from fledge.runs.pipeline import Pipeline
from fledge.runs.run import FREE_TO_CHANGE, Run

DOCS = Path(__file__).parents[2] / "docs"
SECTIONS = [model for root in (Run, Pipeline) for _, model in sections_of(root, "", set())]


def test_the_page_is_what_the_settings_say():
    written = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m fledge.cli.settings_reference > docs/settings.md"


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_sections_are_small_and_every_setting_is_explained(model):
    assert len(model.model_fields) <= 16
    for name, field in model.model_fields.items():
        assert len(row(name, field).split("|")[3].split()) >= 3, name


def test_the_examples_of_the_training_page_are_runs():
    text = (DOCS / "training.md").read_text(encoding="utf-8")
    run, pipeline = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert parse_section(tomllib.loads(run), Run, "training.md").optimizer.schedule == "wsd"
    runs = parse_section(tomllib.loads(pipeline), Pipeline, "training.md").runs
    assert runs[1].stage.model == Path("checkpoints/books/pretrain")
    for name in FREE_TO_CHANGE[1:]:
        assert f"`{name}`" in text
