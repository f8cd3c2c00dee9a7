"""Processes of one run: the place of this one, and sums over all of them."""

import atexit
import gc
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

_BACKENDS = {"cuda": "nccl", "cpu": "gloo"}


@dataclass(frozen=True, slots=True)
class Place:
    """Place of this process among its fellows, from torchrun's environment; alone by default."""

    rank: int
    local_rank: int
    world_size: int
    local_world_size: int = 1
    """Processes on this machine."""

    @classmethod
    def from_environment(cls) -> "Place":
        """Read RANK, LOCAL_RANK, WORLD_SIZE and LOCAL_WORLD_SIZE, which torchrun sets."""
        read = os.environ.get
        return cls(
            int(read("RANK", "0")),
            int(read("LOCAL_RANK", "0")),
            int(read("WORLD_SIZE", "1")),
            int(read("LOCAL_WORLD_SIZE", "1")),
        )


def join(place: Place, device: torch.device) -> DeviceMesh | None:
    """Meet the other processes; return None when there are none."""
    if place.world_size == 1:
        return None
    if not dist.is_initialized():
        dist.init_process_group(_BACKENDS[device.type])
        # The runs of a pipeline share the group; gloo's threads abort a process that keeps it.
        atexit.register(leave)
    return init_device_mesh(device.type, (place.world_size,))


def leave() -> None:
    """Part from the other processes, if there are any; done at exit in any case."""
    if not is_alone():
        dist.destroy_process_group()
        # Sharded modules are cycles that hold the group; its threads must end before Python does.
        gc.collect()


def is_alone() -> bool:
    """Return whether no other process has been met."""
    return not (dist.is_available() and dist.is_initialized())


def all_sum(tensor: Tensor) -> Tensor:
    """Sum a tensor over all processes; each of them gets the sum."""
    total = tensor.detach().clone()
    dist.all_reduce(total)
    return total


def all_max(values: list[float], device: torch.device) -> list[float]:
    """Return the largest of each value over all processes; each of them gets it."""
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    dist.all_reduce(tensor, dist.ReduceOp.MAX)
    return list(map(float, tensor.tolist()))


def rows_of_all(tensor: Tensor, place: Place) -> Tensor:
    """Join the rows of all processes: row i of process r becomes row i · processes + r.

    Every process brings as many rows. Where they differ in width, zeros fill up on the right.
    """
    width = torch.tensor(tensor.shape[1:2], device=tensor.device)
    dist.all_reduce(width, dist.ReduceOp.MAX)
    missing = sum(width.tolist()) - sum(tensor.shape[1:2])
    plain = tensor.byte() if tensor.dtype == torch.bool else tensor
    padded = torch.nn.functional.pad(plain, (0, missing)).contiguous() if missing else plain
    parts = [torch.empty_like(padded) for _ in range(place.world_size)]
    dist.all_gather(parts, padded.contiguous())
    return torch.stack(parts, dim=1).flatten(0, 1).to(tensor.dtype)


def wait_for_all() -> None:
    """Return when every process has come here."""
    dist.barrier()
