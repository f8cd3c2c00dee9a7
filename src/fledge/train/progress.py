"""Show a run's progress: a bar, log lines, or curves for TensorBoard."""

import logging
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rich import progress as rich_progress
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from fledge.errors import TrainingError

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0


BytesDone = Callable[[int, int | None], None]
"""Called with the bytes of text done and in total (None: unknown)."""

Preparing = Callable[[str], AbstractContextManager[BytesDone]]
"""Opens the display of a lengthy preparation, by its name."""


def in_silence(what: str) -> AbstractContextManager[BytesDone]:
    """Show nothing."""
    return nullcontext(lambda done, total: None)


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimiser step: mean `metrics`, `seen` units in all, and a smoothed `rate` per second.

    `headline` holds the few numbers to watch, by the words that the user reads.
    """

    step: int
    steps: int
    seen: int
    rate: float
    metrics: Mapping[str, float]
    headline: Mapping[str, float]


class Progress(ABC):
    """Observer of a run: the loop calls it, in this order."""

    @abstractmethod
    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        """Begin to show a run, new or resumed; `unit` names what its rate counts."""

    @abstractmethod
    def advance(self, report: StepReport) -> None:
        """Show an optimiser step."""

    @abstractmethod
    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        """Show the metrics on held-out data."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Show a message to the user."""

    @abstractmethod
    def end(self) -> None:
        """End the display; the run is over or was interrupted."""

    def preparing(self, what: str) -> AbstractContextManager[BytesDone]:
        """Show work on files before the first step; the context yields the function to call."""
        return in_silence(what)


@final
class SilentProgress(Progress):
    """Shows nothing: for processes other than the main one, and for tests."""

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        pass

    def advance(self, report: StepReport) -> None:
        pass

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def end(self) -> None:
        pass


@final
class LogProgress(Progress):
    """Writes a log line every few seconds: for files and pipes."""

    def __init__(self, seconds_between_lines: float = SECONDS_BETWEEN_LINES) -> None:
        self._pause = seconds_between_lines
        self._name = self._unit = ""
        self._last_line = float("-inf")

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        self._name, self._unit, self._last_line = name, unit, float("-inf")
        logger.info("%s: step %d of %d, output in %s", name, steps_done, steps, output)

    def advance(self, report: StepReport) -> None:
        now = time.monotonic()
        if now - self._last_line >= self._pause or report.step == report.steps:
            self._last_line = now
            logger.info("%s: %s", self._name, describe(report, self._unit))

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        logger.info("%s: step %d, held out: %s", self._name, step, describe_metrics(metrics))

    def note(self, text: str) -> None:
        logger.info("%s: %s", self._name, text)

    @contextmanager
    def preparing(self, what: str) -> Iterator[BytesDone]:
        logger.info("%s", what)
        last_line = time.monotonic()

        def tell(done: int, total: int | None) -> None:
            nonlocal last_line
            if time.monotonic() - last_line >= self._pause:
                last_line = time.monotonic()
                of_all = "" if total is None else f" of {total / 1e6:,.0f}"
                logger.info("%s: %s%s MB", what, f"{done / 1e6:,.0f}", of_all)

        yield tell

    def end(self) -> None:
        pass


@final
class BarProgress(Progress):
    """Draws a bar with loss, rate and remaining time: for terminals."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = rich_progress.Progress(disable=True)
        self._task = TaskID(0)
        self._unit = ""

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        self._unit = unit
        self._bar = rich_progress.Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            TimesColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task(name, total=steps, completed=steps_done, status="")
        self._bar.start()

    def advance(self, report: StepReport) -> None:
        numbers = "  ".join(f"{name} {value:.3f}" for name, value in report.headline.items())
        status = f"{numbers}  {report.rate:,.0f} {self._unit}/s"
        self._bar.update(self._task, completed=report.step, status=status)

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        self._print(f"step {step}, held out: {describe_metrics(metrics)}")

    def note(self, text: str) -> None:
        self._print(text)

    def end(self) -> None:
        self._bar.stop()

    @contextmanager
    def preparing(self, what: str) -> Iterator[BytesDone]:
        bar = rich_progress.Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimesColumn(),
            console=self._console,
        )
        with bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
            size = bar.tasks[0].total or bar.tasks[0].completed
            bar.update(task, completed=size, total=size)  # files hold more bytes than their text

    def _print(self, text: str) -> None:
        self._bar.console.print(Text(f"  {text}"))


@final
class TensorBoardProgress(Progress):
    """Writes curves in TensorBoard's format to `output/tensorboard` (extra `tensorboard`)."""

    def __init__(self) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainingError(
                "TensorBoard is not installed; install it with: pip install 'fledge[tensorboard]'"
            ) from error
        self._open = SummaryWriter
        self._writer: SummaryWriter | None = None

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        # Drop the curves of steps that are about to be taken again.
        self._writer = self._open(str(output / "tensorboard"), purge_step=steps_done + 1)

    def advance(self, report: StepReport) -> None:
        self._write(report.step, report.metrics, "")

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        self._write(step, metrics, "held_out/")

    def note(self, text: str) -> None:
        pass

    def end(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write(self, step: int, metrics: Mapping[str, float], prefix: str) -> None:
        assert self._writer is not None, "begin comes first"
        for name, value in metrics.items():
            self._writer.add_scalar(prefix + name, value, step)


@final
class Several(Progress):
    """Passes everything on to several observers."""

    def __init__(self, watchers: Sequence[Progress]) -> None:
        self._watchers = watchers

    def begin(self, name: str, steps_done: int, steps: int, unit: str, output: Path) -> None:
        for watcher in self._watchers:
            watcher.begin(name, steps_done, steps, unit, output)

    def advance(self, report: StepReport) -> None:
        for watcher in self._watchers:
            watcher.advance(report)

    def evaluated(self, step: int, metrics: Mapping[str, float]) -> None:
        for watcher in self._watchers:
            watcher.evaluated(step, metrics)

    def note(self, text: str) -> None:
        for watcher in self._watchers:
            watcher.note(text)

    @contextmanager
    def preparing(self, what: str) -> Iterator[BytesDone]:
        with ExitStack() as stack:
            told = [stack.enter_context(watcher.preparing(what)) for watcher in self._watchers]

            def tell(done: int, total: int | None) -> None:
                for one in told:
                    one(done, total)

            yield tell

    def end(self) -> None:
        for watcher in self._watchers:
            watcher.end()


@final
class TimesColumn(ProgressColumn):
    """Elapsed and remaining time, told apart: "10 s gone, 5 min left"."""

    def render(self, task: Task) -> Text:
        gone = f"{in_words(float(task.elapsed or 0))} gone"
        left = None if task.finished else task.time_remaining
        return Text(gone if left is None else f"{gone}, {in_words(float(left))} left")


def in_words(seconds: float) -> str:
    """Write a span of time in at most two units: "10 s", "5 min", "3 h 20 min"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def for_terminal(console: Console | None = None) -> Progress:
    """Return a bar where stderr is a terminal, log lines otherwise."""
    console = console or Console(stderr=True)
    return BarProgress(console) if sys.stderr.isatty() else LogProgress()


def describe(report: StepReport, unit: str) -> str:
    """Write a step as a line: "step 3/10, loss 1.5, 1,234 tokens/s"."""
    return (
        f"step {report.step}/{report.steps}, {describe_metrics(report.headline)}, "
        f"{report.rate:,.0f} {unit}/s"
    )


def describe_metrics(metrics: Mapping[str, float]) -> str:
    """Write metrics as text: "loss 1.234, accuracy 0.5"."""
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
