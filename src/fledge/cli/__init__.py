"""The command line: one thin file per command, which parses, calls and prints."""

import sys


def main() -> None:
    """Run `fledge` on this process's arguments and exit with its code."""
    from fledge.cli.app import run

    sys.exit(run(sys.argv[1:]))
