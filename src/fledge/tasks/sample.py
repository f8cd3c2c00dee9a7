"""Sample tasks for labellers, and go on where an earlier call was stopped."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fledge.errors import ConfigError, Interrupted
from fledge.files import explained, write_text
from fledge.tasks.answers_file import AnswersFile
from fledge.tasks.assignment import assign
from fledge.tasks.authors import Author
from fledge.tasks.drawing import AT_ONCE, Drawer
from fledge.tasks.prompts import Asked
from fledge.tasks.records import AnsweredPrompt, SamplingPlan, task_lines
from fledge.train.interrupts import listening

WHAT = "file of tasks"
ROWS = 2 * AT_ONCE
"""Answers of each model between two writes: enough to keep its rows full."""


def answers_path(output: Path) -> Path:
    """Return the file beside `output` that keeps all that was drawn: `tasks.answers.jsonl`."""
    return output.with_name(f"{output.name.removesuffix('.jsonl')}.answers.jsonl")


def require_own(output: Path) -> None:
    """Check that `output` is new, or of an earlier `fledge sample`.

    Raises:
        ConfigError: it is neither, and would be lost.
    """
    if output.exists() and not answers_path(output).is_file():
        raise ConfigError(
            f"{output} exists, but not {answers_path(output).name} beside it, so that another "
            "program wrote it; name another --output"
        )


def require_untouched(output: Path, answered: Sequence[AnsweredPrompt]) -> None:
    """Check that every line of `output` is as it was written: rankings added to one would be lost.

    Raises:
        ConfigError: a line is another.
    """
    if not output.exists():
        return
    with explained(output, WHAT):
        lines = output.read_text(encoding="utf-8").splitlines(keepends=True)
    ours = set(task_lines(answered).splitlines(keepends=True))
    for number, line in enumerate(lines, start=1):
        # A killed process may have left half of its last line.
        if line not in ours and line.endswith("\n"):
            raise ConfigError(
                f"{output}:{number}: expected a line as `fledge sample` wrote it, found a changed "
                "one, which would be lost; move the file away, and rank in a copy"
            )


def sample(
    prompts: Sequence[Asked],
    authors: Sequence[Author],
    plan: SamplingPlan,
    output: Path,
    *,
    all_are_tasks: bool,
    progress: Callable[[int], None] = lambda count: None,
) -> list[AnsweredPrompt]:
    """Answer every prompt that no earlier call answered; return all, in order.

    What is answered is on the disk after every few prompts. If `all_are_tasks`, so are the tasks in
    `output`; or else some are chosen later. `progress` takes the number of prompts just answered.

    Raises:
        ConfigError: `output` was begun with another plan or with other prompts, or was changed.
        Interrupted: the user stopped it.
    """
    file = AnswersFile(answers_path(output))
    answered = file.begin(plan, prompts)
    require_untouched(output, answered)
    assigned = assign(len(prompts), plan.answers, [each.is_greedy for each in authors], plan.seed)
    progress(len(answered))
    if all_are_tasks:
        write_text(output, task_lines(answered), WHAT)
    drawer = Drawer(authors, plan.seed)
    size = max(1, ROWS * len(plan.models) // plan.answers)
    with listening() as stop:
        for start in range(len(answered), len(prompts), size):
            if stop.asked:
                raise Interrupted(
                    f"{start:,} of {len(prompts):,} prompts are answered in {file.path}; run the "
                    "same command again to go on"
                )
            part = slice(start, start + size)
            new = drawer.draw(prompts[part], assigned[part])
            file.write(new)
            answered += new
            if all_are_tasks:
                _append(output, task_lines(new))
            progress(len(new))
    return answered


def _append(output: Path, text: str) -> None:
    with explained(output, WHAT), output.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
