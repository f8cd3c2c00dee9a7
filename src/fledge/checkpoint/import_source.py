"""What the SOURCE of an import is: a directory, a llama2.c file, or a model of the Hub."""

from pathlib import Path

from fledge.checkpoint.exchange import Copied, import_llama2c, import_model
from fledge.checkpoint.hub import fetch, is_hub_id
from fledge.checkpoint.weights import refuse_pickle
from fledge.errors import CheckpointError

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""A zip of torch's, and pickles themselves."""


def import_source(
    source: str,
    output: Path,
    *,
    tokenizer: Path | None = None,
    revision: str | None = None,
    precision: str | None = None,
    chat_tokens: bool = False,
) -> Copied:
    """Make a checkpoint of `source`; see `import_model` and `import_llama2c`.

    Raises:
        CheckpointError: there is no such source, it is of a kind that is not read, or damaged.
    """
    path = Path(source)
    if path.is_dir():
        return import_model(path, output, precision=precision, chat_tokens=chat_tokens)
    if path.is_file():
        _refuse_other_files(path)
        beside = tokenizer or path.with_name("tokenizer.bin")
        return import_llama2c(path, output, beside, precision=precision, chat_tokens=chat_tokens)
    if is_hub_id(source):
        name = f"{source}@{revision}" if revision else source
        return import_model(
            fetch(source, revision),
            output,
            precision=precision,
            chat_tokens=chat_tokens,
            name=name,
        )
    raise CheckpointError(
        f"{source}: no such file or directory; expected a directory with config.json and "
        "model.safetensors, a llama2.c .bin, or owner/name of the Hugging Face Hub"
    )


def _refuse_other_files(path: Path) -> None:
    """All but what may be llama2.c's."""
    if path.suffix in PICKLE_SUFFIXES:
        with path.open("rb") as file:
            start = file.read(4)
        if start.startswith(PICKLE_STARTS):
            refuse_pickle(path)
    if path.suffix == ".gguf":
        raise CheckpointError(
            f"{path}: GGUF is written but not read; import the model it was made of, a directory "
            "with config.json and model.safetensors"
        )
    if path.suffix != ".bin":
        raise CheckpointError(
            f"{path}: give the directory that holds config.json, the weights and the tokenizer "
            f"({path.parent})"
        )
