"""Make a checkpoint of a GGUF file, tensor by tensor."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from fledge.checkpoint.exchange import PRECISIONS, Copied, chatty, copy_model, decoder_settings
from fledge.checkpoint.gguf.header import Place
from fledge.checkpoint.gguf.names import ROPE_FACTORS, ROTATED, gguf_name
from fledge.checkpoint.gguf.parts import Contents, read_gguf
from fledge.checkpoint.gguf.settings import read_settings
from fledge.checkpoint.gguf.tensors import PLAIN, GGUFTensors, read_numbers
from fledge.checkpoint.gguf.vocabulary import read_tokenizer
from fledge.checkpoint.lineage import Lineage, Parent
from fledge.checkpoint.naming import DamagedFile, Named, naming
from fledge.checkpoint.settings import check_vocabulary
from fledge.files import file_hash
from fledge.model.config import GPTConfig
from fledge.model.huggingface.decoder_only import blank_language_model, family_of, read_config
from fledge.model.huggingface.family import shapes_of, their_shapes
from fledge.model.huggingface.unread import Unread, unread
from fledge.text.tokenizer import Tokenizer

QUANTISED = torch.bfloat16
"""Number format that quantised weights are imported in."""
MOST_NAMES = 3


def import_gguf(
    source: Path,
    output: Path,
    *,
    precision: str | None = None,
    chat_tokens: bool = False,
    name: str = "",
) -> Copied:
    """Make a checkpoint of a GGUF file, or of a split one named by any of its parts.

    Weights of F32, F16 and BF16 keep their precision; of a quantised file all become bfloat16.
    `precision` is a name of `PRECISIONS` to cast them to instead. One tensor is in memory at a
    time. `chat_tokens` adds the tokens of fledge's chat template; `name` stands for the
    source in the lineage.

    Raises:
        CheckpointError: the file is damaged or a part is missing, an option or a quantisation is
            not computed, a weight is NaN or infinite, or `output` exists.
        TokenizerError: the tokenizer is damaged, or of a kind that is not read.
    """
    contents = read_gguf(source)
    named = Named(source, source)
    with naming(named):
        model = _model(contents, precision)
    tokenizer = _tokenizer(source, contents, model.vocabulary_size)
    if chat_tokens:
        model, tokenizer = chatty(source, model, tokenizer)
    settings = decoder_settings(model, tokenizer, {})
    lineage = _lineage(contents, name or str(source))
    return copy_model(named, model, settings, output, precision, lineage)


def _tokenizer(source: Path, contents: Contents, rows: int) -> Tokenizer:
    tokenizer = read_tokenizer(source, contents.metadata)
    if tokenizer.vocabulary_size > rows:
        raise DamagedFile(
            f"{source}: the tokenizer has {tokenizer.vocabulary_size:,} tokens, but the embedding "
            f"only {rows:,} rows; the file is damaged"
        )
    check_vocabulary(source, rows, tokenizer)
    return tokenizer


def _model(contents: Contents, precision: str | None) -> Unread:
    """Check settings, names and shapes, and return a model whose numbers are still in the file.

    Raises:
        CheckpointError: as `import_gguf`.
    """
    config_json = read_settings(contents)
    family = family_of(config_json)
    config = read_config(family, config_json)
    shapes = shapes_of(blank_language_model(config))
    expected = their_shapes(family.language_entries(config), shapes)
    _check(contents, {gguf_name(name): shape for name, shape in expected.items()})
    places = {name: contents.places[gguf_name(name)] for name in expected}
    precisions = _precisions(places, None if precision is None else PRECISIONS[precision])
    outlines: dict[str, Tensor] = {
        name: torch.empty(expected[name], dtype=precisions[name], device="meta") for name in places
    }
    rotated = _rotated_heads(contents.architecture, config, places)
    return replace(unread(config_json, outlines), tensors=GGUFTensors(places, precisions, rotated))


def _check(contents: Contents, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Compare names and shapes, without reading numbers.

    Raises:
        DamagedFile: a tensor is missing, unknown or of another shape.
    """
    places, path = contents.places, contents.files[0]
    factors = {ROPE_FACTORS} if contents.architecture == "llama" else set()
    missing = sorted(expected.keys() - places.keys())
    unknown = sorted(places.keys() - expected.keys() - factors)
    if missing:
        raise DamagedFile(
            f"{path}: without tensor {_names(missing)}; the file is incomplete, or of an "
            "architecture that it does not say"
        )
    if unknown:
        raise DamagedFile(
            f"{path}: fledge does not know tensor {_names(unknown)} of a {contents.architecture}; "
            "the model would give other answers without"
        )
    for name, shape in expected.items():
        if places[name].shape != shape:
            raise DamagedFile(
                f"{places[name].path}: tensor {name} has shape {list(places[name].shape)}, but the "
                f"metadata make it {list(shape)}; the file is damaged"
            )


def _names(names: list[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:MOST_NAMES])
    others = len(names) - MOST_NAMES
    return f"{shown} and {others} more" if others > 0 else shown


def _precisions(
    places: Mapping[str, Place], precision: torch.dtype | None
) -> dict[str, torch.dtype]:
    """Choose a number format for each tensor.

    Norms and biases stand in fp32 beside any matrices. They take the matrices' format if that
    changes none of their numbers, as it does not where a model was trained in bfloat16.
    """
    if precision is None and any(place.kind.name not in PLAIN for place in places.values()):
        precision = QUANTISED
    if precision is not None:
        return dict.fromkeys(places, precision)
    stored = {name: PLAIN[place.kind.name] for name, place in places.items()}
    of_matrices = {stored[name] for name, place in places.items() if len(place.shape) > 1}
    vectors = [place for place in places.values() if len(place.shape) == 1]
    if len(of_matrices) == 1 and all(_survives(place, *of_matrices) for place in vectors):
        return dict.fromkeys(places, *of_matrices)
    return stored


def _survives(place: Place, precision: torch.dtype) -> bool:
    numbers = read_numbers(place, PLAIN[place.kind.name])
    return torch.equal(numbers.to(precision).to(numbers.dtype), numbers)


def _rotated_heads(
    architecture: str, config: GPTConfig, names: Mapping[str, Place]
) -> dict[str, int]:
    if architecture != "llama":
        return {}
    heads = dict(zip(ROTATED, (config.num_heads, config.num_key_value_heads), strict=True))
    parts = {name: gguf_name(name).split(".")[-2] for name in names}
    return {name: heads[part] for name, part in parts.items() if part in heads}


def _lineage(contents: Contents, name: str) -> Lineage:
    # A sharded model has no one hash, here as elsewhere.
    weights = file_hash(contents.files[0]) if len(contents.files) == 1 else ""
    return Lineage(
        stage="import",
        step=0,
        steps=0,
        seen=0,
        run={"source": name},
        parents={"model": Parent(path=name, weights=weights)},
    )
