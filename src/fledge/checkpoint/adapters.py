"""LoRA adapters in the layout of `peft`, read onto the weights of their base.

A directory with an adapter reads as one model: `base_model_name_or_path` in its settings names the
checkpoint that it adapts. An adapted matrix is W + scale · B A, computed when it is asked for.
Reading needs no `peft`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from torch import Tensor

from fledge.checkpoint.resolved import AdapterFiles
from fledge.errors import CheckpointError
from fledge.model.huggingface.family import Tensors
from fledge.model.lora import Matrices

WRAPPERS = "base_model.model."
"""Prefix of the base's own tensor names, for the two models that `peft` puts around it."""
A, B = ".lora_A.weight", ".lora_B.weight"
HEAD = "lm_head.weight"
NOT_COMPUTED = (
    *("use_dora", "use_qalora", "use_bdlora", "lora_bias", "rank_pattern", "alpha_pattern"),
    *("alora_invocation_tokens", "layer_replication", "trainable_token_indices"),
    *("target_parameters", "velora_config", "monteclora_config", "arrow_config", "kasa_config"),
)
"""Options of `peft` that change what an adapter computes; refused unless they are off."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter's tensors by the names of its base: matrices to add, and new ones as a whole."""

    added: dict[str, Matrices]
    whole: Tensors
    scale: float
    """α/r, the factor of B A."""
    transposed: bool
    """Whether the base stores its matrices input × output, as GPT-2 does."""


@final
class AdaptedTensors(Mapping[str, Tensor]):
    """The tensors of a base with an adapter added: fp32, each computed when it is asked for."""

    def __init__(self, base: Mapping[str, Tensor], adapter: Adapter, names: list[str]) -> None:
        self.base = base
        self.adapter = adapter
        self.names = names

    def __getitem__(self, name: str) -> Tensor:
        if name in self.adapter.whole:
            return self.adapter.whole[name].float()
        tensor = self.base[name].float()
        matrices = self.adapter.added.get(name)
        if matrices is None:
            return tensor
        product = self.adapter.scale * (matrices.b.float() @ matrices.a.float())
        product = product.mT if self.adapter.transposed else product
        if product.shape != tensor.shape:
            raise CheckpointError(
                f"the adapter of {name} makes {list(product.shape)}, the base has "
                f"{list(tensor.shape)}: it does not fit this base"
            )
        return tensor + product

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def adapted_tensors(
    adapter: AdapterFiles, stored: Mapping[str, Tensor], base: Mapping[str, Tensor]
) -> AdaptedTensors:
    """Put the `stored` tensors of an adapter onto those of its base.

    A classifier on a language model has no use for that one's output matrix.

    Raises:
        CheckpointError: the adapter does not fit the base or does what fledge does not compute.
    """
    read = _read(adapter, stored, base)
    names = [name for name in base if name not in read.whole]
    if any("score." in name for name in read.whole):
        names = [name for name in names if name != HEAD]
    return AdaptedTensors(base, read, [*names, *read.whole])


def _read(files: AdapterFiles, stored: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> Adapter:
    file = files.weights_file
    added: dict[str, Matrices] = {}
    whole: Tensors = {}
    for full_name in stored:
        name = full_name.removeprefix(WRAPPERS)
        if name.startswith("score."):
            whole[name] = stored[full_name]
        elif name.endswith(A) and full_name.removesuffix(A) + B in stored:
            place = _in_base(name.removesuffix(A) + ".weight", base)
            if place is None:
                raise CheckpointError(
                    f"{file}: {files.base.directory} has no matrix for {full_name}"
                )
            added[place] = Matrices(stored[full_name], stored[full_name.removesuffix(A) + B])
        elif not name.endswith(B):
            raise CheckpointError(f"{file}: tensor {full_name} is no part of a LoRA adapter")
    scale = _scale(files.config_file, files.settings)
    return Adapter(added, whole, scale, transposed=bool(files.settings.get("fan_in_fan_out")))


def _in_base(name: str, base: Mapping[str, Tensor]) -> str | None:
    """Return the name in the base's file, which lacks the first part if it is of a bare trunk."""
    return next((one for one in (name, name.partition(".")[2]) if one in base), None)


def _scale(path: Path, settings: Mapping[str, object]) -> float:
    on = [f"{name}={settings[name]}" for name in NOT_COMPUTED if settings.get(name)]
    for name, expected in (("peft_type", "LORA"), ("bias", "none")):
        if settings.get(name) != expected:
            on.append(f"{name}={settings.get(name)}")
    if on:
        raise CheckpointError(
            f"{path}: fledge reads plain LoRA adapters, found {', '.join(on)}; merge it where it "
            "was made (merge_and_unload of peft), and take the whole model"
        )
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    is_number = isinstance(alpha, int | float) and abs(alpha) < 1e30
    if not isinstance(rank, int) or not is_number or not 1 <= rank < 2**26:
        raise CheckpointError(f"{path}: expected numbers r and lora_alpha, found {rank}, {alpha}")
    assert isinstance(alpha, int | float)
    return float(alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank))
