"""One thread for every test, as `make test` has it, and checked types in every call."""

import os
from pathlib import Path

from beartype import BeartypeConf
from beartype.claw import beartype_package
from jaxtyping import install_import_hook

# Before torch is imported: its OpenMP reads this once. Sums are rounded alike on every machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PACKAGE = Path(__file__).parents[1] / "src" / "fledge"


def modules_of(package: Path, *words: str) -> list[str]:
    """Name the modules of a package that hold one of the words."""
    files = [file for file in sorted(package.rglob("*.py")) if file.name != "__init__.py"]
    found = [file for file in files if any(word in file.read_text("utf-8") for word in words)]
    return [".".join(file.relative_to(package.parent).with_suffix("").parts) for file in found]


# jaxtyping checks shapes, at fifty microseconds a call, and takes the names that only mypy imports.
# Everywhere else beartype alone checks the same annotations in one microsecond.
install_import_hook(modules_of(PACKAGE, "torch", "jaxtyping", "TYPE_CHECKING"), "beartype.beartype")
beartype_package("fledge", conf=BeartypeConf(claw_is_pep526=False, violation_type=TypeError))
