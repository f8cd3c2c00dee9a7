"""What a terminal shows of the characters that a program sends it."""

import os
import pty
import re
import subprocess
import sys

_SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def run_in_terminal(code: str, columns: int = 100) -> str:
    """All that a Python program writes to a terminal that is its standard output and error."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as program:
        os.close(theirs)
        received = b""
        while chunk := _read(ours):
            received += chunk
    os.close(ours)
    assert program.returncode == 0, received.decode()
    return received.decode()


def screen(received: str) -> list[str]:
    """The lines as they stand at the end: carriage returns, line erasing and cursor-up obeyed."""
    lines, row, column = [""], 0, 0
    for match in _SEQUENCE.finditer(received):
        text, (argument, command) = match[0], match.groups()
        if text == "\r":
            column = 0
        elif text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif command == "A":
            row -= int(argument or 1)
        elif command == "K":
            lines[row] = ""
        elif command is None:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
        else:
            assert command in "mhl", f"unknown terminal sequence {text!r}"
    return lines


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the program's side is closed
        return b""
