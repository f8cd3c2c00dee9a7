"""Presence of a run in its output: a lock while a process trains it, and a note of how it ended."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal

from fledge.errors import ConfigError, FledgeError, Interrupted, WriteError
from fledge.files import write_text
from fledge.process_lock import Process, holder, locked

LOCK_FILE = "running.lock"
END_FILE = "ended.json"


@dataclass(frozen=True, slots=True)
class End:
    """Last message of a run that did not finish."""

    state: Literal["stopped", "failed"]
    message: str


@contextmanager
def present(output: Path) -> Iterator[None]:
    """Train alone in `output` within the context, and note an end by an error.

    Raises:
        ConfigError: another process trains this run.
        WriteError: the directory is not writable.
    """

    def refusal(other: Process) -> ConfigError:
        return ConfigError(
            f"{output}: another process trains this run ({other}); wait until it ends, or choose "
            "another output"
        )

    with locked(output / LOCK_FILE, refusal):
        (output / END_FILE).unlink(missing_ok=True)
        with ExitStack() as stack:
            stack.push(partial(note_end, output))
            yield


def note_end(
    output: Path,
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> None:
    """Note the error that ends a context as the end of the run; the error goes on."""
    del kind, traceback
    if error is None:
        return
    if isinstance(error, Interrupted | KeyboardInterrupt):
        _write_end(output, End("stopped", str(error) or "stopped at once, by a second Ctrl-C"))
    else:
        known = isinstance(error, FledgeError)
        _write_end(output, End("failed", str(error) if known else repr(error)))


def read_end(output: Path) -> End | None:
    """Read the note of how a run ended; None if there is none, or nothing readable."""
    try:
        values = json.loads((output / END_FILE).read_text(encoding="utf-8"))
        state, message = values["state"], str(values["message"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return End(state, message) if state in ("stopped", "failed") else None


def trainer(output: Path) -> Process | None:
    """Return the process that trains a run now; None if there is none."""
    return holder(output / LOCK_FILE)


def _write_end(output: Path, end: End) -> None:
    # The error itself matters more than its note: a full disk may have caused it.
    with suppress(WriteError):
        text = json.dumps({"state": end.state, "message": end.message}, ensure_ascii=False)
        write_text(output / END_FILE, text + "\n")
