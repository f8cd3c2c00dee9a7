"""The report card on disk: for programs and for people."""

import json
from pathlib import Path

from fledge.checkpoint.directory import write_text
from fledge.evaluate.report import ReportCard
from fledge.evaluate.report_html import render_html

JSON_FILE, HTML_FILE = "report.json", "report.html"


def write_report(card: ReportCard, directory: Path) -> None:
    """Write `report.json` and `report.html`; each appears whole or not at all."""
    text = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text(directory / HTML_FILE, render_html(card))
    write_text(directory / JSON_FILE, text + "\n")


def read_report(directory: Path) -> ReportCard | None:
    """The report card of a demo that is over; None before."""
    path = directory / JSON_FILE
    if not path.is_file():
        return None
    return ReportCard.model_validate_json(path.read_text(encoding="utf-8"))
