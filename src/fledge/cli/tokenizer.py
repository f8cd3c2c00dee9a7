"""`fledge tokenizer`: train a tokenizer, and look at its work."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.messages import log_to_terminal
from fledge.cli.options import (
    VOCABULARY_SIZE,
    SkipBad,
    VocabularySize,
    refuse_ignored,
    tell_skipped,
)
from fledge.cli.output import check_own_directory

if TYPE_CHECKING:
    from fledge.text.tokenizer import Tokenizer

OWN_FILES = frozenset(
    ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "recipe.json"]
)
"""Files of a tokenizer's folder, which may be replaced."""

EXAMPLE = "Example: `fledge tokenizer train data/text --vocabulary-size 4096 -o tokenizer`"

app = typer.Typer(
    help="Train a tokenizer, and look at its work.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog=EXAMPLE,
)

Source = Annotated[
    Path,
    typer.Argument(
        metavar="TOKENIZER",
        help="A checkpoint, a tokenizer.json, or a .tiktoken file of ranks.",
        show_default=False,
    ),
]


def load(path: Path) -> "Tokenizer":
    """Load the tokenizer of a checkpoint, of a run's newest checkpoint, or a file of its own."""
    from fledge.checkpoint.directory import latest
    from fledge.text.tokenizer import Tokenizer

    newest = None if (path / "tokenizer.json").is_file() else latest(path)
    return Tokenizer.load(newest or path)


@app.command(epilog=EXAMPLE)
def train(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT...",
            help="Files or folders: .txt, .md, or records with a text.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to write.")],
    vocabulary_size: VocabularySize = None,
    pattern: Annotated[
        Literal["gpt2", "gpt4"] | None,
        typer.Option(help="Splitting of text into words.", show_default="gpt4"),
    ] = None,
    characters: Annotated[
        bool, typer.Option("--characters", help="Make one token per character instead of BPE.")
    ] = False,
    normalise: Annotated[
        Literal["none", "NFC", "NFKC"] | None,
        typer.Option(help="Unicode normal form of all text.", show_default="none"),
    ] = None,
    lower_case: Annotated[
        bool, typer.Option("--lower-case", help="Turn all text into lower case.")
    ] = False,
    skip_bad: SkipBad = False,
) -> None:
    """Learn byte-level BPE merges from texts."""
    if characters:
        refuse_ignored(
            "--characters takes the text as it is",
            {
                "--vocabulary-size": vocabulary_size,
                "--pattern": pattern,
                "--normalise": normalise,
                "--lower-case": lower_case,
            },
        )
    check_own_directory(output, OWN_FILES)
    log_to_terminal()
    from fledge.config import parse_section
    from fledge.files import write_directory
    from fledge.runs.tokenizer import TokenizerConfig, train_tokenizer

    settings = {
        "text": texts,
        "kind": "characters" if characters else "bpe",
        "vocabulary_size": vocabulary_size or VOCABULARY_SIZE,
        "pattern": pattern or "gpt4",
        "normaliser": {"form": normalise or "none", "lower_case": lower_case},
        "skip_bad": skip_bad,
    }
    tokenizer = train_tokenizer(parse_section(settings, TokenizerConfig, source="tokenizer"))
    write_directory(output, tokenizer.save, "tokenizer")
    typer.echo(f"{tokenizer.vocabulary_size:,} tokens written to {output}")


@app.command(epilog='Example: `fledge tokenizer encode checkpoints/sft "Hello, world"`')
def encode(
    tokenizer: Source,
    text: Annotated[str, typer.Argument(help="Text to encode.", show_default=False)],
) -> None:
    """Show the tokens of a text in colours, and their ids."""
    from rich.console import Console
    from rich.text import Text

    from fledge.text.printable import spelled

    loaded = load(tokenizer)
    ids = loaded.encode(text)
    colours = ("black on bright_cyan", "black on bright_yellow", "black on bright_green")
    shown = Text()
    for index, id_ in enumerate(ids):
        piece = loaded.token_bytes(id_).decode("utf-8", errors="backslashreplace")
        shown.append(spelled(piece).replace("\n", "⏎\n"), style=colours[index % len(colours)])
    console = Console(highlight=False)
    console.print(shown, soft_wrap=True)
    console.print(" ".join(map(str, ids)), soft_wrap=True)
    num_bytes = len(text.encode())
    ratio = f", {num_bytes / len(ids):.2f} bytes per token" if ids else ""
    console.print(f"{len(ids):,} tokens, {num_bytes:,} bytes{ratio}", style="dim")


@app.command(epilog="Example: `fledge tokenizer trace checkpoints/sft lighthouse`")
def trace(
    tokenizer: Source,
    text: Annotated[str, typer.Argument(help="One or more words.", show_default=False)],
) -> None:
    """Show, merge by merge, how a word becomes its tokens."""
    from rich.console import Console

    from fledge.text.trace import trace as trace_merges

    console = Console(highlight=False, markup=False, emoji=False)
    for word in trace_merges(text, load(tokenizer)):
        console.print(f"{word.text!r}", style="bold")
        console.print(f"  {'start':>8}  {' '.join(word.start)}")
        for merge in word.merges:
            console.print(f"  {merge.rank:>8}  {' '.join(merge.symbols)}")
        console.print(f"  {'ids':>8}  {' '.join(map(str, word.ids))}")


@app.command(epilog="Example: `fledge tokenizer report checkpoints/sft data/text`")
def report(
    tokenizer: Source,
    texts: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="Files or folders.", show_default=False),
    ],
    top: Annotated[int, typer.Option(min=1, help="Number of most frequent entries to list.")] = 15,
    skip_bad: SkipBad = False,
) -> None:
    """Measure texts with a tokenizer: compression, frequencies, Zipf's law, coverage."""
    from fledge.cli.text_report import print_report
    from fledge.data import Skipped, read_texts

    log_to_terminal()
    skipped = Skipped() if skip_bad else None
    documents = [document for text in texts for document in read_texts(text, skipped)]
    tell_skipped(skipped)
    print_report(documents, load(tokenizer), top)
