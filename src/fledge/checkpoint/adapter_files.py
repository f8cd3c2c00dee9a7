"""LoRA adapters, written in the layout of `peft`, with the tokenizer and settings of a checkpoint.

`PeftModel.from_pretrained` opens the directory on its base, `load_language_model` as one model.
"""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

from fledge.checkpoint.adapters import WRAPPERS, A, B
from fledge.checkpoint.json_files import write_json
from fledge.checkpoint.model_files import LoadedModel, LoadedScalarModel
from fledge.checkpoint.resolved import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from fledge.checkpoint.settings import check_vocabulary, write_generation
from fledge.checkpoint.tensors import write_tensors
from fledge.model.config import GPTConfig
from fledge.model.huggingface import family_for
from fledge.model.huggingface.family import Tensors
from fledge.model.lora import LoRAConfig, Matrices, matrices

NOTHING: Mapping[str, Tensor] = MappingProxyType({})

Task = Literal["CAUSAL_LM", "SEQ_CLS"]


def save_language_adapter(
    directory: Path, loaded: LoadedModel, lora: LoRAConfig, base: Path
) -> None:
    """Write the adapters of a model that was `base` before it was adapted.

    Raises:
        CheckpointError: no Hugging Face family has the model's settings.
    """
    config = loaded.model.config
    _save_tokenizer(directory, config, loaded)
    write_generation(directory, loaded.tokenizer, loaded.recommended.settings())
    tensors = adapter_tensors(config, matrices(loaded.model))
    write_adapter(directory, tensors, lora, config, base, "CAUSAL_LM")


def save_scalar_adapter(
    directory: Path, loaded: LoadedScalarModel, lora: LoRAConfig, base: Path
) -> None:
    """Write the adapters of a reward or value model, and its head as a whole.

    `base` may be a language model: the head needs none of it.

    Raises:
        CheckpointError: as `save_language_adapter`.
    """
    config = loaded.model.trunk.config
    _save_tokenizer(directory, config, loaded)
    write_generation(directory, loaded.tokenizer, NOTHING)
    head = loaded.model.head.state_dict()
    whole = {f"score.{name}": tensor for name, tensor in head.items()}
    tensors = adapter_tensors(config, matrices(loaded.model.trunk), whole)
    write_adapter(directory, tensors, lora, config, base, "SEQ_CLS")


def adapter_tensors(
    config: GPTConfig, matrices: Mapping[str, Matrices], whole: Mapping[str, Tensor] = NOTHING
) -> Tensors:
    """Rename A and B of our layers (such as `blocks.0.attention.output`) to the base's names.

    Where one of our layers is several of theirs side by side, each gets the same A and its rows
    of B. `whole` holds tensors of the base that were trained without adapters.

    Raises:
        CheckpointError: no Hugging Face family has these settings.
    """
    family = family_for(config)
    tensors = {WRAPPERS + name: tensor for name, tensor in whole.items()}
    for entry in family.table(config):
        pair = matrices.get(entry.ours.removesuffix(".weight"))
        if pair is None or not entry.ours.endswith(".weight"):
            continue
        rows = list(entry.rows or (pair.b.shape[0],))
        for theirs, part in zip(entry.theirs, torch.split(pair.b, rows), strict=True):
            name = WRAPPERS + family.prefix + theirs.removesuffix(".weight")
            tensors |= {name + A: pair.a, name + B: part}
    return tensors


def write_adapter(
    directory: Path, tensors: Tensors, lora: LoRAConfig, config: GPTConfig, base: Path, task: Task
) -> None:
    """Write the two files that `PeftModel` opens on `base`: its settings and its tensors."""
    import peft

    layers = {name.removesuffix(A) for name in tensors if name.endswith(A)}
    settings = peft.LoraConfig(
        task_type=task,
        base_model_name_or_path=str(base),
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # a float works as well
        lora_dropout=lora.dropout,
        # The last two names: GPT-2 calls two different matrices c_proj.
        target_modules=sorted({".".join(name.split(".")[-2:]) for name in layers}),
        modules_to_save=["score"] if task == "SEQ_CLS" else None,
        fan_in_fan_out=family_for(config).model_type == "gpt2",
        inference_mode=True,
    )
    values: dict[str, object] = settings.to_dict()  # type: ignore[no-untyped-call]
    write_json(directory / ADAPTER_CONFIG, _plain(values))
    write_tensors(directory / ADAPTER_WEIGHTS, tensors)


def _save_tokenizer(
    directory: Path, config: GPTConfig, loaded: LoadedModel | LoadedScalarModel
) -> None:
    check_vocabulary(directory, config.vocabulary_size, loaded.tokenizer)
    directory.mkdir(parents=True, exist_ok=True)
    loaded.tokenizer.save(directory, loaded.template.source)


def _plain(settings: Mapping[str, object]) -> dict[str, object]:
    """Replace the sets and enums in settings of `peft` with values that JSON has."""
    values: dict[str, object] = {}
    for name, value in settings.items():
        plain = sorted(value) if isinstance(value, set) else value
        values[name] = plain.value if isinstance(plain, Enum) else plain
    return values
