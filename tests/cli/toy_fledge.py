"""Run `fledge`, or a file of Python, at toy size: for walks through the pages in seconds.

    python toy_fledge.py SOCKET                                starts the server that runs them
    python toy_client.py SOCKET fledge sft -m checkpoints/base …
    python toy_client.py SOCKET python FILE

The server has imported everything and forks for each command, which saves seconds of imports a
command. A command does what it always does, with three differences: a training takes two steps of
a narrow model, the sample data are few, and a server answers one request on a free port and stops.
The settings that a run is compared by stay as they were written, so what is refused elsewhere is
refused here, too.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
import urllib.request
from collections.abc import Sequence

import uvicorn

from fledge.cli import main as command_line
from fledge.cli import project
from fledge.demo import config as demo_config
from fledge.runs import run as runs
from fledge.runs.record import RUN_FILE
from fledge.runs.run import Run
from fledge.serve import launch

STEPS = 2
SECONDS_FOR_HEALTH = 60
PRELOADED = (
    "fledge.cli.app",
    "fledge.demo.demo",
    "fledge.demo.translation",
    "fledge.generate.translation",
    "fledge.runs.pipeline",
    "fledge.serve.models.loading",
    "fledge.database",
    "transformers",
)
"""What takes long to import."""


def shorten_training() -> None:
    """Train every run for two steps at most, and keep its file as it was written."""
    train = runs._train

    def train_briefly(run: Run, *rest: object) -> object:
        checkpoint = train(toy(run), *rest)
        record = run.output / RUN_FILE
        values = json.loads(record.read_text()) | run.model_dump(mode="json")
        record.write_text(json.dumps(values))
        return checkpoint

    runs._train = train_briefly  # type: ignore[assignment]
    runs.is_longer = lambda run, before: False  # type: ignore[assignment]


def toy(run):
    """Return the same run with two steps, few rows and narrow new models."""
    optimizer = {"steps": STEPS, "warmup_steps": 0}
    stage, smaller = run.stage, {}
    if stage.name == "pretrain":
        smaller = {"size": stage.size.model_copy(update={"width": 32, "num_layers": 1})}
    elif stage.name == "translate":
        size = {"width": 32, "num_heads": 2, "feed_forward_width": 32}
        size |= {"encoder_layers": 1, "decoder_layers": 1}
        smaller = {
            "size": stage.size.model_copy(update=size),
            "measures": stage.measures.model_copy(update={"sentences": 4, "beams": 1}),
            "batch_tokens": 256,
        }
    elif stage.name == "ppo":
        rollout = {"examples": 4, "max_new_tokens": 4}
        smaller = {"rollout": stage.rollout.model_copy(update=rollout)}
    return run.model_copy(
        update={
            "stage": stage.model_copy(update=smaller),
            "batch": run.batch.model_copy(update={"examples": 4, "microbatch": None}),
            "optimizer": run.optimizer.model_copy(update=optimizer),
        }
    )


def shrink_samples() -> None:
    """Let `fledge init` and `fledge demo` write few samples."""
    project.NUM_PARAGRAPHS = project.NUM_EXERCISES = project.NUM_DEMONSTRATIONS = 120
    project.RANKINGS_PER_KIND = 1

    class Miniature(demo_config.DemoConfig):
        vocabulary_size: int = 400
        context_length: int = 384
        width: int = 16
        num_layers: int = 1
        text_every: int = 40
        demonstrations: int = 60
        ranked_prompts: int = 16
        answers: int = 3
        ppo_rollouts: int = 2
        held_out_per_kind: int = 2
        max_new_tokens: int = 10

    demo_config.DemoConfig = Miniature  # type: ignore[misc]


def stop_servers() -> None:
    """Let a server listen on a free port, ask it for its health, and stop it."""
    launch.DEFAULT_PORT = 0
    startup = uvicorn.Server.startup

    async def startup_and_ask(server: uvicorn.Server, sockets=None) -> None:
        await startup(server, sockets)
        port = server.servers[0].sockets[0].getsockname()[1]
        threading.Thread(target=ask_and_stop, args=(server, port), daemon=True).start()

    uvicorn.Server.startup = startup_and_ask  # type: ignore[method-assign]
    uvicorn.run = lambda app: uvicorn.Server(uvicorn.Config(app, port=0)).run()  # type: ignore[assignment]


def ask_and_stop(server, port: int) -> None:
    """Stop a server that is well; end this process with an error where it is not."""
    try:
        url = f"http://127.0.0.1:{port}/health"
        with urllib.request.urlopen(url, timeout=SECONDS_FOR_HEALTH) as answer:
            print(f"healthy: {answer.read().decode()}")
    except OSError as error:
        print(f"the server does not answer: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    server.should_exit = True


def serve(address: str) -> None:
    """Run commands that come through a Unix socket, each in a process of its own, for ever."""
    shorten_training()
    shrink_samples()
    stop_servers()
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who talk to a client
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                answer(connection)
            connection.close()


def answer(connection: socket.socket) -> None:
    """Run one command where its client stands, and send the exit code."""
    message, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    asked = json.loads(message)
    command = os.fork()
    if command == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.chdir(asked["directory"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        run(asked["words"])
    _, status = os.waitpid(command, 0)
    connection.sendall(b"%d" % (os.waitstatus_to_exitcode(status) % 256))
    os._exit(0)


def run(words: Sequence[str]) -> None:
    """Run a command as Python would, and end this process with its exit code."""
    kind, *rest = words
    code: object = 0
    try:
        if kind == "python":
            runpy.run_path(rest[0], run_name="page")
        else:
            sys.argv[1:] = rest
            command_line()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve(sys.argv[1])
