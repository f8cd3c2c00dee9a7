"""Exact bytes of the tensors that a run keeps: weights, gradients, moments, states on disk."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from fledge.train.optimizer import OptimizerConfig, hidden_matrices

FLOAT32_BYTES = 4
"""Bytes of a number of a gradient or a moment: fp32, as the trained weights."""


@dataclass(frozen=True, slots=True)
class TensorBytes:
    """Sizes of a module in training, and of the optimiser's state after its first step."""

    parameters: int
    """Numbers, frozen ones included; a tied matrix counts once."""
    trained: int
    """Numbers that learn."""
    weights: int
    gradients: int
    moments: int


def tensor_bytes(module: nn.Module, config: OptimizerConfig) -> TensorBytes:
    """Measure a module; AdamW keeps two moments of every trained number, Muon one of its own.

    AdamW also keeps a step count, one number, for each tensor.
    """
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    muon = hidden_matrices(module) if config.name == "muon" else set()
    moments = sum(p.numel() if name in muon else 2 * p.numel() + 1 for name, p in trained.items())
    return TensorBytes(
        parameters=sum(p.numel() for p in module.parameters()),
        trained=sum(p.numel() for p in trained.values()),
        weights=sum(p.nbytes for p in module.parameters()),
        gradients=sum(p.nbytes for p in trained.values()),
        moments=FLOAT32_BYTES * moments,
    )


def storage_bytes(modules: Iterable[nn.Module]) -> int:
    """Add up weights and buffers of several modules; what they share counts once."""
    tensors: list[Tensor] = [
        tensor for module in modules for tensor in (*module.parameters(), *module.buffers())
    ]
    storages = {tensor.untyped_storage()._cdata: tensor.untyped_storage() for tensor in tensors}
    return sum(storage.nbytes() for storage in storages.values())
