"""`python -m fledge.demo.page_server`: the chat page of a demo, beside its training.

It gives way to the training, and ends with the process that started it, however that one ends.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

NICENESS = 10
"""Priority below the training's: with both cores busy, the training keeps nine tenths of them."""
READY = "the chat page is ready"
"""Line on standard output once the server accepts connections."""


def give_way() -> None:
    """Lower the priority of this process.

    Linux counts it per thread, and a new thread inherits it from the one that starts it.
    """
    if sys.platform == "linux":
        lowered = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        for thread in Path("/proc/self/task").iterdir():
            with suppress(ProcessLookupError):  # it has just ended
                os.setpriority(os.PRIO_PROCESS, int(thread.name), lowered)
    elif sys.platform != "win32":  # there, the one who starts the process sets its priority
        os.nice(NICENESS)


def end_with(parent: BinaryIO, end: Callable[[], None]) -> None:
    """Call `end` when the other end of this pipe is closed, as it is when its process ends."""

    def wait() -> None:
        while parent.read(1):
            pass
        end()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def serve(output: Path, port: int, database: Path) -> None:
    """Serve the models that `models.toml` names in `output`; those awaited appear later.

    The modules are read before this process gives way: at its low priority that takes a minute.

    Raises:
        ConfigError: the port is taken, or no model is there.
        FledgeError: the models or the database cannot be read.
    """
    from fledge.generate.request import SamplingParams
    from fledge.runtime.memory import machine_memory
    from fledge.serve.launch import launch
    from fledge.serve.models.loading import listed_in, offered_models

    give_way()
    memory = machine_memory()
    launch(
        offered_models(listed_in(output), memory=memory),
        port=port,
        sampling=SamplingParams(),  # each model recommends its own
        memory=memory,
        database=database,
        login=False,
        announce=lambda _: print(READY, flush=True),
    )


def main(output: str, port: str, database: str) -> None:
    """Serve until the parent ends; errors are told on standard error."""
    end_with(sys.stdin.buffer, lambda: signal.raise_signal(signal.SIGTERM))
    from fledge.errors import FledgeError

    try:
        serve(Path(output), int(port), Path(database))
    except FledgeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
