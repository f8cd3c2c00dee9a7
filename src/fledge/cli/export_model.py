"""`fledge export`: write a model for other programs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fledge.cli.import_model import summary
from fledge.cli.options import Checkpoint
from fledge.errors import ConfigError

EXAMPLE = "Example: `fledge export checkpoints/ppo ppo.gguf --dtype q8_0`"

Format = Literal["huggingface", "gguf"]
DType = Literal["float32", "bfloat16", "float16", "q8_0"]


def export_model(
    checkpoint: Checkpoint,
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Directory or .gguf file to write.", show_default=False),
    ],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="File format.", show_default="gguf if OUT ends in .gguf"),
    ] = None,
    dtype: Annotated[
        DType | None,
        typer.Option(help="Number format.", show_default="unchanged; float16 in GGUF"),
    ] = None,
) -> None:
    """Write a model for transformers, vLLM or llama.cpp.

    LM Studio and Ollama also read GGUF.
    """
    from fledge.checkpoint.directory import find_checkpoint

    chosen = format_ or ("gguf" if output.suffix == ".gguf" else "huggingface")
    if chosen == "gguf" and output.suffix != ".gguf":
        raise ConfigError(f"{output}: GGUF is a single file; name it {output}.gguf")
    if chosen == "huggingface" and output.suffix == ".gguf":
        raise ConfigError(
            f"{output} is a file name, but huggingface is a directory; name a directory"
        )
    if chosen == "huggingface" and dtype == "q8_0":
        raise ConfigError("--dtype q8_0 is for GGUF; name a .gguf file, or choose another --dtype")
    directory = find_checkpoint(checkpoint)
    if chosen == "gguf":
        from fledge.checkpoint.gguf.export_file import export_gguf

        copied = export_gguf(directory, output, precision=dtype or "float16")
    else:
        from fledge.checkpoint.exchange import export_model as export_directory

        copied = export_directory(directory, output, precision=dtype)
    typer.echo(f"{output}: {summary(copied)}")
