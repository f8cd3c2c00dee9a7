"""Weights spread over processes: FSDP2 (Zhao et al. 2023, arXiv:2304.11277), block by block."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor


def shard(module: nn.Module, mesh: DeviceMesh) -> None:
    """Spread `module` over the mesh, in place: each block of its module lists, then the rest.

    The gather of the weights hangs on a module's call: call `module(...)` itself or, if it is a
    `ModuleDict`, its values; a bare method (`module.hidden(...)`) would find only a shard.
    """
    for root in entry_modules(module):
        # Trained weights are gathered once for forward and backward; frozen ones have no backward
        # after which they would be spread again.
        frozen = not any(parameter.requires_grad for parameter in root.parameters())
        for part in (*blocks(root), root):
            fully_shard(part, mesh=mesh, reshard_after_forward=frozen)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            # The loop divides by the weight over all processes: gradients add up, never average.
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)


def entry_modules(module: nn.Module) -> list[nn.Module]:
    """Return the modules that are called: `module`, or the values of a `ModuleDict`."""
    if isinstance(module, nn.ModuleDict):
        return [entry for value in module.values() for entry in entry_modules(value)]
    return [module]


def blocks(module: nn.Module) -> list[nn.Module]:
    """Return the repeated layers of a model: the items of its outermost module lists."""
    if isinstance(module, nn.ModuleList):
        return list(module)
    return [block for child in module.children() for block in blocks(child)]


def is_sharded(tensor: Tensor) -> bool:
    """Tell whether this process holds only its part of a tensor."""
    return isinstance(tensor, DTensor)


def whole(tensor: Tensor) -> Tensor:
    """Return all of a sharded tensor, or a plain one as it is; every process calls it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def shard_like(tensor: Tensor, example: Tensor) -> Tensor:
    """Spread a whole tensor as `example` is; a plain example leaves it whole."""
    if not isinstance(example, DTensor):
        return tensor
    return distribute_tensor(
        tensor.to(example.device), example.device_mesh, example.placements, src_data_rank=None
    )


@contextmanager
def gathered(module: nn.Module) -> Iterator[None]:
    """Make a sharded module an ordinary one, with whole weights in every process.

    Inside, forwards run no collective, so processes may run different numbers of them, and
    `state_dict()` holds whole tensors. Weights are to be read only. Every process enters.
    """
    copies: dict[int, nn.Parameter] = {}
    saved: list[tuple[nn.Module, dict[str, dict[object, object]]]] = []
    for part in module.modules():
        saved.append((part, {name: dict(vars(part)[name]) for name in _SWAPPED}))
        for name, parameter in part._parameters.items():
            if parameter is not None:
                if id(parameter) not in copies:
                    full = whole(parameter.detach())
                    copies[id(parameter)] = nn.Parameter(full, parameter.requires_grad)
                part._parameters[name] = copies[id(parameter)]
        for name in _HOOKS:
            vars(part)[name].clear()
    try:
        yield
    finally:
        for part, attributes in saved:
            for name, values in attributes.items():
                vars(part)[name].clear()
                vars(part)[name].update(values)


# FSDP works through these hooks and nothing else; our models have none of their own.
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_state_dict_pre_hooks")
_SWAPPED = ("_parameters", *_HOOKS)
