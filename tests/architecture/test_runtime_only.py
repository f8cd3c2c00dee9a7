"""Only `runtime/` knows devices and processes; read from the syntax trees."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fledge"
FILES = sorted(path for path in SOURCE.rglob("*.py") if SOURCE / "runtime" not in path.parents)
DEVICES = {"cuda", "mps", "nccl", "gloo"}


def names_torch_distributed(node):
    if isinstance(node, ast.Import):
        return any(alias.name.startswith("torch.distributed") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        names = {f"{module}.{alias.name}" for alias in node.names}
        return any(name.startswith("torch.distributed") for name in {module, *names})
    return isinstance(node, ast.Attribute) and ast.unparse(node).startswith("torch.distributed")


def names_a_device(node):
    if isinstance(node, ast.Attribute):
        return node.attr in DEVICES
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.split(":")[0] in DEVICES
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_runtime_knows_devices_and_processes(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    assert [n.lineno for n in nodes if names_a_device(n)] == []
    # torch's distributed checkpoint is the one exception that the design allows.
    if path != SOURCE / "checkpoint" / "training_state.py":
        assert [n.lineno for n in nodes if names_torch_distributed(n)] == []
