"""JSON files of a checkpoint: read with errors that name the file, written the same each time."""

import json
from collections.abc import Mapping
from pathlib import Path

from fledge.errors import CheckpointError


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        CheckpointError: the file is missing, damaged, or holds something else.
    """
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such file; a checkpoint is a directory with config.json and "
            "model.safetensors"
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error}); the file is damaged") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: expected a JSON object, found {type(values).__name__}")
    return values


def write_json(path: Path, values: Mapping[str, object]) -> None:
    """Write with sorted keys, so that the same values give the same bytes."""
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
