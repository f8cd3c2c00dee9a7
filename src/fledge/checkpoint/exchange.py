"""Import and export: models of others and checkpoints, checked and copied tensor by tensor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import JsonValue

from fledge.checkpoint.chat_tokens import with_chat_tokens
from fledge.checkpoint.json_files import read_json, write_json
from fledge.checkpoint.lineage import Lineage, Parent, parent, read_lineage, write_lineage
from fledge.checkpoint.llama2c import read_llama2c
from fledge.checkpoint.naming import Named, naming
from fledge.checkpoint.recommended import GENERATION, Recommended
from fledge.checkpoint.resolved import CONFIG, WEIGHTS, Checkpoint, resolve
from fledge.checkpoint.settings import check_vocabulary, load_tokenizer, write_settings
from fledge.checkpoint.tensors import refuse_not_finite, write_tensors
from fledge.checkpoint.translation_files import generation_settings, read_words, write_words
from fledge.checkpoint.translation_tokenizers import load_tokenizers, save_tokenizers
from fledge.checkpoint.weights import open_tensors
from fledge.errors import CheckpointError
from fledge.files import file_hash, write_directory
from fledge.model.huggingface.encoder_decoder import (
    MODEL_TYPE,
    read_config,
    transformer_from_huggingface,
    transformer_to_huggingface,
)
from fledge.model.huggingface.reordering import halves
from fledge.model.huggingface.unread import Kind, Unread, unread
from fledge.text.llama2c import load_llama2c_tokenizer
from fledge.text.tokenizer import Tokenizer

WriteFiles = Callable[[Path], None]


PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
"""Number formats that weights can be cast to on the way."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Facts about a model that was copied."""

    kind: Kind
    model_type: str
    """The type in the new config.json: a Mistral becomes the Llama that it is."""
    parameters: int
    precision: str
    """The number format of the copied weights, as config.json names it."""


def import_model(
    source: Path,
    output: Path,
    *,
    precision: str | None = None,
    chat_tokens: bool = False,
    name: str = "",
) -> Copied:
    """Make a checkpoint of a directory in Hugging Face layout.

    Weights keep their precision, or are cast to a name of `PRECISIONS`. One tensor at a time is in
    memory. An output that cannot be written whole is not written at all. `chat_tokens` adds the
    tokens of fledge's chat template; `name` stands for the source in the lineage.

    Raises:
        CheckpointError: a file is missing, damaged or a pickle, an option is not computed, a weight
            is NaN or infinite, or `output` exists.
    """
    checkpoint = resolve(source)
    model = read_unread(checkpoint)
    lineage = _lineage(source, name)
    if not chat_tokens:
        settings = _settings(source, model)
        return copy_model(checkpoint.named, model, settings, output, precision, lineage)
    if model.kind != "language":
        raise CheckpointError(f"{source}: chat tokens are for language models, not for this one")
    tokenizer = load_tokenizer(source, model.vocabulary_size)
    model, tokenizer = chatty(source, model, tokenizer)
    settings = decoder_settings(model, tokenizer, _generation(source))
    return copy_model(checkpoint.named, model, settings, output, precision, lineage)


def export_model(source: Path, output: Path, *, precision: str | None = None) -> Copied:
    """Copy a checkpoint for other programs, without its lineage.

    A critic says in `fledge.json` that PPO made it: a reward model has the same shape. A
    translation model with the paper's positions becomes the Marian that computes the same.

    Raises:
        CheckpointError: as `import_model`, or no architecture of others computes the model.
    """
    checkpoint = resolve(source)
    model = _for_others(checkpoint)
    settings = _settings(source, model)
    past = _critic_mark(checkpoint)
    return copy_model(checkpoint.named, model, settings, output, precision, past)


def import_llama2c(
    source: Path,
    output: Path,
    tokenizer_path: Path,
    *,
    precision: str | None = None,
    chat_tokens: bool = False,
) -> Copied:
    """Make a checkpoint of a llama2.c `.bin` and its tokenizer.bin; see `import_model`.

    Raises:
        CheckpointError: the model is cut off, or `output` exists.
        TokenizerError: the tokenizer is missing or damaged.
    """
    config_json, tensors = read_llama2c(source)
    named = Named(source, source)
    with naming(named):
        model = unread(config_json, tensors)
    tokenizer = load_llama2c_tokenizer(tokenizer_path)
    # A tokenizer.bin has a piece for each row; without its last ones it is cut off.
    check_vocabulary(source, model.vocabulary_size, tokenizer, (model.vocabulary_size - 1,))
    if chat_tokens:
        model, tokenizer = chatty(source, model, tokenizer)
    run: dict[str, JsonValue] = {"source": str(source), "tokenizer": str(tokenizer_path)}
    origin = Parent(path=str(source), weights=file_hash(source))
    lineage = Lineage(stage="import", step=0, steps=0, seen=0, run=run, parents={"model": origin})
    settings = decoder_settings(model, tokenizer, {})
    return copy_model(named, model, settings, output, precision, lineage)


def copy_model(
    named: Named,
    model: Unread,
    write_settings_files: WriteFiles,
    output: Path,
    precision: str | None,
    lineage: Lineage | None,
) -> Copied:
    """Write the files beside the weights, the weights, and a lineage if there is one.

    Raises:
        CheckpointError: `output` exists, or a weight is NaN or infinite; the tensor is named, and
            its file.
        WriteError: the disk is full or not writable.
    """
    refuse_to_overwrite(output)
    if precision is not None:
        model.config_json["torch_dtype"] = precision

    def fill(directory: Path) -> None:
        write_settings_files(directory)
        dtype = None if precision is None else PRECISIONS[precision]
        with naming(named):
            write_tensors(directory / WEIGHTS, model.tensors, dtype, refuse_not_finite)
        if lineage is not None:
            write_lineage(directory, lineage)

    write_directory(output, fill, "model")
    return Copied(
        kind=model.kind,
        model_type=str(model.config_json["model_type"]),
        parameters=model.parameters,
        precision=str(model.config_json.get("torch_dtype", "mixed")),
    )


def refuse_to_overwrite(output: Path) -> None:
    """Refuse an output that exists.

    Raises:
        CheckpointError: a file or a directory that is not empty is there.
    """
    if output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise CheckpointError(f"{output} already exists; choose another name, or delete it first")


def chatty(source: Path, model: Unread, tokenizer: Tokenizer) -> tuple[Unread, Tokenizer]:
    """Add fledge's chat tokens; see `with_chat_tokens`. `source` is the one named in errors.

    Raises:
        CheckpointError: the model has a chat template already.
    """
    if tokenizer.chat_template is not None:
        raise CheckpointError(
            f"{source}: the model has a chat template and its tokens already; "
            "import it without --chat-tokens"
        )
    return with_chat_tokens(model, tokenizer)


def decoder_settings(
    model: Unread, tokenizer: Tokenizer, generation: Mapping[str, object]
) -> WriteFiles:
    """Return the function that writes the files beside the weights of a GPT.

    `generation` holds what its generation_config.json says about sampling.
    """

    def write(directory: Path) -> None:
        write_settings(directory, model.config_json, tokenizer, generation)
        tokenizer.save(directory)

    return write


def read_unread(checkpoint: Checkpoint) -> Unread:
    """Check a model by names and shapes, with errors that name its files.

    Raises:
        CheckpointError: a file is missing, damaged or a pickle, or says what is not computed.
    """
    tensors = open_tensors(checkpoint)
    with naming(checkpoint.named):
        return unread(checkpoint.config_json, tensors)


def _for_others(checkpoint: Checkpoint) -> Unread:
    if checkpoint.config_json.get("model_type") != MODEL_TYPE:
        return read_unread(checkpoint)
    tensors = open_tensors(checkpoint)
    with naming(checkpoint.named):
        config, state = halves(*transformer_from_huggingface(checkpoint.config_json, tensors))
        return unread(*transformer_to_huggingface(config, state))


def _settings(source: Path, model: Unread) -> WriteFiles:
    """Check settings and tokenizer of a source, and return the function that writes them.

    Raises:
        CheckpointError: the tokenizer is missing, or another model's.
    """
    if model.kind == "translation":
        return _translation_settings(source, model)
    tokenizer = load_tokenizer(source, model.vocabulary_size)
    return decoder_settings(model, tokenizer, _generation(source))


def _translation_settings(source: Path, model: Unread) -> WriteFiles:
    tokenizers = load_tokenizers(source)
    config = read_config(model.config_json)
    for tokenizer in (tokenizers.source, tokenizers.target):
        needed = (config.pad_id, config.end_id)
        check_vocabulary(source, model.vocabulary_size, tokenizer, needed)
    generation = generation_settings(config, tokenizers.target, _generation(source))
    words = read_words(source)

    def write(directory: Path) -> None:
        write_json(directory / CONFIG, model.config_json)
        write_json(directory / GENERATION, generation)
        save_tokenizers(directory, config, tokenizers)
        write_words(directory, words)

    return write


def _generation(source: Path) -> Mapping[str, object]:
    """Read the source's own settings for sampling. The tokenizer says which ids end a text.

    Raises:
        CheckpointError: the file is damaged, or a value that is used later is out of range.
    """
    path = source / GENERATION
    if not path.is_file():
        return {}
    values = read_json(path)
    Recommended.of(values, str(path))
    return values


def _critic_mark(checkpoint: Checkpoint) -> Lineage | None:
    """Return what tells a critic from a reward model, without paths; None for other models."""
    past = read_lineage(checkpoint.directory) if checkpoint.kind == "scalar" else None
    if past is None or past.stage != "ppo":
        return None
    return Lineage(
        stage="ppo", step=past.step, steps=past.steps, seen=past.seen, unit=past.unit, run={}
    )


def _lineage(source: Path, name: str) -> Lineage:
    origin = parent(source)
    if name:
        origin = origin.model_copy(update={"path": name})
    run: dict[str, JsonValue] = {"source": origin.path}
    return Lineage(stage="import", step=0, steps=0, seen=0, run=run, parents={"model": origin})
