"""`fledge inspect`: look inside a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli import inside
from fledge.cli.options import Checkpoint, refuse_ignored
from fledge.cli.output import check_writable
from fledge.errors import ConfigError
from fledge.files import write_text
from fledge.text.printable import printable

if TYPE_CHECKING:
    from fledge.inspect.recording import Recording
    from fledge.inspect.view import View

EXAMPLE = 'Example: `fledge inspect attention runs/english-french "How was your day?" -o day.png`'

app = typer.Typer(
    help="Look inside a model.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog=EXAMPLE,
)
MOST_LOOKED_AT = 3
"""Number of words to show beside each word in the terminal."""
LEAST_SHOWN = 0.05
"""Share of attention below which a word is not shown."""


@app.callback()
def group() -> None:
    """Look inside a model."""


@app.command(epilog=EXAMPLE)
def attention(
    checkpoint: Checkpoint,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="Sentence to translate, or text to read.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Picture to draw, .png or .svg.", show_default=False),
    ] = None,
    json_output: Annotated[
        Path | None,
        typer.Option("--json", help="JSON file for words and weights.", show_default=False),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(help="One layer, counted from 1.", show_default="all")
    ] = None,
    head: Annotated[
        int | None, typer.Option(help="One head, counted from 1.", show_default="all")
    ] = None,
    mean: Annotated[bool, typer.Option("--mean", help="Show the mean over heads.")] = False,
    best: Annotated[bool, typer.Option("--best", help="Show the head that aligns best.")] = False,
    heads: Annotated[
        bool, typer.Option("--heads", help="Draw all heads on one sheet, without words.")
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(help="Translation to read instead of the model's own.", show_default=False),
    ] = None,
    beams: Annotated[int, typer.Option(min=1, help="Width of the search; 1 is greedy.")] = 4,
) -> None:
    """Show which word looks at which: a translation at its source, a text at itself."""
    if mean and best:
        raise ConfigError("give --mean or --best, not both")
    chosen = {"--layer": layer, "--head": head, "--mean": mean, "--best": best}
    if heads:
        refuse_ignored("--heads draws all heads", chosen)
        if output is None:
            raise ConfigError("--heads draws a picture; give --output FILE, a .png or .svg")
    if head is not None:
        refuse_ignored("--head picks one head", {"--mean": mean, "--best": best})
    from fledge.inspect.view import choose, picture_format

    if output is not None:
        picture_format(output)
    for path in (output, json_output):
        if path is not None:
            check_writable(path)
    recording = record(checkpoint, text, target, beams)
    view = choose(recording, "mean" if mean else "best" if best else None, layer, head)
    if json_output is not None:
        from fledge.inspect.data import to_json

        write_text(json_output, to_json(recording, view))
    if output is not None:
        from fledge.inspect import drawing

        if heads:
            drawing.save_heads(recording, output)
        else:
            drawing.save_map(recording, view, output)
    print_recording(recording, view)
    for path in (output, json_output):
        if path is not None:
            typer.echo(f"{path} written", err=True)


def record(checkpoint: Path, text: str, target: str | None, beams: int) -> "Recording":
    """Record the attention of the checkpoint's model, of any kind, over the text.

    Raises:
        ConfigError: `target` is given, but the model does not translate.
    """
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.model_files import (
        LoadedModel,
        load_language_model,
        load_scalar_model,
    )
    from fledge.checkpoint.resolved import resolve
    from fledge.checkpoint.translation_files import load_translation_model
    from fledge.generate.beam import BeamSettings
    from fledge.inspect.recording import record_text, record_translation

    directory = find_checkpoint(checkpoint)
    kind = resolve(directory).kind
    if kind == "translation":
        search = BeamSettings(beams=beams)
        return record_translation(load_translation_model(directory), text, search, target)
    refuse_ignored(f"{directory} does not translate", {"--target": target})
    if kind == "scalar":
        scalar = load_scalar_model(directory)
        return record_text(LoadedModel(scalar.model.trunk, scalar.tokenizer, scalar.template), text)
    return record_text(load_language_model(directory), text)


def print_recording(recording: "Recording", view: "View") -> None:
    """Print a table of the words that each word looks at most."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if recording.translation is not None:
        console.print(Text(printable(recording.translation), style="bold"), soft_wrap=True)
    console.print(Text(f"{recording.maps.kind}-attention · {view.label}", style="dim"))
    table = Table("word", "looks at", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for word, weights in zip(recording.maps.targets, view.weights, strict=True):
        top = weights.topk(min(MOST_LOOKED_AT, len(weights)))
        looked_at = Text("  ").join(
            Text.assemble(printable(recording.maps.sources[index]), (f" {weight:.2f}", "dim"))
            for weight, index in zip(top.values.tolist(), top.indices.tolist(), strict=True)
            if weight >= LEAST_SHOWN
        )
        table.add_row(Text(printable(word)), looked_at)
    console.print(table)


NEXT = 'Example: `fledge inspect next demo/sft "The tide comes" --temperature 0.7 --top-p 0.9`'
HEAD = 'Example: `fledge inspect head demo/sft "The tide comes in" --layer 1 --head 1`'
PATCH = 'Example: `fledge inspect patch demo/sft "The tide comes" "The moon comes"`'

app.command("next", epilog=NEXT)(inside.next_)
app.command("surprisal", epilog=inside.EXAMPLE.format("surprisal"))(inside.surprisal)
app.command("lens", epilog=inside.EXAMPLE.format("lens"))(inside.lens)
app.command("heads", epilog="Example: `fledge inspect heads demo/sft --output heads.png`")(
    inside.heads
)
app.command("head", epilog=HEAD)(inside.head)
app.command("ablate", epilog=inside.EXAMPLE.format("ablate"))(inside.ablate)
app.command("patch", epilog=PATCH)(inside.patch)
app.command("salience", epilog=inside.EXAMPLE.format("salience"))(inside.salience)
