"""`fledge translate`: translate a sentence, a file or a pipe."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.options import Checkpoint
from fledge.cli.output import check_writable
from fledge.cli.standard_input import arriving_lines
from fledge.errors import ConfigError, DataError
from fledge.files import write_text
from fledge.text.printable import printable

if TYPE_CHECKING:
    from fledge.checkpoint.translation_files import LoadedTranslationModel
    from fledge.generate.beam import BeamSettings
    from fledge.generate.translation import Translation

EXAMPLE = 'Example: `fledge translate checkpoints/en-fr "How was your day?" --best 3 --scores`'
NAMED = 20
"""Most unknown words that are named; of more, the number is told."""


def translate(
    checkpoint: Checkpoint,
    sentence: Annotated[
        str | None,
        typer.Argument(
            help="Sentence to translate; `-`, or nothing, reads lines of standard input.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Translate every line of this file.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write.", show_default="standard output"),
    ] = None,
    references: Annotated[
        Path | None,
        typer.Option(
            help="Reference translations of --file, line by line: prints BLEU and chrF.",
            show_default=False,
        ),
    ] = None,
    beams: Annotated[int, typer.Option(metavar="N", help="Width of the search; 1 is greedy.")] = 4,
    length_penalty: Annotated[
        float, typer.Option(metavar="α", help="Above 0, longer translations win more often.")
    ] = 1.0,
    penalty: Annotated[
        Literal["power", "gnmt"],
        typer.Option(help="Divide log-probability by n^α, or by ((5 + n) / 6)^α."),
    ] = "power",
    best: Annotated[
        int, typer.Option(metavar="N", help="Number of translations of each, best first.")
    ] = 1,
    scores: Annotated[
        bool, typer.Option("--scores", help="Begin each line with the score and a tab.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per sentence, with scores.")
    ] = False,
) -> None:
    """Translate a sentence, a file or a pipe by beam search.

    Words that training never had are named on standard error. With `--best` above 1, each line
    begins with the sentence's number and a tab. An empty line gives an empty line. Lines of a pipe
    are translated as they arrive.
    """
    if file is not None and sentence is not None:
        raise ConfigError("give a SENTENCE or --file FILE, not both")
    if references is not None and file is None:
        raise ConfigError("--references needs the sentences that they translate; also give --file")
    if best > beams:
        raise ConfigError(f"--best {best} is more than --beams {beams}; raise --beams to {best}")
    if output is not None:
        check_writable(output)
    from fledge.config import parse_section
    from fledge.generate.beam import BeamSettings

    values = {"beams": beams, "penalty": penalty, "alpha": length_penalty, "best": best}
    settings = parse_section(values, BeamSettings, source="beam search")
    show = as_record if as_json else Lines(best > 1, scores)
    loaded = opened(checkpoint)
    if file is not None:
        translate_file(loaded, file, output, references, settings, show)
        return
    lots = arriving_lines() if sentence is None or sentence == "-" else iter([[sentence]])
    write_all(output, translated(loaded, lots, settings, show))


def opened(checkpoint: Path) -> "LoadedTranslationModel":
    """Open a translator, and let as many threads work for it as are fastest now."""
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.translation_files import load_translation_model
    from fledge.runtime.threads import choose_threads

    loaded = load_translation_model(find_checkpoint(checkpoint))
    choose_threads(loaded.model.config.width)
    return loaded


class Lines:
    """Writes translations as lines of text: number and score, if wanted, then the words."""

    def __init__(self, with_number: bool, with_score: bool) -> None:
        self.with_number = with_number
        self.with_score = with_score

    def __call__(self, number: int, source: str, found: "Sequence[Translation]") -> Iterator[str]:
        for one in found:
            fields = [str(number)] if self.with_number else []
            fields += [f"{one.score:.4f}"] if self.with_score else []
            # One line per translation: files stay aligned whatever a model writes.
            yield "\t".join([*fields, " ".join(one.text.splitlines())])


def as_record(_: int, source: str, found: "Sequence[Translation]") -> Iterator[str]:
    """Yield a sentence, its translations and their scores as one line of JSON.

    The words that training never had are in it where there are any.
    """
    translations = [{"text": one.text, "score": one.score} for one in found]
    unknown = {"unknown_words": list(found[0].unknown_words)} if found[0].unknown_words else {}
    record = {"source": source, "translations": translations, **unknown}
    yield json.dumps(record, ensure_ascii=False)


Show = Callable[[int, str, "Sequence[Translation]"], Iterator[str]]


def translated(
    loaded: "LoadedTranslationModel",
    lots: Iterator[list[str]],
    settings: "BeamSettings",
    show: Show,
) -> Iterator[str]:
    """Yield the lines to write, those of a lot before the next lot is read."""
    from fledge.generate.translation import translate

    first = 1
    for lot in lots:
        found = translate(loaded, lot, settings, first=first)
        for number, (source, best) in enumerate(zip(lot, found, strict=True), start=first):
            yield from show(number, source, best)
        name_unknown_words(found)
        first += len(lot)


def name_unknown_words(found: "Sequence[Sequence[Translation]]") -> None:
    """Name on stderr the words that training never had, those kept and those lost."""
    for said, lists in (
        ("left as they are", [best[0].kept_words for best in found]),
        ("lost in the translation", [best[0].lost_words for best in found]),
    ):
        words = list(dict.fromkeys(word for one in lists for word in one))
        if words:
            more = f" and {len(words) - NAMED:,} more" if len(words) > NAMED else ""
            line = f"unknown words, {said}: {', '.join(words[:NAMED])}{more}"
            typer.echo(printable(line), err=True)


def translate_file(
    loaded: "LoadedTranslationModel",
    file: Path,
    output: Path | None,
    references: Path | None,
    settings: "BeamSettings",
    show: Show,
) -> None:
    """Translate every line of a file under a bar, then print the scores if there are references."""
    from fledge.data.sentence_pairs import aligned_lines, read_lines
    from fledge.generate.translation import translate

    if references is None:
        sources, right = read_lines(file), list[str]()
    else:
        sources, right = aligned_lines(file, references)
    if not sources:
        raise DataError(f"{file}: the file is empty; expected one sentence a line")
    with bar(len(sources)) as advance:
        found = translate(loaded, sources, settings, advance, where=f"{file}:")
    pairs = enumerate(zip(sources, found, strict=True), start=1)
    write_all(output, (line for n, (source, best) in pairs for line in show(n, source, best)))
    name_unknown_words(found)
    if references is not None:
        print_score([best[0].text for best in found], right)


def write_all(output: Path | None, lines: Iterator[str]) -> None:
    """Write to a file, which appears whole, or to standard output as lines come."""
    if output is not None:
        write_text(output, "".join(f"{line}\n" for line in lines), "file of translations")
        return
    for line in lines:
        typer.echo(printable(line) if sys.stdout.isatty() else line)
        sys.stdout.flush()


def print_score(translations: Sequence[str], references: Sequence[str]) -> None:
    """Print BLEU and chrF with their signatures on stderr."""
    from fledge.evaluate.translation import score_translations

    score = score_translations(translations, references)
    typer.echo(f"BLEU {score.bleu:.2f}  {score.bleu_signature}", err=True)
    typer.echo(f"chrF {score.chrf:.2f}  {score.chrf_signature}", err=True)


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar if stderr is a terminal; yield the function that advances it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("translating", total=total)
        yield lambda count: progress.advance(task, count)
