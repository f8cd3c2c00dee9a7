"""`run.json` of an output: the resolved run, with the settings it left open under "chosen"."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fledge.errors import CheckpointError
from fledge.files import write_text
from fledge.runs.recommended import Recommended

RUN_FILE = "run.json"
CHOSEN = "chosen"


def write_record(output: Path, settings: Mapping[str, object], chosen: Recommended) -> None:
    """Write the settings of a run that begins or resumes."""
    values = {**settings, CHOSEN: dataclasses.asdict(chosen)}
    text = json.dumps(values, indent=1, ensure_ascii=False)
    write_text(output / RUN_FILE, text + "\n")


def read_record(output: Path) -> tuple[dict[str, Any], Recommended]:
    """Read the settings of the run in `output`, and those among them that were chosen for it.

    Older runs record no choice: they took the defaults of the sections.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    path = output / RUN_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is missing or damaged ({error}), so the run in {output} is unknown; choose "
            "another output"
        ) from error
    assert isinstance(values, dict)
    chosen = values.pop(CHOSEN, {})
    return values, Recommended(chosen.get("optimizer", {}), chosen.get("batch", {}))
