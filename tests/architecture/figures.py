"""Print the house in figures, as the last step of `make check`.

`python tests/architecture/figures.py`: the longest file and function, and lines of tests to lines
of code for every room.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE, TESTS = ROOT / "src" / "fledge", ROOT / "tests"
ELSEWHERE = {"serve": ("serve", "browser")}
"""Rooms whose tests do not lie in the one folder of their name."""
GENERATED = "migrations"
"""Steps of a database's schema, which tests/database runs but does not mirror."""


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if GENERATED not in path.parts)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """Length and name of every function, methods and nested ones included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node.name


def rooms() -> dict[str, tuple[int, int]]:
    """Lines of code and lines of tests of every package."""
    found = {}
    for package in sorted(path.parent for path in SOURCE.glob("*/__init__.py")):
        folders = ELSEWHERE.get(package.name, (package.name,))
        tests = [file for folder in folders for file in python_files(TESTS / folder)]
        found[package.name] = (sum(map(lines, python_files(package))), sum(map(lines, tests)))
    return found


def main() -> None:
    files = python_files(SOURCE)
    longest = max(files, key=lines)
    length, name, place = max((*one, path) for path in files for one in functions(path))
    code, tests = sum(map(lines, files)), sum(map(lines, python_files(TESTS)))
    print(f"longest file      {lines(longest):>6,} lines  {longest.relative_to(ROOT)}")
    print(f"longest function  {length:>6,} lines  {name} in {place.relative_to(ROOT)}")
    print(f"tests : code      {tests / code:>6.2f}        {tests:,} to {code:,} lines")
    for room, (own, its_tests) in rooms().items():
        print(f"  {room:<16}{its_tests / own:>6.2f}        {its_tests:,} to {own:,}")


if __name__ == "__main__":
    main()
