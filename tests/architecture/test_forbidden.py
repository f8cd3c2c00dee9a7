"""What the house does not do, looked for in the syntax trees."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fledge"
FILES = sorted(SOURCE.rglob("*.py"))


def is_unsafe_load(node):
    """`torch.load` without weights_only=True."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load"):
        return False
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    return given.get("weights_only") != "True"


def imports_pickle(node):
    if isinstance(node, ast.Import):
        return any(alias.name in {"pickle", "dill", "cloudpickle"} for alias in node.names)
    return isinstance(node, ast.ImportFrom) and node.module in {"pickle", "dill", "cloudpickle"}


def catches_everything(node):
    if not isinstance(node, ast.ExceptHandler):
        return False
    return node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_pickle_and_no_broad_except(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path}:{getattr(node, 'lineno', 0)}"
        assert not is_unsafe_load(node), where
        assert not imports_pickle(node), where
        assert not catches_everything(node), where
