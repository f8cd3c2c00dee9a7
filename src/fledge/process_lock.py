"""Lock of a file that one process holds, and a note in it of which process that is.

The lock opens by itself when its process ends, however it ends. So others can tell work that goes
on from work that was killed.
"""

import errno
import os
import platform
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fledge.errors import FledgeError
from fledge.files import explained

PAUSES = (0.0, 0.02, 0.05, 0.1)
"""Seconds before each try: `holder` has the lock for a moment."""
FAR = 2**20
"""Byte that Windows locks, far behind the note, which stays readable."""
HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
LONGEST_NOTE = 500
LARGEST_NUMBER = 2**31 - 1
"""Largest number of a process that a signal takes."""
START_TIME = 22
"""Field of /proc/PID/stat that tells when a process began, in ticks since the machine did."""

_mine: set[int] = set()
"""Open files whose locks this process holds."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process, by its machine, its number there, and the moment at which it began.

    `number` is 0 and the others are empty where a note cannot be read. `began` is empty where a
    system does not tell it. Numbers are given again, so a number alone may mean another process.
    """

    number: int = 0
    host: str = ""
    began: str = ""

    @classmethod
    def this(cls) -> "Process":
        """Return the process that runs this line."""
        return cls(os.getpid(), platform.node(), _began(os.getpid()))

    @classmethod
    def of(cls, note: str) -> "Process":
        """Read a note; an unreadable one is no known process."""
        number, _, rest = note.strip().partition(" ")
        host, _, began = rest.partition(" ")
        return cls(int(number), host, began) if number.isascii() and number.isdigit() else cls()

    @property
    def note(self) -> str:
        """The line that stands in a locked file."""
        return f"{self.number} {self.host} {self.began}\n"

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, and still the process that wrote the note."""
        # A signal to number 0 would reach every process of the sender's group.
        return (
            0 < self.number <= LARGEST_NUMBER
            and self.host == platform.node()
            and self.began == _began(self.number)
        )

    def __str__(self) -> str:
        """Name it for a message."""
        if not self.number:
            return "an unknown process"
        elsewhere = f" on {self.host}" if self.host and self.host != platform.node() else ""
        return f"process {self.number}{elsewhere}"


@contextmanager
def locked(
    file: Path, refusal: Callable[[Process], FledgeError], pauses: Sequence[float] = PAUSES
) -> Iterator[None]:
    """Hold the lock of a file within the context; `refusal` makes the error where another does.

    `pauses` are the seconds to wait before each try.
    Where the file system has no locks, nothing keeps a second process out. A forked child does not
    inherit the lock.

    Raises:
        FledgeError: the refusal.
        WriteError: the file is not writable.
    """
    with explained(file, "lock"):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    owner = os.getpid()
    try:
        if not any(_take_after(descriptor, pause) for pause in pauses):
            raise refusal(_holder(descriptor))
        _mine.add(descriptor)
        with explained(file, "lock"):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, Process.this().note.encode("utf-8"))
        yield
    finally:
        if os.getpid() == owner:  # in a forked child the number may mean another file by now
            _mine.discard(descriptor)
            os.close(descriptor)


def holder(file: Path) -> Process | None:
    """Return the process that holds the lock of a file now; None if none does.

    To read the file is enough, so those who may not write it can tell, too. Nobody holds a link,
    which may lead to the lock of other work, or a pipe, which would block its reader.
    """
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            return None
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        if not os.path.samestat(status, os.fstat(descriptor)):  # replaced just now
            return None
        return None if _take(descriptor, shared=True) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> Process:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return Process.of(os.read(descriptor, LONGEST_NOTE).decode("utf-8", "replace"))


def _began(number: int) -> str:
    """Return when a process began; empty if there is none, or the system does not tell."""
    try:
        status = Path(f"/proc/{number}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    # The second field is the program's name in brackets, which may hold blanks and brackets.
    return status.rpartition(")")[2].split()[START_TIME - 3]


def _take_after(descriptor: int, pause: float) -> bool:
    time.sleep(pause)
    return _take(descriptor, shared=False)


def _take(descriptor: int, *, shared: bool) -> bool:
    """Lock an open file without waiting; closing it, or the end of the process, unlocks it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in HELD
    return True


def _leave_to_the_parent() -> None:
    """Close what a fork copied: a child that outlives its parent would hold the lock for it."""
    for descriptor in _mine:
        with suppress(OSError):
            os.close(descriptor)
    _mine.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
