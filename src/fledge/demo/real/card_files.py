"""The report card on disk: as JSON, and as one HTML page without scripts or requests."""

import json
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from fledge.demo.real.card import MODEL_NAMES, MODELS, RealCard
from fledge.evaluate.charts import legend
from fledge.evaluate.report_files import HTML_FILE, JSON_FILE, drawn, percent, style
from fledge.files import write_text

TEMPLATE = "card.html.jinja"


def write_card(card: RealCard, directory: Path) -> None:
    """Write `report.json` and `report.html`; each appears whole or not at all.

    Raises:
        WriteError: the disk is full or not writable.
    """
    text = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text(directory / HTML_FILE, render_html(card), "report")
    write_text(directory / JSON_FILE, text + "\n", "report")


def read_card(directory: Path) -> RealCard | None:
    """Read the report card of a finished demo; return None before."""
    path = directory / JSON_FILE
    if not path.is_file():
        return None
    return RealCard.model_validate_json(path.read_text(encoding="utf-8"))


def render_html(card: RealCard) -> str:
    """Render the page; every text from a model is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    environment.globals |= {"svg": drawn, "legend": legend}
    source = files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(
        card=card,
        models=MODELS,
        model_names=MODEL_NAMES,
        style=style(),
    )
