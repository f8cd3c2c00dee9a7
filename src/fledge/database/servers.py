"""Servers of one database: each shows by its heartbeat that it lives, and names what it writes."""

import os
import socket
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from fledge.database.engine import Transactions
from fledge.database.runs import interrupt_orphans
from fledge.database.tables import Holdings, Runs, Servers

PID_SPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class OwnRun:
    """A run that the database says this server writes, and whether somebody wants it stopped."""

    id: str
    is_stop_asked: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """State of the database at a heartbeat: beats of the other servers by id, and our own runs."""

    others: Mapping[str, int]
    runs: tuple[OwnRun, ...]


class ServerStore:
    """Store of servers. The row of this process has the id `id`, from `join` until `leave`."""

    def __init__(
        self, transactions: Transactions, clock: Callable[[], float], server_id: str
    ) -> None:
        self.id = server_id
        self._transactions = transactions
        self._clock = clock

    def join(self) -> int:
        """Enter this server; return the number of answers that dead servers left unfinished.

        A server of this machine whose process has ended is dead at once, another one only when its
        heart has stood still for a while (`remove`).
        """
        with self._transactions.write() as connection:
            others = select(Servers.id, Servers.pid).where(Servers.machine == machine())
            dead = [id_ for id_, pid in connection.execute(others) if not is_running(pid)]
            _forget(connection, dead)
            self._enter(connection)
            return interrupt_orphans(connection, self._clock())

    def beat(self) -> Beat:
        """Show that this server lives."""
        with self._transactions.write() as connection:
            beaten = connection.execute(
                update(Servers).where(Servers.id == self.id).values(beats=Servers.beats + 1)
            )
            if beaten.rowcount == 0:  # it stood still for so long that others took it for dead
                self._enter(connection)
            others = select(Servers.id, Servers.beats).where(Servers.id != self.id)
            runs = select(Runs.id, Runs.stop_asked).where(
                Runs.status == "running", Runs.server_id == self.id
            )
            return Beat(
                {id_: beats for id_, beats in connection.execute(others)},
                tuple(OwnRun(*row) for row in connection.execute(runs)),
            )

    def remove(self, dead: Mapping[str, int]) -> int:
        """Remove servers that still have these beats; return the number of answers they left."""
        with self._transactions.write() as connection:
            still = [
                id_
                for id_, beats in dead.items()
                if connection.scalar(select(Servers.beats).where(Servers.id == id_))
                in (beats, None)
            ]
            _forget(connection, still)
            return interrupt_orphans(connection, self._clock())

    def leave(self) -> int:
        """Remove this server; return the number of its answers that were not finished."""
        with self._transactions.write() as connection:
            _forget(connection, [self.id])
            return interrupt_orphans(connection, self._clock())

    def _enter(self, connection: Connection) -> None:
        _forget(connection, [self.id])
        connection.execute(
            insert(Servers).values(
                id=self.id,
                machine=machine(),
                pid=os.getpid(),
                started_at=self._clock(),
                beats=0,
            )
        )


def _forget(connection: Connection, servers: Collection[str]) -> None:
    connection.execute(delete(Holdings).where(Holdings.server_id.in_(servers)))
    connection.execute(delete(Servers).where(Servers.id.in_(servers)))


def machine() -> str:
    """Return the name under which process ids mean the same: host and, on Linux, container."""
    space = os.readlink(PID_SPACE) if PID_SPACE.is_symlink() else ""
    return f"{socket.gethostname()} {space}".strip()[:200]


def is_running(pid: int) -> bool:
    """Return whether a process of this machine runs; True where that cannot be told."""
    if sys.platform == "win32":
        return True  # a signal would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
