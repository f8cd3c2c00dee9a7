"""Setting and results of the parts of `gpu`: device, sizes, checks and speeds."""

import gc
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fledge.model.config import GPTConfig
from fledge.runtime import Runtime, RuntimeConfig
from fledge.runtime.collective import Place
from fledge.runtime.device import compute_dtype
from fledge.runtime.probe import synchronise
from fledge.runtime.threads import Threads

ALONE = Place(0, 0, 1)
"""The only process."""
EXACT = 1e-4
"""Largest relative error of float32; TF32, which torch leaves off, would make more."""
TIMES_AS_WRONG = 4.0
"""Error in bfloat16 that is allowed, in times of the CPU's own in bfloat16."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison with what is right; `error` is None where it is not a number."""

    what: str
    error: float | None
    limit: float
    note: str = ""

    @classmethod
    def of(cls, what: str, error: float, limit: float, note: str = "") -> "Check":
        """Make a check of any number, also of NaN, which is never right."""
        return cls(what, error if math.isfinite(error) else None, limit, note)

    @property
    def is_right(self) -> bool:
        return self.error is not None and self.error <= self.limit


@dataclass(frozen=True, slots=True)
class Speed:
    """One measurement: `units` of work in `seconds`.

    `amount` counts the operations or bytes that cannot be avoided and `kind` names their ceiling,
    a number format or "read"; None and "" where nothing bounds it.
    """

    what: str
    seconds: float
    units: float
    unit: str
    amount: float | None = None
    kind: str = ""
    memory_bytes: int | None = None
    note: str = ""


Finding = Check | Speed


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the models and batches; those of a test only show that everything runs."""

    models: dict[str, GPTConfig]
    context: int
    rows: int
    """Rows of `context` tokens in a training step, halved until they fit."""
    chats: int
    """Chats in a row of SFT."""
    answers: int
    """Prompts of a PPO iteration."""
    tokens: int
    """Tokens of each prompt, and of each answer, in PPO and in decoding."""
    decoded: tuple[int, ...]
    """Rows that are decoded at once."""
    seconds: float
    """Time for one measurement, after its warm-up."""
    compiles: bool


def _gpt(vocabulary: int, context: int, width: int, layers: int) -> GPTConfig:
    return GPTConfig.sized(vocabulary, context, width, layers)


FULL = Sizes(
    # GPT-2's and GPT-3's "small" and "medium", with V a multiple of 64.
    models={"125M": _gpt(50304, 1024, 768, 12), "350M": _gpt(50304, 1024, 1024, 24)},
    context=1024,
    rows=32,
    chats=4,
    answers=256,
    tokens=128,
    decoded=(1, 16, 256),
    seconds=5.0,
    compiles=True,
)
TOY = Sizes(
    models={"125M": _gpt(512, 32, 64, 2), "350M": _gpt(512, 32, 64, 3)},
    context=32,
    rows=4,
    chats=2,
    answers=8,
    tokens=8,
    decoded=(1, 4),
    seconds=0.05,
    compiles=False,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Device and sizes that the parts run with."""

    device: torch.device
    sizes: Sizes

    def runtime(self, dtype: torch.dtype, compiles: bool = False) -> Runtime:
        """Make the runtime of a single process on the device."""
        return Runtime(ALONE, self.device, dtype, self.threads(dtype), compiles)

    def threads(self, dtype: torch.dtype) -> Threads:
        """Keep the number of threads: nothing is chosen while it is timed."""
        fixed = RuntimeConfig(threads=torch.get_num_threads())
        return Threads.start(fixed, ALONE, self.device, dtype)

    def fast_runtime(self, compiles: bool = True) -> Runtime:
        """Make the runtime that a user gets: the format of the hardware, compiled blocks."""
        dtype = compute_dtype(RuntimeConfig().dtype, self.device)
        return self.runtime(dtype, compiles and self.sizes.compiles)

    def wait(self) -> None:
        """Wait for the device."""
        synchronise(self.device)

    def peak_memory(self) -> int | None:
        """Return the most bytes that torch held on the device since `clear`; None on a CPU."""
        if self.device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated(self.device)

    def clear(self) -> None:
        """Free what is left of the part before, compiled blocks included."""
        # A block that is compiled for too many shapes runs uncompiled, and says so to nobody.
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)


def distance(found: Tensor, right: Tensor) -> float:
    """Return the largest difference over the largest number that is right."""
    found, right = found.detach().double().cpu(), right.detach().double().cpu()
    return float((found - right).abs().max() / right.abs().max())


def bfloat16_limit(cpu_error: float) -> float:
    """Allow a few times the error that a CPU makes in bfloat16, and at least its last bit."""
    return TIMES_AS_WRONG * max(cpu_error, 2.0**-9)


def halving_rows(
    rows: int, work: Callable[[int], list[Finding]], setting: Setting
) -> list[Finding]:
    """Run `work` with fewer and fewer rows until they fit into the device's memory."""
    while True:
        try:
            return work(rows)
        except torch.OutOfMemoryError:
            if rows == 1:
                raise
        # Out of the handler: its traceback keeps the tensors that did not fit.
        rows //= 2
        setting.clear()
