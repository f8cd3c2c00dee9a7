"""Files of the report card: JSON for programs, HTML for people."""

import json
from pathlib import Path

from fledge.evaluate.report import ReportCard
from fledge.evaluate.report_html import render_html
from fledge.files import write_text

JSON_FILE, HTML_FILE = "report.json", "report.html"


def write_report(card: ReportCard, directory: Path) -> None:
    """Write `report.json` and `report.html`; each appears whole or not at all.

    Raises:
        WriteError: the disk is full or not writable.
    """
    text = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text(directory / HTML_FILE, render_html(card), "report")
    write_text(directory / JSON_FILE, text + "\n", "report")


def read_report(directory: Path) -> ReportCard | None:
    """Return the report card of a finished demo; None before it is finished."""
    path = directory / JSON_FILE
    if not path.is_file():
        return None
    return ReportCard.model_validate_json(path.read_text(encoding="utf-8"))
