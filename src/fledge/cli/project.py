"""Write the files of a new project: a pipeline, and sample data from the starter pack."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from fledge import files
from fledge.demo.config import DemoConfig
from fledge.errors import ConfigError, DataError
from fledge.feedback.records import Ranking
from fledge.starter.exercises import exercises
from fledge.starter.gold import ModelAnswer, rank
from fledge.starter.kinds import conversations, tasks
from fledge.starter.prose import prose
from fledge.starter.writers import WRITERS, write

WriteFiles = Callable[[Path, int], list[Path]]
"""Writes the files of a project, drawn with a seed; returns their paths."""

TEMPLATE = Path(__file__).parent / "template"
NUM_TEXT_FILES = 15
NUM_PARAGRAPHS = 1_000
NUM_EXERCISES = 3_000
NUM_DEMONSTRATIONS = DemoConfig().demonstrations
RANKINGS_PER_KIND = 60
LABELLER_NOISE = 0.1


def write_project(directory: Path, seed: int, write: WriteFiles | None = None) -> list[Path]:
    """Write everything into a new or empty directory; return the paths written, in order.

    `write` replaces `write_files`, for a project of another kind.

    Raises:
        ConfigError: the directory is not empty.
        DataError: it cannot be written; it is removed again.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigError(f"{directory} is not empty; name a new directory")
    try:
        return (write or write_files)(directory, seed)
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)  # half a project would be in the way
        raise DataError(
            f"{directory} cannot be written: {error.strerror or error}; free some space or name "
            "another place, then run the same command again"
        ) from error


def write_files(directory: Path, seed: int) -> list[Path]:
    """Write the template and samples of the starter pack."""
    data = directory / "data"
    (data / "text").mkdir(parents=True)
    written = [
        write_text(directory / name, (TEMPLATE / name).read_text(encoding="utf-8"))
        for name in ("fledge.toml", "README.md")
    ]
    documents = [*prose(seed, NUM_PARAGRAPHS), *exercises(seed, NUM_EXERCISES)]
    written += write_texts(data / "text", documents)
    written.append(write_lines(data / "demonstrations.jsonl", demonstrations(seed)))
    written.append(
        write_lines(
            data / "rankings.jsonl",
            (ranking.model_dump(exclude_none=True) for ranking in rankings(seed)),
        )
    )
    return written


def demonstrations(seed: int) -> Iterator[dict[str, object]]:
    """Yield conversations with good answers, as records of messages."""
    for written in conversations("train", seed, NUM_DEMONSTRATIONS):
        yield {"messages": written.conversation.records()}


def rankings(seed: int) -> Iterator[Ranking]:
    """Yield rankings of the writers' answers and one to another question, by the gold labeller."""
    random = Random(f"project {seed}")
    questions = tasks("train", seed, RANKINGS_PER_KIND)
    for task in questions:
        texts = [write(task, writer, random) for writer in WRITERS]
        other = random.choice(questions)
        texts.append(write(other, "plain", random))
        yield rank(task, [ModelAnswer(text, True) for text in texts], LABELLER_NOISE, random)


def write_texts(directory: Path, documents: list[str]) -> list[Path]:
    """Spread documents over a few files, with an empty line between them."""
    return [
        write_text(
            directory / f"text-{index + 1:02}.txt",
            "\n\n".join(documents[index::NUM_TEXT_FILES]) + "\n",
        )
        for index in range(NUM_TEXT_FILES)
    ]


def write_lines(path: Path, records: Iterable[dict[str, object]]) -> Path:
    """Write one JSON record a line."""
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return write_text(path, "".join(lines))


def write_text(path: Path, text: str) -> Path:
    """Write UTF-8 with Unix line ends, on any system, whole or not at all."""
    files.write_text(path, text)
    return path
