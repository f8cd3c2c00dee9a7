"""The imported model of a pipeline: made once, and never taken for another."""

from pathlib import Path

import pytest

from fledge.checkpoint.directory import is_checkpoint
from fledge.errors import ConfigError
from fledge.runs.imported import IMPORTED, ImportConfig, import_once
from small_smollm2 import write_small_smollm2


def test_a_model_is_imported_once_and_another_is_refused(tmp_path: Path) -> None:
    theirs, output = write_small_smollm2(tmp_path / "theirs"), tmp_path / "out"
    config = ImportConfig(source=str(theirs))
    import_once(config, output)
    assert is_checkpoint(output / IMPORTED)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    import_once(config, output)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    for other in ({"source": "smollm2"}, {"max_new_tokens": 64}):
        (changed,) = other
        with pytest.raises(ConfigError, match=f"another import: {changed} is"):
            import_once(config.model_copy(update=other), output)
