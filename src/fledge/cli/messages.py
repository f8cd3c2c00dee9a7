"""Messages on stderr: a coloured label, then words that no terminal obeys."""

import logging
import sys

import typer

from fledge.text.printable import printable


def print_error(message: str) -> None:
    """Print `error: message`."""
    _print("error", "red", message)


def print_stopped(message: str) -> None:
    """Print `stopped: message`, for a run that the user interrupted."""
    _print("stopped", "yellow", message)


def print_warning(message: str) -> None:
    """Print `warning: message`; the label stands before the first line only."""
    _print("warning", "yellow", message)


def log_to_terminal() -> None:
    """Show fledge's own log from INFO on; other libraries still show warnings alone."""
    logger = logging.getLogger("fledge")
    logger.handlers = [CurrentStderr()]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class CurrentStderr(logging.Handler):
    """Print log records to the present `sys.stderr`, warnings and errors with their label.

    A progress bar replaces `sys.stderr` while it lives, and moves the lines it is given above
    itself. Messages about data are printed once: a pipeline reads its data to check it, and again
    to train.
    """

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(OnceAboutData())

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        message = self.format(record)
        if record.levelno >= logging.ERROR:
            print_error(message)
        elif record.levelno >= logging.WARNING:
            print_warning(message)
        else:
            typer.echo(printable(message), file=sys.stderr)


class OnceAboutData(logging.Filter):
    """Stops messages of `fledge.data` that have been let through before, word for word."""

    def __init__(self) -> None:
        super().__init__("fledge.data")
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to print a record."""
        if not super().filter(record):
            return True
        message = record.getMessage()
        if message in self._said:
            return False
        self._said.add(message)
        return True


def _print(label: str, colour: str, message: str) -> None:
    """Print `label: message`; the label is coloured where the terminal has colours."""
    styled = typer.style(f"{label}:", fg=colour, bold=True)
    typer.echo(f"{styled} {printable(message)}", file=sys.stderr)
