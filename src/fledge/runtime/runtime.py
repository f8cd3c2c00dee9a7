"""Device, number format, threads, processes and compilation behind one object."""

import contextlib
import logging
from contextlib import AbstractContextManager
from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.utils.checkpoint import checkpoint

from fledge.runtime import collective, shard
from fledge.runtime.collective import Place
from fledge.runtime.config import RuntimeConfig
from fledge.runtime.device import compute_dtype, find_device, has_compiler
from fledge.runtime.memory import tune_allocator
from fledge.runtime.random import seed_everything
from fledge.runtime.threads import Threads

logger = logging.getLogger(__name__)

COMPILATION_PAYS_FROM = {"cpu": 1e14, "cuda": 1e16, "mps": float("inf")}
"""Floating-point operations of a run from which compiling is earned back. Measured on one core of a
CPU with AVX512-BF16, 2M parameters: 30 s of compiling, then 1.2 times as fast (more with AMX)."""


@final
class Runtime:
    """Hides device, number format, threads and other processes from the algorithms."""

    def __init__(
        self,
        place: Place,
        device: torch.device,
        dtype: torch.dtype,
        threads: Threads,
        compiles: bool | Literal["auto"],
        mesh: DeviceMesh | None = None,
        recomputes: bool = False,
    ) -> None:
        """Use `Runtime.start`, which finds these out."""
        self.place = place
        self.device = device
        self.dtype = dtype
        self.threads = threads
        self._compiles = compiles
        self._mesh = mesh
        self._recomputes = recomputes

    @classmethod
    def start(cls, config: RuntimeConfig) -> "Runtime":
        """Look at the machine and meet the other processes that torchrun started."""
        place = Place.from_environment()
        device = find_device(config.device, place)
        if device.type == "cpu":
            tune_allocator()
        if place.rank > 0:
            # The main process logs for all of them.
            logging.getLogger("fledge").setLevel(logging.ERROR)
        mesh = collective.join(place, device)
        dtype = compute_dtype(config.dtype, device)
        threads = Threads.start(config, place, device, dtype)
        recomputes = config.gradient_checkpointing
        return cls(place, device, dtype, threads, config.compile, mesh, recomputes)

    @property
    def rank(self) -> int:
        """Number of this process; 0 is the main one."""
        return self.place.rank

    @property
    def world_size(self) -> int:
        """Number of processes."""
        return self.place.world_size

    @property
    def is_main(self) -> bool:
        """True in the process that writes files and speaks to the user."""
        return self.rank == 0

    def autocast(self) -> AbstractContextManager[object]:
        """Run matrix products in the compute format, weights and sums in float32."""
        if self.dtype == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def seed(self, seed: int) -> None:
        """Seed this process's global generators."""
        seed_everything(seed, self.rank)

    def prepare(
        self, module: nn.Module, tokens_per_step: int | None = None, steps: int = 0
    ) -> nn.Module:
        """Move, spread and compile a module in place; call it, never its methods (see `shard`).

        `tokens_per_step` and `steps` tell whether compiling will be earned back.
        """
        module.to(self.device)
        if self._mesh is not None:
            shard.shard(module, self._mesh)
        if self._recomputes:
            for block in shard.blocks(module):
                _keep_inputs_only(block)
        if self._decide_compilation(module, tokens_per_step, steps):
            for block in shard.blocks(module):
                # By block: one compilation serves all layers of a model.
                block.compile()
        return module

    def is_compiled(self, module: nn.Module) -> bool:
        """Tell whether `prepare` compiled the blocks: rows of another number compile anew."""
        return any(block._compiled_call_impl is not None for block in shard.blocks(module))

    def gathered(self, module: nn.Module) -> AbstractContextManager[None]:
        """Gather whole weights in every process for a while, without collectives inside."""
        return contextlib.nullcontext() if self._mesh is None else shard.gathered(module)

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum a tensor over all processes."""
        return tensor if self._mesh is None else collective.all_sum(tensor)

    def rows_of_all(self, tensor: Tensor) -> Tensor:
        """Join the rows of all processes, dealt round: row i of process r is row i · n + r of all.

        Every process calls it with as many rows of 1 or 2 dimensions.
        """
        return tensor if self._mesh is None else collective.rows_of_all(tensor, self.place)

    def largest(self, values: list[float]) -> list[float]:
        """Return the largest of each value over all processes; every process calls it."""
        return values if self._mesh is None else collective.all_max(values, self.device)

    def whole(self, tensor: Tensor) -> Tensor:
        """Return all of a tensor that may be sharded; every process calls it."""
        return shard.whole(tensor)

    def shard_like(self, tensor: Tensor, example: Tensor) -> Tensor:
        """Spread a whole tensor over the processes as `example` is."""
        return shard.shard_like(tensor, example)

    def backward(self, loss: Tensor) -> None:
        """Add this process's gradients; over processes they sum."""
        torch.autograd.backward(loss)

    def clip_gradients(self, module: nn.Module, norm: float | None) -> float:
        """Scale all gradients so that their joint 2-norm is at most `norm`; return the norm before.

        None only measures.
        """
        parameters = [p for p in module.parameters() if p.grad is not None]
        bound = float("inf") if norm is None else norm
        return float(shard.whole(nn.utils.clip_grad_norm_(parameters, bound)))

    def barrier(self) -> None:
        """Wait until every process is here."""
        if self._mesh is not None:
            collective.wait_for_all()

    def stop(self) -> None:
        """Part from the other processes."""
        collective.leave()

    def _decide_compilation(
        self, module: nn.Module, tokens_per_step: int | None, steps: int
    ) -> bool:
        if self._compiles is False:
            return False
        work = 6.0 * sum(p.numel() for p in module.parameters()) * (tokens_per_step or 0) * steps
        if self._compiles == "auto" and work < COMPILATION_PAYS_FROM[self.device.type]:
            return False
        if has_compiler(self.device):
            # A compiler that turns out to be broken is a warning, and blocks run as they are.
            torch._dynamo.config.suppress_errors = True
            logger.info("compiling the blocks; the first steps take up to a minute")
            return True
        logger.info("no compiler found: blocks run uncompiled, slower and otherwise the same")
        return False


def _keep_inputs_only(block: nn.Module) -> None:
    """Recompute a block's activations in the backward pass (Chen et al. 2016, arXiv:1604.06174).

    Random numbers are drawn again as they were, so gradients stay the same. Without gradients
    nothing is kept anyway, and nothing changes.
    """
    forward = block.forward

    def recomputed(*arguments: Any) -> Any:
        if torch.is_grad_enabled():
            return checkpoint(forward, *arguments, use_reentrant=False)
        return forward(*arguments)

    block.forward = recomputed
