"""No module imports itself through others: not at its top, not lazily inside a function."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = "fledge"

Graph = dict[str, set[str]]


def module_name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(source: Path, package: str) -> Graph:
    """Every module of a package with those it imports, wherever in it the import stands."""
    paths = sorted((source / package).rglob("*.py"))
    files = {module_name(path, source): path for path in paths}
    return {
        name: {found for found in imported(path, files) if found in files and found != name}
        for name, path in files.items()
    }


def imported(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    for node in running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: name the module whole"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else str(node.module)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree but those that only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from running(other)
        else:
            yield from running(child)


def circle(graph: Graph) -> list[str]:
    """One circle of a graph, its first module again at the end; empty where there is none."""
    done: set[str] = set()

    def follow(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph[name]):
            if found := follow(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := follow(name, []))), [])


def test_no_module_imports_itself_through_others() -> None:
    found = circle(import_graph(SOURCE, PACKAGE))
    assert not found, " → ".join(found)


TOP = "from package import b\n"
LAZY = "def f():\n    from package.b import c\n    return c\n"
PLAIN = "import package.b\n"
TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from package.b import c\n"


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        (TOP, "import json\n", []),
        (TOP, "from package.a import f\n", ["package.a", "package.b", "package.a"]),
        (LAZY, "import package.a\n", ["package.a", "package.b", "package.a"]),
        (PLAIN, "def f():\n    import package.a\n", ["package.a", "package.b", "package.a"]),
        (TYPES, "import package.a\n", []),
    ],
)
def test_a_circle_is_found_wherever_it_is_tied(
    tmp_path: Path, here: str, there: str, found: list[str]
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    for name, text in (("__init__", ""), ("a", here), ("b", there)):
        (package / f"{name}.py").write_text(text)
    assert circle(import_graph(tmp_path, "package")) == found
