"""`fledge inspect next`, `surprisal`, `lens` and more: see what a language model does on a text."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.inside_output import Csv, Html, Json, Outputs, Picture, give
from fledge.cli.options import Checkpoint, refuse_ignored
from fledge.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from fledge.checkpoint.model_files import LoadedModel
    from fledge.inspect.layers.capture import Site
    from fledge.inspect.reading import Reading

EXAMPLE = 'Example: `fledge inspect {} demo/sft "The tide comes in"`'

Text = Annotated[str, typer.Argument(metavar="TEXT", help="Text to read.", show_default=False)]
Chat = Annotated[
    bool, typer.Option("--chat", help="Read the text as a user's message, by the chat template.")
]
Position = Annotated[
    int | None,
    typer.Option(help="Token after which to look, from 1.", show_default="the last"),
]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="Number of tokens to show.")]
By = Annotated[
    Literal["zero", "mean"],
    typer.Option(help="Put zeros in place of an output, or its mean over the text."),
]


def next_(
    checkpoint: Checkpoint,
    text: Text,
    position: Position = None,
    count: Count = 10,
    temperature: Annotated[
        float, typer.Option("--temperature", "-t", min=0, help="0 is greedy.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Keep the K best.", show_default="all")
    ] = None,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Share of probability to keep.")] = 1.0,
    min_p: Annotated[
        float, typer.Option(min=0, max=1, help="Least share of the best token's probability.")
    ] = 0.0,
    chat: Chat = False,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """List what may come next, and what each step of sampling cuts away."""
    outputs = Outputs(json, csv, html)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.generate.request import SamplingParams
    from fledge.inspect.prediction.next_token import next_tokens

    params = SamplingParams(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    give(next_tokens(loaded, reading, position, params, count).table(), outputs)


def surprisal(
    checkpoint: Checkpoint,
    text: Text,
    chat: Chat = False,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Measure how many bits each token of a text carries."""
    outputs = Outputs(json, csv, html)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.prediction.surprisal import surprisal as measure

    give(measure(loaded, reading).table(), outputs)


def lens(
    checkpoint: Checkpoint,
    text: Text,
    chat: Chat = False,
    output: Picture = None,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Read the best next token from every layer, by the logit lens."""
    outputs = Outputs(json, csv, html, output)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.layers.lens import logit_lens

    found = logit_lens(loaded, reading)
    give(found.table(), outputs, found.grid())


def heads(
    checkpoint: Checkpoint,
    label: Annotated[
        Literal["previous", "itself", "same", "first", "induction"],
        typer.Option(help="Score to draw in the picture."),
    ] = "induction",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the random tokens.")] = 0,
    output: Picture = None,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Label every head by what it looks at on random tokens, written twice."""
    outputs = Outputs(json, csv, html, output)
    loaded = load_decoder(checkpoint)
    from fledge.inspect.heads.labels import label_heads

    found = label_heads(loaded, seed)
    give(found.table(), outputs, found.grid(label))


def head(
    checkpoint: Checkpoint,
    text: Text,
    layer: Annotated[int, typer.Option(help="Layer, from 1.")],
    number: Annotated[int, typer.Option("--head", help="Head, from 1.")],
    position: Annotated[
        int | None, typer.Option(help="Token that looks, from 1.", show_default="the last")
    ] = None,
    chat: Chat = False,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Open one head up at a token: products, scaling, softmax and weighted sum."""
    outputs = Outputs(json, csv, html)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.heads.anatomy import open_head

    give(open_head(loaded, reading, layer, number, position).table(), outputs)


def ablate(
    checkpoint: Checkpoint,
    text: Text,
    layer: Annotated[
        list[int] | None, typer.Option(help="Layer to remove, from 1; may be repeated.")
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER.HEAD", help="Head to remove, as 2.1; may be repeated."),
    ] = None,
    by: By = "zero",
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", min=1, help="Number of tokens to show.", show_default="10"),
    ] = None,
    max_new_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest answer, in tokens.", show_default="20")
    ] = None,
    chat: Chat = False,
    output: Picture = None,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Remove heads or layers: all those named at once, or without a name each by itself."""
    outputs = Outputs(json, csv, html, output)
    sites = sites_of(layer or [], head or [])
    if sites and output is not None:
        raise ConfigError("--output draws all parts, each removed by itself; name no layer or head")
    if not sites:
        refuse_ignored(
            "without --layer or --head no answer is written",
            {"--count": count, "--max-new-tokens": max_new_tokens},
        )
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.layers.ablation import ablate as remove
    from fledge.inspect.layers.ablation import ablate_each

    if sites:
        found = remove(loaded, reading, sites, by, count or 10, max_new_tokens or 20)
        give(found.table(), outputs)
    else:
        grid = ablate_each(loaded, reading, by)
        give(grid.table(), outputs, grid)


def patch(
    checkpoint: Checkpoint,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Clean prompt.", show_default=False)],
    corrupted: Annotated[
        str,
        typer.Argument(help="Prompt to patch into, with as many tokens.", show_default=False),
    ],
    stream: Annotated[
        Literal["residual", "attention", "feed_forward"],
        typer.Option(help="Activation to exchange."),
    ] = "residual",
    answer: Annotated[
        str | None,
        typer.Option(
            help="Next token that the clean prompt should favour.", show_default="its best"
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Option(
            help="Next token that the corrupted prompt should favour.", show_default="its best"
        ),
    ] = None,
    chat: Chat = False,
    output: Picture = None,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Put one prompt's activations into another, layer by layer and token by token."""
    outputs = Outputs(json, csv, html, output)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.layers.patching import patch as exchange

    ids = [None if one is None else token_of(loaded, one) for one in (answer, other)]
    found = exchange(loaded, reading, reading_of(loaded, corrupted, chat), stream, *ids)
    give(found.table(), outputs, found.grid())


def salience(
    checkpoint: Checkpoint,
    text: Text,
    target: Annotated[
        str | None, typer.Option(help="Next token to explain.", show_default="the best")
    ] = None,
    chat: Chat = False,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Measure how much each token matters to the next one."""
    outputs = Outputs(json, csv, html)
    loaded, reading = read_with(checkpoint, text, chat)
    from fledge.inspect.layers.salience import salience as measure

    wanted = None if target is None else token_of(loaded, target)
    give(measure(loaded, reading, wanted).table(), outputs)


def load_decoder(checkpoint: Path) -> "LoadedModel":
    """Load a language model.

    Raises:
        CheckpointError: the checkpoint holds a model of another kind.
    """
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.model_files import load_language_model
    from fledge.checkpoint.resolved import resolve

    directory = find_checkpoint(checkpoint)
    kind = resolve(directory).kind
    if kind == "translation":
        raise CheckpointError(
            f"{directory}: expected a decoder-only language model, found an encoder-decoder that "
            "translates; `fledge inspect attention` looks inside it"
        )
    if kind == "scalar":
        raise CheckpointError(
            f"{directory}: expected a language model, found a reward or value model, which gives "
            "no next token; `fledge inspect attention` looks inside it"
        )
    return load_language_model(directory)


def read_with(checkpoint: Path, text: str, chat: bool) -> tuple["LoadedModel", "Reading"]:
    """Load a language model, and read a text or a user's message with it."""
    loaded = load_decoder(checkpoint)
    return loaded, reading_of(loaded, text, chat)


def reading_of(loaded: "LoadedModel", text: str, chat: bool) -> "Reading":
    """Read a text, or a user's message if `chat`."""
    from fledge.inspect.reading import read
    from fledge.text.conversation import Conversation

    return read(loaded, Conversation(()).then("user", text) if chat else text)


def token_of(loaded: "LoadedModel", text: str) -> int:
    """Return the one token of a text.

    Raises:
        ConfigError: the text is not exactly one token.
    """
    ids = loaded.tokenizer.encode(text, begins=False)
    if len(ids) != 1:
        pieces = [loaded.tokenizer.decode([id_]) for id_ in ids]
        raise ConfigError(
            f"expected one token, found {len(ids)} in {text!r}: {pieces}; a word within a text "
            'often begins with a space, as " day"'
        )
    return ids[0]


def sites_of(layers: Sequence[int], heads: Sequence[str]) -> list["Site"]:
    """Return the parts that options name; a head is LAYER.HEAD.

    Raises:
        ConfigError: a head is written otherwise.
    """
    from fledge.inspect.layers.capture import Site

    sites = [Site(layer) for layer in layers]
    for name in heads:
        layer, _, head = name.partition(".")
        if not (layer.isdecimal() and head.isdecimal()):
            raise ConfigError(f"--head takes LAYER.HEAD such as 2.1, found {name!r}")
        sites.append(Site(int(layer), "head", int(head)))
    return sites
