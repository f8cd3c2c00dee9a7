"""The report card on disk: as JSON, and as one HTML page without scripts or requests."""

import json
import logging
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from pydantic import ValidationError

from fledge.evaluate.charts import Chart, legend, svg
from fledge.evaluate.report import MODEL_NAMES, MODELS, ReportCard
from fledge.files import write_text

logger = logging.getLogger(__name__)

JSON_FILE, HTML_FILE = "report.json", "report.html"
TEMPLATE, STYLE = "report.html.jinja", "report.css"


def write_report(card: ReportCard, directory: Path) -> None:
    """Write `report.json` and `report.html`; each appears whole or not at all.

    Raises:
        WriteError: the disk is full or not writable.
    """
    text = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text(directory / HTML_FILE, render_html(card), "report")
    write_text(directory / JSON_FILE, text + "\n", "report")


def read_report(directory: Path) -> ReportCard | None:
    """Read the report card of a finished demo; return None before, and for one of another form."""
    path = directory / JSON_FILE
    if not path.is_file():
        return None
    try:
        return ReportCard.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError:
        logger.info("%s is of another version of fledge; measuring again", path)
        return None


def render_html(card: ReportCard) -> str:
    """Render the page; every text from a model is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    environment.filters["words"] = words
    environment.globals["svg"] = drawn
    environment.globals["legend"] = legend
    source = files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    template = environment.from_string(source)
    return template.render(
        card=card, models=MODELS, model_names=MODEL_NAMES, bar=stage_shares(card), style=style()
    )


def style() -> str:
    """Return the style sheet of every report card."""
    return files(__package__).joinpath(STYLE).read_text(encoding="utf-8")


def percent(share: float) -> str:
    """Format a share as a whole percentage."""
    return f"{share:.0%}"


def words(name: str) -> str:
    """Turn a name of the code into words: "twenty_questions" into "twenty questions"."""
    return name.replace("_", " ")


def drawn(chart: Chart) -> Markup:
    """Draw a chart as SVG, which escapes its own texts."""
    return Markup(svg(chart))


def stage_shares(card: ReportCard) -> list[tuple[str, float, float]]:
    """Return each stage with its seconds and its percentage of the total time."""
    stages = {name: value for name, value in card.seconds.items() if name != "total"}
    total = sum(stages.values()) or 1.0
    return [(name, value, 100 * value / total) for name, value in stages.items()]
