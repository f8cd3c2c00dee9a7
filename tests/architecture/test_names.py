"""Every global name is defined: ruff and mypy cannot tell, since shape strings look like names."""

import builtins
import symtable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "src").rglob("*.py"))
OF_MODULES = {"__file__", "__name__", "__doc__", "__path__", "__all__", "__spec__"}


def undefined(source, name="source.py"):
    """Global names that a module reads but neither defines, imports nor has built in."""
    module = symtable.symtable(source, name, "exec")
    known = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned()}
    known |= {symbol.get_name() for symbol in module.get_symbols() if symbol.is_imported()}
    known |= {child.get_name() for child in module.get_children()}
    known |= set(dir(builtins)) | OF_MODULES
    return sorted(read_in(module) - known)


def read_in(table):
    names = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
    }
    return names.union(*map(read_in, table.get_children()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_name_is_defined(path):
    assert undefined(path.read_text(encoding="utf-8"), str(path)) == []


def test_a_missing_import_is_found():
    broken = "def size(path: Path) -> int:\n    return os.stat(path).st_size + len(path)\n"
    assert undefined(broken) == ["Path", "os"]
    assert undefined("from os import stat\nclass A:\n    b = 1\n    c = b\n") == []
