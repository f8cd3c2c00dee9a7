"""`fledge sample`: several answers to each prompt of files, for people to rank."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.messages import log_to_terminal, print_warning
from fledge.cli.options import (
    SkipBad,
    Weights,
    given_sampling,
    refuse_ignored,
    tell_skipped,
)
from fledge.cli.output import check_writable
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.tasks.records import AnsweredPrompt, SamplingPlan

MAX_NEW_TOKENS = 256
TEMPERATURE = 1.0
EXAMPLE = (
    "Example: `fledge sample prompts.jsonl --model checkpoints/sft --model checkpoints/ppo "
    "--answers 4 --output tasks.jsonl`"
)

Prompts = Annotated[
    list[str],
    typer.Argument(metavar="PROMPTS...", help="Files or folders of prompts.", show_default=False),
]
Models = Annotated[
    list[Path],
    typer.Option(
        "--model",
        "-m",
        metavar="CHECKPOINT",
        help="Model; several share the answers.",
        show_default=False,
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="JSONL file of tasks.", show_default=False)
]
Answers = Annotated[
    int, typer.Option("--answers", "-k", min=2, max=9, metavar="K", help="Answers to a prompt.")
]
Temperatures = Annotated[
    list[float] | None,
    typer.Option(
        "--temperature",
        "-t",
        metavar="T",
        help="Temperature; several take turns.",
        show_default=f"{TEMPERATURE:g}",
    ),
]
Filter = Annotated[
    float,
    typer.Option("--top-p", metavar="P", help="Share of probability that sampling keeps."),
]
Longest = Annotated[int, typer.Option(metavar="N", help="Max tokens of an answer.")]
Judges = Annotated[
    list[Path] | None,
    typer.Option(
        "--reward-model",
        "-r",
        metavar="CHECKPOINT",
        help="Reward model to choose tasks by.",
        show_default=False,
    ),
]
Keep = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Tasks to choose; needs --by.", show_default=False),
]
By = Annotated[
    Literal["uncertain", "disagreeing"] | None,
    typer.Option(
        metavar="HOW",
        help="uncertain: close scores; disagreeing: several models.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same answers.")]


def sample(
    prompts: Prompts,
    model: Models,
    output: Output,
    answers: Answers = 4,
    temperature: Temperatures = None,
    top_p: Filter = 1.0,
    max_new_tokens: Longest = MAX_NEW_TOKENS,
    reward_model: Judges = None,
    keep: Keep = None,
    by: By = None,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
    weights: Weights = "auto",
) -> None:
    """Sample several answers to each prompt, for people to rank."""
    _check_choice(keep, by, reward_model or [])
    temperatures = temperature or [TEMPERATURE]
    check_writable(output)
    log_to_terminal()
    from fledge.data import Skipped
    from fledge.runtime.threads import choose_threads
    from fledge.tasks.authors import authors_of, open_models
    from fledge.tasks.prompts import read_asked
    from fledge.tasks.records import plan_of
    from fledge.tasks.sample import require_own
    from fledge.tasks.sample import sample as sample_all

    require_own(output)
    samplings = [given_sampling(each, top_p, max_new_tokens, seed) for each in temperatures]
    sampling = samplings[0]
    opened = open_models(model, weights)
    choose_threads(max(each.loaded.model.config.width for each in opened))
    authors = authors_of(opened, temperatures, sampling)
    skipped = Skipped() if skip_bad else None
    asked = read_asked(prompts, [each.loaded for each in opened], sampling, skipped)
    tell_skipped(skipped)
    plan = plan_of(
        opened,
        temperatures,
        answers=answers,
        top_p=sampling.top_p,
        max_new_tokens=max_new_tokens,
        seed=seed,
        weights=weights,
    )
    with _bar(len(asked)) as advance:
        answered = sample_all(
            asked, authors, plan, output, all_are_tasks=by is None, progress=advance
        )
    _tell_answers(answered, plan)
    tasks = [each for each in answered if each.is_task]
    if keep is not None and by is not None:
        tasks = _chosen(tasks, reward_model or [], keep, by, seed)
        _write(output, tasks)
    typer.echo(f"{len(tasks):,} tasks written to {output}", err=True)


def _check_choice(
    keep: int | None, by: Literal["uncertain", "disagreeing"] | None, judges: Sequence[Path]
) -> None:
    """Check that the options that choose tasks are complete.

    Raises:
        ConfigError: one is missing or superfluous.
    """
    if by is None:
        only = {"--keep": keep, "--reward-model": judges or None}
        refuse_ignored("without --by, every prompt is a task", only)
        return
    if keep is None:
        raise ConfigError(f"--by {by}: expected --keep N, the number of tasks to choose")
    from fledge.tasks.selection import require_models

    require_models(by, len(judges))


def _chosen(
    tasks: Sequence["AnsweredPrompt"],
    judges: Sequence[Path],
    keep: int,
    by: Literal["uncertain", "disagreeing"],
    seed: int,
) -> list["AnsweredPrompt"]:
    """Choose tasks by reward models, and tell what they are like."""
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.model_files import load_scalar_model
    from fledge.tasks.selection import select

    loaded = [load_scalar_model(find_checkpoint(judge)) for judge in judges]
    selection = select(tasks, loaded, keep, by, seed)
    if selection.unread:
        print_warning(
            f"{selection.unread:,} tasks have fewer than two answers that the reward models can "
            "read, and were not chosen"
        )
    measure = "mean difference of scores" if by == "uncertain" else "mean disagreement"
    typer.echo(
        f"{measure}: {selection.mean_chosen:.3f} in the {len(selection.chosen):,} tasks chosen, "
        f"{selection.mean_all:.3f} in all {len(tasks) - selection.unread:,}",
        err=True,
    )
    return selection.chosen


def _tell_answers(answered: Sequence["AnsweredPrompt"], plan: "SamplingPlan") -> None:
    """Tell how many answers there are, and warn of those that are missing or cut off."""
    count = sum(len(each.answers) for each in answered)
    typer.echo(f"{count:,} answers to {len(answered):,} prompts", err=True)
    few = [each for each in answered if len(each.answers) < plan.answers]
    none = sum(not each.is_task for each in few)
    if few:
        print_warning(
            f"prompts with fewer than {plan.answers} different answers: {len(few):,} of "
            f"{len(answered):,}, of which {none:,} have fewer than two and are no tasks; a higher "
            "--temperature or more models give more"
        )
    cut = sum(answer.finish_reason == "length" for each in answered for answer in each.answers)
    if cut:
        print_warning(
            f"answers cut off at --max-new-tokens {plan.max_new_tokens:,} or at the end of the "
            f"context: {cut:,} of {count:,}"
        )


def _write(output: Path, tasks: Sequence["AnsweredPrompt"]) -> None:
    from fledge.files import write_text
    from fledge.tasks.records import task_lines
    from fledge.tasks.sample import WHAT

    write_text(output, task_lines(tasks), WHAT)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of prompts if stderr is a terminal; yield the function that advances it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("sampling", total=total)
        yield lambda count: progress.advance(task, count)
