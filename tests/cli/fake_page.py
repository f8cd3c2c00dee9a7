"""A chat page of a demo that opens nothing, and notes what happens to it."""

from pathlib import Path
from types import TracebackType


class FakePage:
    """`events` are the calls in their order; at its opening it notes the files that are there."""

    events: list[str]
    port: int | None
    url = "http://localhost:8000"
    is_alive = True

    def __init__(self, output: Path, database: Path, port: int | None) -> None:
        type(self).events = ["made"]
        type(self).port = port
        type(self).database = database
        self.output = output

    def __enter__(self) -> "FakePage":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.events.append("closed")

    def open(self) -> None:
        there = sorted(each.name for each in self.output.glob("*.t*"))
        self.events.append(f"opened with {', '.join(there)}")

    def wait(self) -> bool:
        self.events.append("waited")
        return self.is_alive
