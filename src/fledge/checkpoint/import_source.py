"""SOURCE of an import: a directory, a GGUF or llama2.c file, a named model, or one of the Hub."""

import os
from pathlib import Path

from fledge.cache_directory import cache_directory
from fledge.checkpoint.exchange import Copied, import_llama2c, import_model
from fledge.checkpoint.gguf.header import is_gguf
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.hub import fetch, is_hub_id
from fledge.checkpoint.named_import import import_named
from fledge.checkpoint.named_models import NAMED_MODELS
from fledge.checkpoint.resolved import CONFIG
from fledge.checkpoint.weights import refuse_pickle
from fledge.errors import CheckpointError

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""First bytes of torch's zip files and of plain pickles."""


def import_source(
    source: str,
    output: Path,
    *,
    tokenizer: Path | None = None,
    revision: str | None = None,
    precision: str | None = None,
    chat_tokens: bool = False,
) -> Copied:
    """Make a checkpoint of `source`; see `import_model`, `import_gguf` and `import_llama2c`.

    A path that exists wins over a name of `NAMED_MODELS`; see `import_named`.

    Raises:
        CheckpointError: there is no such source, it is of a kind that is not read, or damaged.
    """
    path = Path(source)
    if path.is_dir():
        _refuse_directory_of_llama2c(path)
        return import_model(path, output, precision=precision, chat_tokens=chat_tokens)
    if path.is_file() and is_gguf(path):
        return import_gguf(path, output, precision=precision, chat_tokens=chat_tokens)
    if path.is_file():
        _refuse_other_files(path)
        beside = tokenizer or path.with_name("tokenizer.bin")
        return import_llama2c(path, output, beside, precision=precision, chat_tokens=chat_tokens)
    if source in NAMED_MODELS:
        return import_named(
            NAMED_MODELS[source],
            output,
            cache_directory(os.environ, Path.home()),
            revision=revision,
            precision=precision,
            chat_tokens=chat_tokens,
        )
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
        "model.safetensors, a .gguf, a llama2.c .bin, owner/name of the Hugging Face Hub, or a "
        "name that `fledge models` lists"
    )


def _refuse_directory_of_llama2c(directory: Path) -> None:
    """Ask for a file by name: nothing in a directory tells which of its `.bin` is the model."""
    files = sorted(path for path in directory.glob("*.bin") if not _is_pickle(path))
    if files and not (directory / CONFIG).is_file():
        raise CheckpointError(
            f"{directory / CONFIG}: no such file. If this is a model of llama2.c, name its weights "
            f"(among {', '.join(path.name for path in files)}), and with --tokenizer the file that "
            "holds its tokens"
        )


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(PICKLE_STARTS)


def _refuse_other_files(path: Path) -> None:
    """Refuse files that cannot be llama2.c's."""
    if path.suffix in PICKLE_SUFFIXES and _is_pickle(path):
        refuse_pickle(path)
    if path.suffix != ".bin":
        raise CheckpointError(
            f"{path}: give the directory that holds config.json, the weights and the tokenizer "
            f"({path.parent})"
        )
