"""`fledge import`: make a checkpoint of a model made elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fledge.cli.options import refuse_ignored

if TYPE_CHECKING:
    from fledge.checkpoint.exchange import Copied

EXAMPLE = "Example: `fledge import HuggingFaceTB/SmolLM2-135M-Instruct checkpoints/smollm2`"

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
            help="Hugging Face directory, owner/name on the Hub, a .gguf or a llama2.c .bin.",
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

    It reads GPT-2, Llama, Mistral, Qwen2, Qwen3 and Marian; as GGUF, quantised or split, Llama,
    Mistral, Qwen2 and Qwen3. A setting that fledge does not compute the same way is refused by
    name; pickles are never opened.
    """
    if Path(source).exists():
        refuse_ignored("SOURCE is a path, not a model on the Hub", {"--revision": revision})
    if not Path(source).is_file() or source.endswith(".gguf"):
        refuse_ignored("SOURCE is not a llama2.c .bin", {"--tokenizer": tokenizer})
    from fledge.checkpoint.import_source import import_source

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
