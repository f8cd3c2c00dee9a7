"""Run the parts of `gpu` in a process of their own, which may fail, hang or lose its device."""

import json
import queue
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from _gpu_setting import Check, Finding, Setting, Speed

MARK = "result "
"""Begins the lines of the process that are for this program."""
NO_TIME = 5.0
"""Seconds of the whole budget under which no part is begun."""
END_SECONDS = 2.0
KINDS = {"Check": Check, "Speed": Speed}

Measure = Callable[[Setting], list[Finding]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its `seconds` are a bound, after which its process is killed."""

    name: str
    measure: Measure
    seconds: float
    is_correctness: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Findings of a part, or why there are none."""

    part: str
    is_correctness: bool
    seconds: float
    findings: Sequence[Finding]
    failure: str = ""

    @property
    def is_wrong(self) -> bool:
        """Tell whether fledge is not known to be right: a comparison failed, or did not happen."""
        checks = [one for one in self.findings if isinstance(one, Check)]
        failed = self.is_correctness and bool(self.failure)
        return failed or not all(check.is_right for check in checks)


@final
class Runner:
    """Runs parts one after another in one process, and starts another where that one is lost.

    An error on a GPU spoils its process for everything after it, so a part that fails costs its
    process too.
    """

    def __init__(self, command: Sequence[str], budget: float) -> None:
        """`command` starts a process that calls `work`; `budget` bounds all parts, in seconds."""
        self._command = command
        self._end = time.monotonic() + budget
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader: threading.Thread | None = None

    def run(self, part: Part) -> Outcome:
        """Run a part and wait for its findings, its failure or the end of its time."""
        start = time.monotonic()
        allowed = min(part.seconds, self._end - start)
        if allowed < NO_TIME:
            return Outcome(part.name, part.is_correctness, 0.0, (), "left out: no time was left")
        answer = self._ask(part.name, allowed)
        findings = [KINDS[each.pop("kind_of")](**each) for each in answer.get("findings", [])]
        failure = str(answer.get("failure", ""))
        if failure:
            self.stop()
        return Outcome(part.name, part.is_correctness, time.monotonic() - start, findings, failure)

    def ask(self, name: str, seconds: float) -> dict[str, Any]:
        """Return what the process says to a question that is no part, such as its device."""
        return self._ask(name, seconds)

    def stop(self) -> None:
        """End the process."""
        if self._process is None or self._reader is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        # A compiler that the process left behind may hold the pipe open: it is not waited for.
        self._reader.join(END_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not self._reader.is_alive():
                pipe.close()

    def _ask(self, name: str, seconds: float) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None
        deadline = time.monotonic() + seconds
        try:
            print(name, file=process.stdin, flush=True)
        except OSError:
            return {"failure": "its process could not be started"}
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return {"failure": f"took longer than {seconds:.0f} s, and was stopped"}
            if line is None:
                return {"failure": f"its process ended with status {process.wait()}"}
            if line.startswith(MARK):
                answer: dict[str, Any] = json.loads(line.removeprefix(MARK))
                return answer
            if line.strip():
                print(line, end="", file=sys.stderr)

    def _start(self) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        # A queue of its own: lines of a process that was killed must not answer for the next.
        self._lines = queue.Queue()
        arguments = (self._process, self._lines)
        self._reader = threading.Thread(target=_read, args=arguments, daemon=True)
        self._reader.start()
        return self._process


def _read(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def work(
    parts: Mapping[str, Part], setting: Setting, questions: Mapping[str, Callable[[], object]]
) -> None:
    """Answer each line of standard input: the name of a part, or of a question."""
    for line in sys.stdin:
        name = line.strip()
        try:
            if name in questions:
                answer = {"answer": questions[name]()}
            else:
                setting.clear()
                answer = {"findings": [plain(one) for one in parts[name].measure(setting)]}
        # Every error is a result here: it is reported, and the next part runs.
        except Exception as error:
            traceback.print_exc()
            answer = {"failure": f"{type(error).__name__}: {str(error)[:300]}"}
        print(f"\n{MARK}{json.dumps(answer)}", flush=True)


def plain(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON holds it."""
    return {"kind_of": type(finding).__name__, **asdict(finding)}
