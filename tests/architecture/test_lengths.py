"""No file is longer than a reader's patience."""

from pathlib import Path

import pytest

from architecture.figures import functions, lines, main, rooms

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
LONGEST_FILE = 350
LONGEST_FUNCTION = 70


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    assert lines(path) <= LONGEST_FILE
    for length, name in functions(path):
        assert length <= LONGEST_FUNCTION, f"{name} has {length} lines"


@pytest.mark.parametrize("room", ["database", "serve", "starter"])
def test_what_people_rely_on_has_as_much_test_as_code(room):
    code, tests = rooms()[room]
    assert tests >= code


def test_the_figures_are_printed(capsys):
    main()
    printed = capsys.readouterr().out
    assert printed.startswith("longest file") and "tests : code" in printed
    assert all(f"  {room} " in printed for room in rooms())
