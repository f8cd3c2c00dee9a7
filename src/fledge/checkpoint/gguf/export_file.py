"""GGUF, the one-file format of llama.cpp: a checkpoint of the Llama and Qwen families.

Matrices are stored in the chosen precision, norms and biases in
fp32; one tensor at a time is in memory.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fledge.checkpoint.exchange import Copied, read_unread, refuse_to_overwrite
from fledge.checkpoint.gguf.names import (
    ARCHITECTURES,
    ROPE_FACTORS,
    ROTATED,
    gguf_name,
    pairs_together,
)
from fledge.checkpoint.gguf.tokenizer import gguf_vocabulary, without_marks
from fledge.checkpoint.naming import Named, naming
from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.settings import begin_id, load_tokenizer
from fledge.checkpoint.tensors import refuse_not_finite
from fledge.errors import CheckpointError
from fledge.files import explained, whole_file
from fledge.model.config import GPTConfig, RotaryConfig
from fledge.model.huggingface.decoder_only import family_of, read_config
from fledge.model.huggingface.family import TensorError
from fledge.model.positions import frequencies, scaling_type
from fledge.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFWriter

Array = npt.NDArray[np.generic]
FLOAT = np.dtype(np.float32)
PRECISIONS = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "q8_0": "Q8_0"}
"""Number formats of matrices: our names to GGUF's."""
BLOCK = 32
"""Numbers that share a scale in Q8_0."""


def export_gguf(source: Path, output: Path, *, precision: str = "float16") -> Copied:
    """Write a checkpoint as one GGUF file.

    Raises:
        CheckpointError: the model or its tokenizer cannot be said in GGUF, a weight is NaN or
            infinite, or `output` exists.
    """
    refuse_to_overwrite(output)
    model = read_unread(resolve(source))
    architecture = model.config_json["model_type"]
    if model.kind != "language" or architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"{source}: GGUF is written for language models of {', '.join(ARCHITECTURES)}; "
            f"this is a {architecture} {model.kind} model: export it as huggingface"
        )
    config = read_config(family_of(model.config_json), model.config_json)
    tokenizer = load_tokenizer(source, config.vocabulary_size)
    tensors = _named(config, str(architecture), model.tensors)
    with (
        whole_file(output, "GGUF file") as path,
        explained(output, "GGUF file"),
        naming(Named(source, source)),
    ):
        _write(path, str(architecture), config, tokenizer, tensors, precision)
    return Copied("language", str(architecture), model.parameters, precision)


def _write(
    path: Path,
    architecture: str,
    config: GPTConfig,
    tokenizer: Tokenizer,
    tensors: Mapping[str, Tensor],
    precision: str,
) -> None:
    from gguf import GGUFWriter

    with closing(GGUFWriter(path, architecture)) as writer:
        _describe_model(writer, config, precision)
        _describe_tokenizer(writer, tokenizer, config.vocabulary_size)
        kinds = {name: _stored_as(tensors[name].shape, precision) for name in tensors}
        for name, kind in kinds.items():
            shape = tuple(tensors[name].shape)
            writer.add_tensor_info(name, shape, FLOAT, _num_bytes(shape, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, kind in kinds.items():
            writer.write_tensor_data(_contents(name, tensors[name], kind))


def _describe_model(writer: "GGUFWriter", config: GPTConfig, precision: str) -> None:
    from gguf import GGML_QUANT_VERSION, LlamaFileType, RopeScalingType

    assert config.rotary is not None
    kind = PRECISIONS[precision]
    file_type = "ALL_F32" if kind == "F32" else f"MOSTLY_{kind}"
    writer.add_type("model")
    writer.add_file_type(LlamaFileType[file_type])
    writer.add_quantization_version(GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocabulary_size)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.num_layers)
    writer.add_feed_forward_length(config.feed_forward_width)
    writer.add_head_count(config.num_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_width)
    writer.add_value_length(config.head_width)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.rotary.base)
    if scaling_type(config.rotary) == "linear":
        assert config.rotary.scaling is not None
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(config.rotary.scaling["factor"]))


def _describe_tokenizer(writer: "GGUFWriter", tokenizer: Tokenizer, size: int) -> None:
    vocabulary = gguf_vocabulary(tokenizer, size)
    writer.add_tokenizer_model(vocabulary.model)
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    if vocabulary.model == "gpt2":
        writer.add_token_merges(vocabulary.merges)
    else:
        writer.add_token_scores(vocabulary.scores)
        writer.add_add_space_prefix(vocabulary.adds_space)
    special = tokenizer.special
    begin = begin_id(tokenizer)
    if begin is not None:
        writer.add_bos_token_id(begin)
    writer.add_eos_token_id(special.end)
    writer.add_eot_token_id(special.end)
    writer.add_pad_token_id(special.pad)
    writer.add_add_bos_token(bool(tokenizer.opening_ids))
    writer.add_add_eos_token(False)
    if tokenizer.chat_template is not None:
        writer.add_chat_template(without_marks(tokenizer.chat_template))


def _named(
    config: GPTConfig, architecture: str, tensors: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Give tensors GGUF's names, and a Llama's query and key rows GGUF's order."""
    assert config.rotary is not None
    extra: dict[str, Tensor] = {}
    if scaling_type(config.rotary) == "llama3":
        if architecture != "llama":
            raise CheckpointError(
                f"llama.cpp has Llama 3's rope scaling for the llama architecture only, not for "
                f"{architecture}"
            )
        plain = frequencies(RotaryConfig(base=config.rotary.base), config.head_width)
        extra[ROPE_FACTORS] = plain / frequencies(config.rotary, config.head_width)
    heads = dict(zip(ROTATED, (config.num_heads, config.num_key_value_heads), strict=True))
    names = {gguf_name(name): name for name in tensors}
    return GGUFTensors(tensors, names, heads if architecture == "llama" else {}, extra)


@final
class GGUFTensors(Mapping[str, Tensor]):
    """GGUF's names to tensors as GGUF has them, each read when asked for."""

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        names: Mapping[str, str],
        rotated_heads: Mapping[str, int],
        extra: Mapping[str, Tensor],
    ) -> None:
        """`rotated_heads` counts the heads of each kind of matrix whose rows are reordered."""
        self._tensors, self._names = tensors, names
        self._rotated_heads, self._extra = rotated_heads, extra

    def __getitem__(self, name: str) -> Tensor:
        if name in self._extra:
            return self._extra[name]
        tensor = self._tensors[self._names[name]]
        heads = self._rotated_heads.get(name.split(".")[-2])
        return tensor if heads is None else pairs_together(tensor, heads)

    def __iter__(self) -> Iterator[str]:
        yield from self._names
        yield from self._extra

    def __len__(self) -> int:
        return len(self._names) + len(self._extra)


def _stored_as(shape: torch.Size, precision: str) -> "GGMLQuantizationType":
    from gguf import GGMLQuantizationType

    if len(shape) == 1:
        return GGMLQuantizationType.F32
    if precision == "q8_0" and shape[-1] % BLOCK:
        return GGMLQuantizationType.F16
    return GGMLQuantizationType[PRECISIONS[precision]]


def _num_bytes(shape: tuple[int, ...], kind: "GGMLQuantizationType") -> int:
    from gguf import GGML_QUANT_SIZES

    numbers, size = GGML_QUANT_SIZES[kind]
    return prod(shape) // numbers * size


def _contents(name: str, tensor: Tensor, kind: "GGMLQuantizationType") -> Array:
    from gguf.quants import quantize

    refuse_not_finite(name, tensor)
    numbers: Array = tensor.float().numpy()
    with np.errstate(over="ignore"):
        stored: Array = quantize(np.ascontiguousarray(numbers), kind)
    if kind.name == "F16" and not np.isfinite(stored).all():
        raise TensorError(
            f"tensor {name} has numbers beyond float16's 65,504; export with --dtype bfloat16"
        )
    return stored
