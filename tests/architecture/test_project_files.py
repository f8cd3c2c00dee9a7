"""What is said twice about the project is the same in both places."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def package(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    named = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {package(name): version for name, _, version in named}


def test_every_dependency_is_pinned() -> None:
    extras = PROJECT["optional-dependencies"].values()
    needed = {package(each) for group in (PROJECT["dependencies"], *extras) for each in group}
    assert needed <= pins().keys()
    assert pins()["torch"] == "2.13.0"


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "check", "bench"):
        assert re.search(rf"^{target}: \$\(VENV\)/installed", makefile, flags=re.M), target


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    readme = (ROOT / "README.md").read_text()
    assert "<!-- the test command -->\n```sh\nmake test\n```" in readme
    assert "<!-- the test command -->" in script
    assert "\nmake check\n" in script
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)


def test_the_packages_of_the_tree_in_the_readme_are_those_that_exist() -> None:
    tree = (ROOT / "README.md").read_text().partition("src/fledge/\n")[2].partition("```")[0]
    shown = set(re.findall(r"^[├└]── (\w+)/", tree, flags=re.M))
    packages = {path.parent.name for path in (ROOT / "src" / "fledge").glob("*/__init__.py")}
    assert shown == packages


def test_the_version_is_said_once_more_in_the_package() -> None:
    source = (ROOT / "src" / "fledge" / "version.py").read_text()
    assert f'__version__ = "{PROJECT["version"]}"' in source
