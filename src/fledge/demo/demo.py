"""The demo: the whole path from Python's own documentation to a chat model, in minutes.

Its steps are tokenizer, pretraining, SFT, rankings by the gold labeller with mistakes, reward
model, PPO and report card. Finished steps are skipped, interrupted ones go on.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from fledge.checkpoint.model_files import load_language_model
from fledge.demo.config import DemoConfig
from fledge.demo.data import (
    held_out_last_tasks,
    rank_answers,
    ranked_tasks,
    write_answers,
    write_conversations,
    write_rankings,
    write_texts,
)
from fledge.demo.report import HELD_OUT_SEED, measure, report_card
from fledge.demo.runs import DemoFiles, demo_runs
from fledge.demo.stopwatch import Stopwatch
from fledge.evaluate.report import ReportCard
from fledge.evaluate.report_files import read_report, write_report
from fledge.evaluate.report_terminal import print_report
from fledge.runs.run import Run, execute, finished_checkpoint
from fledge.runs.tokenizer import TokenizerConfig, make_tokenizer
from fledge.train.progress import Progress

logger = logging.getLogger(__name__)


def run_demo(
    output: Path,
    seed: int = 0,
    config: DemoConfig | None = None,
    progress: Progress | None = None,
    console: Console | None = None,
    after_sft: Callable[[], None] | None = None,
) -> list[Path]:
    """Raise a chat model in `output`; return the final checkpoints of PPO, SFT and pretraining.

    `after_sft` is called as soon as there is a model to chat with.
    Writes `report.json` and `report.html`, and prints the report card to `console`.

    Raises:
        ConfigError: `output` holds a demo of another seed or size.
        FledgeError: a stage fails; the same call goes on from there.
    """
    config = config or DemoConfig()
    files = DemoFiles(output=output)
    watch = Stopwatch(output / "seconds.json")
    runs = demo_runs(files, seed, config)

    _make_tokenizer(files, seed, config, watch)
    base = _execute(runs["pretrain"], progress, watch)
    write_conversations(files, seed, config)
    sft = _execute(runs["sft"], progress, watch)
    if after_sft is not None:
        after_sft()
    _rank(files, sft, seed, config, watch)
    _execute(runs["reward"], progress, watch)
    ppo = _execute(runs["ppo"], progress, watch)

    card = read_report(output) or _evaluate(files, seed, config, watch)
    print_report(card, console or Console())
    return [ppo, sft, base]


def _make_tokenizer(files: DemoFiles, seed: int, config: DemoConfig, watch: Stopwatch) -> None:
    if (files.tokenizer / "tokenizer.json").exists():
        return
    logger.info("reading the documentation inside Python, learning a tokenizer")
    with watch.measuring("tokenizer"):
        write_texts(files, seed, config)
        make_tokenizer(
            TokenizerConfig(
                text=(str(files.vocabulary_text),), vocabulary_size=config.vocabulary_size
            ),
            files.tokenizer,
        )


def _execute(run: Run, progress: Progress | None, watch: Stopwatch) -> Path:
    finished = finished_checkpoint(run.output)
    if finished is not None:
        return execute(run, progress)  # checks that it is the same run
    with watch.measuring(run.stage.name):
        return execute(run, progress)


def _rank(
    files: DemoFiles, checkpoint: Path, seed: int, config: DemoConfig, watch: Stopwatch
) -> None:
    """Sample and rank answers to training prompts and to held-out prompts."""
    if files.rankings.exists():
        return
    logger.info("sampling %d answers to each prompt, ranking them", config.answers)
    with watch.measuring("ranking"):
        loaded = load_language_model(checkpoint)
        asked = held_out_last_tasks(seed, config)
        held_out = rank_answers(loaded, asked, HELD_OUT_SEED + seed, config)
        write_answers(files.held_out_answers, held_out.answered)
        write_rankings(files.held_out_rankings, held_out.rankings)
        train = rank_answers(loaded, ranked_tasks(seed, config), seed, config)
        write_rankings(files.rankings, train.rankings)


def _evaluate(files: DemoFiles, seed: int, config: DemoConfig, watch: Stopwatch) -> ReportCard:
    logger.info("asking all three models the held-out prompts")
    with watch.measuring("evaluation"):
        findings = measure(files, seed, config)
    card = report_card(findings, files, seed, config, watch)
    write_report(card, files.output)
    return card
