"""LoRA adapters in the layout of `peft`, read onto the weights of their base.

A directory with an adapter reads as the whole model: `base_model_name_or_path` in its settings
names the checkpoint that it adapts, and every adapted matrix is W + scale · B A when it is asked
for. No `peft` is needed to read.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from torch import Tensor

from fledge.checkpoint.directory import is_checkpoint
from fledge.checkpoint.json_files import read_json
from fledge.checkpoint.lineage import read_lineage, weights_hash
from fledge.checkpoint.weights import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    StoredTensors,
    open_tensors,
    read_config_json,
)
from fledge.errors import CheckpointError
from fledge.model.huggingface.decoder_only import classifier_settings, family_of, read_config
from fledge.model.huggingface.family import Tensors
from fledge.model.huggingface.unread import kind_of
from fledge.model.lora import Matrices

WRAPPERS = "base_model.model."
"""Before the base's own name of a tensor: the two models that `peft` puts around it."""
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
    """α/r, by which the products count."""
    transposed: bool
    """The base's matrices are stored input × output (GPT-2)."""


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


def adapted_tensors(directory: Path) -> AdaptedTensors:
    """The tensors of the model that an adapter's directory stands for.

    A classifier on a language model has no use for that one's output matrix.

    Raises:
        CheckpointError: the base is missing or was changed, or the adapter does not fit it or does
            what fledge does not compute.
    """
    base_directory = base_of(directory)
    _check_unchanged(directory, base_directory)
    base = open_tensors(base_directory)
    adapter = _read(directory, base, base_directory)
    names = [name for name in base if name not in adapter.whole]
    if any("score." in name for name in adapter.whole):
        names = [name for name in names if name != HEAD]
    return AdaptedTensors(base, adapter, [*names, *adapter.whole])


def adapted_config(directory: Path) -> dict[str, object]:
    """config.json of the model that an adapter's directory stands for: its base's.

    A classifier on a language model has one label.

    Raises:
        CheckpointError: the base is missing, or no model that can be adapted.
    """
    config_json = read_config_json(base_of(directory))
    becomes_scalar = read_json(directory / ADAPTER_CONFIG).get("task_type") == "SEQ_CLS"
    if not becomes_scalar or kind_of(config_json) == "scalar":
        return config_json
    return classifier_settings(read_config(family_of(config_json), config_json))


def base_of(directory: Path) -> Path:
    """The checkpoint that an adapter was trained on: found from here, or from the adapter's place.

    Raises:
        CheckpointError: it is not there.
    """
    name = read_json(directory / ADAPTER_CONFIG).get("base_model_name_or_path")
    places = [Path(str(name)), directory / str(name)]
    found = next((place for place in places if is_checkpoint(place)), None)
    if not name or found is None:
        raise CheckpointError(
            f"{directory / ADAPTER_CONFIG}: its base {name!r} is no checkpoint here; put it back, "
            "or write its new place as base_model_name_or_path"
        )
    return found


def _check_unchanged(directory: Path, base: Path) -> None:
    """An adapter of other weights would give a model that nobody trained."""
    past = read_lineage(directory)
    parents = set() if past is None else {parent.weights for parent in past.parents.values()}
    if parents and weights_hash(base) not in parents:
        raise CheckpointError(
            f"{base}: has other weights than when {directory} was trained on it; restore them, or "
            "train again"
        )


def _read(directory: Path, base: Mapping[str, Tensor], base_directory: Path) -> Adapter:
    file = directory / ADAPTER_WEIGHTS
    if not file.is_file():
        raise CheckpointError(f"{file}: no such file; the adapter is incomplete")
    stored = StoredTensors([file])
    added: dict[str, Matrices] = {}
    whole: Tensors = {}
    for full_name in stored:
        name = full_name.removeprefix(WRAPPERS)
        if name.startswith("score."):
            whole[name] = stored[full_name]
        elif name.endswith(A) and full_name.removesuffix(A) + B in stored:
            place = _in_base(name.removesuffix(A) + ".weight", base)
            if place is None:
                raise CheckpointError(f"{file}: {base_directory} has no matrix for {full_name}")
            added[place] = Matrices(stored[full_name], stored[full_name.removesuffix(A) + B])
        elif not name.endswith(B):
            raise CheckpointError(f"{file}: tensor {full_name} is no part of a LoRA adapter")
    settings = read_json(directory / ADAPTER_CONFIG)
    scale = _scale(directory / ADAPTER_CONFIG, settings)
    return Adapter(added, whole, scale, transposed=bool(settings.get("fan_in_fan_out")))


def _in_base(name: str, base: Mapping[str, Tensor]) -> str | None:
    """What the base's file calls it: a file of the bare trunk lacks the first part."""
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
    if not isinstance(rank, int) or not isinstance(alpha, int | float) or rank < 1:
        raise CheckpointError(f"{path}: expected numbers r and lora_alpha, found {rank}, {alpha}")
    return float(alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank))
