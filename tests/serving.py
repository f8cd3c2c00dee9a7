"""A live server for tests: real HTTP on the loopback, a scripted engine behind it."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from fledge.generate import Request, TokenEvent
from fledge.generate.repetition import Repetition
from fledge.generate.request import EngineLoad, ScoredToken
from fledge.serve import ServedModel
from fledge.serve.models.async_engine import TokenEngine
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

CORPUS = ["The tide comes in twice a day, because the moon pulls on the sea. " * 4]


def tokenizer() -> Tokenizer:
    return Tokenizer.train(CORPUS, 300)


class ScriptedEngine:
    """Says the same `answer` to every prompt, one token a step and row.

    With a `gate`, each step waits until the test releases it.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        answer: str | Sequence[int],
        gate: threading.Semaphore | None = None,
        failure: Exception | None = None,
    ) -> None:
        ids = tokenizer.encode(answer) if isinstance(answer, str) else list(answer)
        self.script = [*ids, tokenizer.special.end]
        self.gate = gate
        self.failure = failure
        self.rows: dict[str, tuple[Request, list[int]]] = {}
        self.circles: dict[str, Repetition] = {}
        self.requests: list[Request] = []
        self.cancelled = threading.Event()
        self.most_rows = 0

    @property
    def busy(self) -> bool:
        return bool(self.rows)

    def submit(self, request: Request) -> None:
        self.requests.append(request)
        self.rows[request.id] = (request, [])
        self.circles[request.id] = Repetition()

    def cancel(self, request_id: str) -> None:
        if self.rows.pop(request_id, None) is not None:
            self.cancelled.set()

    def reset(self) -> None:
        self.rows.clear()
        self.cancelled.set()

    def step(self) -> list[TokenEvent]:
        # A short wait: a cancel must get its turn while the gate is shut.
        if self.gate is not None and not self.gate.acquire(timeout=0.02):
            return []
        if self.failure is not None:
            raise self.failure
        self.most_rows = max(self.most_rows, len(self.rows))
        return [self.next_token(*row) for row in list(self.rows.values())]

    def load(self) -> EngineLoad:
        return EngineLoad(len(self.rows), 0, 0.0)

    def embed(self, prompts: list[tuple[int, ...]]) -> list[list[float]]:
        """Points into the direction of its length."""
        return [[float(len(prompt) % 3 == axis) for axis in range(3)] for prompt in prompts]

    def score(self, prompt: tuple[int, ...], num_alternatives: int) -> list[ScoredToken]:
        others = tuple((id_, -1.0 - id_) for id_ in range(num_alternatives))
        first, *rest = prompt
        return [ScoredToken(first, None, ()), *(ScoredToken(id_, -0.25, others) for id_ in rest)]

    def next_token(self, request: Request, said: list[int]) -> TokenEvent:
        said.append(self.script[len(said)])
        reason = None
        if said[-1] in request.stop_ids:
            reason = "stop"
        elif self.circles[request.id].take(said[-1]) and request.sampling.stop_repetition:
            reason = "repetition"
        elif len(said) == request.sampling.max_new_tokens:
            reason = "length"
        if reason is not None:
            del self.rows[request.id]
        alternatives = tuple((id_, -1.0 - id_) for id_ in range(request.sampling.num_alternatives))
        return TokenEvent(request.id, said[-1], -0.5, alternatives, reason)


def served(
    engine: ScriptedEngine | Callable[[], TokenEngine],
    tokenizer: Tokenizer,
    id_: str = "tiny",
    context_length: int = 128,
    size: int = 0,
) -> ServedModel:
    """A model that is this engine once it is loaded, or whose engine a function loads."""
    return ServedModel(
        id=id_,
        name=f"{id_} model",
        tokenizer=tokenizer,
        template=ChatTemplate(),
        context_length=context_length,
        banned_ids=tokenizer.banned_ids,
        created=1_700_000_000,
        load=(lambda: engine) if isinstance(engine, ScriptedEngine) else engine,
        bytes=size,
    )


class Server(uvicorn.Server):
    ready = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """The base URL of `app`, served by uvicorn in a thread until the block ends."""
    server = Server(uvicorn.Config(app, log_level="warning"))
    server.ready = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert server.ready.wait(60), "the server did not start"
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
