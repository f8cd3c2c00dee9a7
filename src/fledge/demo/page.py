"""The chat page of a demo while it trains: a server in a process of its own, and a browser."""

import logging
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import final

from fledge.demo.page_server import READY
from fledge.serve.launch import address, free_port, listen

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
SERVER = (sys.executable, "-m", "fledge.demo.page_server")
STARTS = 2
"""A server that dies is started again, once."""
SECONDS_TO_END = 10
"""Time for a server to save its answers before it is killed."""
TEXT_BROWSERS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""Browsers that would take the terminal over, which shows the training."""


@final
class ChatPage:
    """Chat page with the models that `models.toml` names in a demo's output.

    It is a context manager: its server ends with the block, however that ends. The demo goes on if
    the server dies, which is started again once.
    """

    def __init__(
        self,
        output: Path,
        database: Path,
        port: int | None,
        *,
        browse: Callable[[str], None] | None = None,
        server: Sequence[str] = SERVER,
    ) -> None:
        """Check that the port can be had; None is the usual port, or a free one.

        `browse` opens an address in the browser. `server` is the command of the server, without
        its arguments.

        Raises:
            ConfigError: the port is taken.
        """
        if port is not None:
            listen(HOST, port).close()
        self._output = output
        self._database = database
        self._wanted = port
        self._port = 0
        self._browse = browse or open_window
        self._server = server
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._watcher: threading.Thread | None = None
        self._is_closing = False

    def __enter__(self) -> "ChatPage":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Address of the page, once it was opened."""
        return address(HOST, self._port)

    @property
    def process_id(self) -> int | None:
        """Number of the server's process; None before the first."""
        return None if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether its server runs, or is about to."""
        return self._watcher is not None and self._watcher.is_alive()

    def open(self) -> None:
        """Start the server; the browser shows the page as soon as it answers."""
        self._port = self._wanted or _free_number()
        logger.info("opening the chat page beside the training")
        self._watcher = threading.Thread(target=self._watch, name="chat page", daemon=True)
        self._watcher.start()

    def wait(self) -> bool:
        """Wait until Ctrl-C, which ends the server; return False if it ended by itself."""
        try:
            while self._watcher is not None and self.is_alive:
                self._watcher.join(1.0)  # Windows takes no Ctrl-C in a wait without an end
        except KeyboardInterrupt:
            self.close()
            return True
        return False

    def close(self) -> None:
        """End the server, if there is one; its answers are saved."""
        with self._lock:
            self._is_closing = True
            process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()  # the server ends with this pipe
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        for start in range(1, STARTS + 1):
            try:
                ended = f"ended with code {self._serve(is_first=start == 1)}"
            except OSError as error:
                ended = f"did not start: {error.strerror or error}"
            if self._is_closing:
                return
            if start < STARTS:
                logger.warning("the chat page's server %s; it is started again", ended)
        logger.error(
            "the chat page's server %s; the demo goes on without the page. `fledge serve %s` opens "
            "it at any time",
            ended,
            self._output,
        )

    def _serve(self, is_first: bool) -> int:
        """Run one server to its end; return its exit code."""
        with self._lock:
            if self._is_closing:
                return 0
            words = [*self._server, str(self._output), str(self._port), str(self._database)]
            process = self._process = start_aside(words)
        assert process.stdin is not None and process.stdout is not None
        with process.stdin, process.stdout as said:
            for line in said:
                if line.rstrip() == READY:
                    self._ready(is_first)
                elif line.strip():
                    logger.warning("chat page: %s", line.rstrip())
        return process.wait()

    def _ready(self, is_first: bool) -> None:
        logger.info(
            "Chat at %s, API at %s/v1. Ctrl-C stops the demo and its page.", self.url, self.url
        )
        if is_first:
            threading.Thread(target=self._browse, args=(self.url,), daemon=True).start()


def start_aside(words: Sequence[str]) -> subprocess.Popen[str]:
    """Start a process that ends when its standard input is closed; its output comes as lines.

    Ctrl-C in the terminal does not reach it. It stays in this session: Linux groups processes by
    session where it shares the CPU, and a lower priority counts within its group alone.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        process_group=None if sys.platform == "win32" else 0,
        creationflags=flags,
    )


def open_window(url: str) -> None:
    """Open an address in the browser, unless there is only one that lives in the terminal."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if browser.basename not in TEXT_BROWSERS:
        webbrowser.open(url)


def _free_number() -> int:
    """Return the usual port where it is free, else a free one."""
    with listen(HOST, free_port(HOST)) as listener:
        number: int = listener.getsockname()[1]
        return number
