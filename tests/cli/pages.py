"""Read the pages as a reader does who types what they say: blocks, and what to do before them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = ("sh", "bash")
BEFORE = re.compile(r"Before\s(?:this|these)\s(?:command|example)s?,.*?:$", re.S | re.M)
"""A condition: its inline code is to be typed first."""
PROGRAMS = ("fledge", "cp", "mkdir")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced or indented block of a page."""

    line: int
    """Line of the page, from 1, at which it begins."""
    language: str
    """As the fence names it, empty where it names none; "indented" without a fence."""
    text: str


def read_page(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page, from top to bottom."""
    lines, found, number = text.splitlines(), [], 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("```"):
            end = lines.index("```", number + 1)
            inside, language, following = lines[number + 1 : end], line[3:].strip(), end + 1
        elif line.startswith("    ") and (number == 0 or not lines[number - 1].strip()):
            end = number
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            inside, language, following = lines[number:end], "indented", end
        else:
            number += 1
            continue
        found.append(Block(number + 1, language, "\n".join(inside) + "\n"))
        number = following
    return found


def commands_before(text: str) -> tuple[str, ...]:
    """Return the commands that a page names as the condition of its blocks."""
    commands: dict[str, None] = {}
    for paragraph in BEFORE.findall(text):
        inline = re.findall(r"`([^`]+)`", paragraph)
        named = [one for one in inline if one.split()[0] in PROGRAMS]
        for file in re.findall(r"\]\(\.\./(runs/[^)]+\.toml)\)", paragraph):
            named += commands_of(ROOT / file)[:-1]
        assert named, f"this says no command: {paragraph}"
        commands |= dict.fromkeys(named)
    return tuple(commands)


def commands_of(run_file: Path) -> list[str]:
    """Return the commands in the comment at the top of a run file, which are indented."""
    text = read_page(run_file).replace("\\\n#", "")
    top = re.match(r"(?:#.*\n)+", text)
    assert top is not None, f"{run_file} does not say how it is run"
    return re.findall(r"^#   (fledge .*)$", top[0], re.M)


def command(line: str) -> str:
    """Return a line of a shell without its comment."""
    return re.split(r"\s+#\s", line)[0].strip()
