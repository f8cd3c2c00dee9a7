"""The report card as one HTML page: no script, nothing from outside, light and dark."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from fledge.evaluate.charts import Chart, legend, svg
from fledge.evaluate.report import MODEL_NAMES, MODELS, ReportCard

TEMPLATE = "report.html.jinja"


def render_html(card: ReportCard) -> str:
    """The page; every text from a model is escaped."""
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
        card=card, models=MODELS, model_names=MODEL_NAMES, bar=stage_shares(card)
    )


def percent(share: float) -> str:
    """A share as whole per cent."""
    return f"{share:.0%}"


def words(name: str) -> str:
    """A name of the code for people: "twenty_questions" is "twenty questions"."""
    return name.replace("_", " ")


def drawn(chart: Chart) -> Markup:
    """A chart's SVG, which escapes its own texts."""
    return Markup(svg(chart))


def stage_shares(card: ReportCard) -> list[tuple[str, float, float]]:
    """Stage, seconds and its share of the time, in per cent."""
    stages = {name: value for name, value in card.seconds.items() if name != "total"}
    total = sum(stages.values()) or 1.0
    return [(name, value, 100 * value / total) for name, value in stages.items()]
