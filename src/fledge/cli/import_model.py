"""`fledge import`: make a checkpoint of a model made elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.messages import log_to_terminal, print_warning
from fledge.cli.options import refuse_ignored

if TYPE_CHECKING:
    from fledge.checkpoint.exchange import Copied

EXAMPLE = "Example: `fledge import smollm2 checkpoints/smollm2`"

KINDS = {
    "language": "language model",
    "scalar": "reward or value model",
    "translation": "translation model",
}
Output = Annotated[
    Path, typer.Argument(metavar="OUT", help="Directory to write.", show_default=False)
]


def import_model(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Named model, owner/name on the Hub, directory, .gguf, or llama2.c .bin.",
            show_default=False,
        ),
    ],
    output: Output,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        typer.Option(help="Cast the weights.", show_default="unchanged; bfloat16 if quantised"),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(help="Branch, tag or commit on the Hub.", show_default="main"),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="Tokenizer of a llama2.c .bin.", show_default="tokenizer.bin beside it"),
    ] = None,
    chat_tokens: Annotated[
        bool,
        typer.Option(
            "--chat-tokens", help="Add fledge's chat tokens to a base model, for `fledge sft`."
        ),
    ] = False,
) -> None:
    """Make a checkpoint of someone else's model.

    `fledge models` lists models with a name. It reads GPT-2, Llama, Mistral, Qwen2, Qwen3 and
    Marian; as GGUF, quantised or split, Llama, Mistral, Qwen2 and Qwen3. A setting that fledge does
    not compute the same way is refused by name; pickles are never opened.
    """
    from fledge.checkpoint.named_models import NAMED_MODELS, WheelFile

    if Path(source).exists():
        refuse_ignored("SOURCE is a path, not a model on the Hub", {"--revision": revision})
        if source in NAMED_MODELS:
            print_warning(
                f"{source} is a path here and is imported; `fledge models` has a model of that "
                "name: run this in another directory to import that one"
            )
    elif source in NAMED_MODELS and isinstance(NAMED_MODELS[source].source, WheelFile):
        refuse_ignored(f"{source} is pinned in the package index", {"--revision": revision})
    if not Path(source).is_file() or source.endswith(".gguf"):
        refuse_ignored("SOURCE is not a llama2.c .bin", {"--tokenizer": tokenizer})
    from fledge.checkpoint.import_source import import_source

    log_to_terminal()
    copied = import_source(
        source,
        output,
        tokenizer=tokenizer,
        revision=revision,
        precision=dtype,
        chat_tokens=chat_tokens,
    )
    typer.echo(f"{output}: {summary(copied)}")


def summary(copied: "Copied") -> str:
    """Describe the copied model in one line."""
    return (
        f"{copied.model_type} {KINDS[copied.kind]}, {copied.parameters:,} parameters "
        f"in {copied.precision}"
    )
