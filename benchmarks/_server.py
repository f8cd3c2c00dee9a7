"""Servers in processes of their own, for benchmarks."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTUP_SECONDS = 180


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def server(name: str, checkpoint: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, and yield once it answers."""
    common = ["--host", "127.0.0.1", "--port", str(port)]
    peer = [str(Path(sys.executable).with_name("transformers")), "serve", str(checkpoint)]
    peer += ["--device", "cpu"]
    commands = {
        "fledge": [sys.executable, "-m", "fledge", "serve", f"m={checkpoint}", "--no-login"],
        "transformers": peer,
        "transformers batching": [*peer, "--continuous-batching"],
    }
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "FLEDGE_DATABASE": str(Path(home) / "fledge.db"),
            "HF_HUB_OFFLINE": "1",
        }
        log = Path(home) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*commands[name], *common],
                env=environment,
                cwd=home,
                stdout=output,
                stderr=output,
            )
        try:
            wait_until_open(port, process, log)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server did not start:\n{log.read_text()[-3000:]}")


def resident(process: subprocess.Popen[bytes]) -> int:
    """Return the bytes of memory that the server holds."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
