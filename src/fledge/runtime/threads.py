"""Threads of the CPU: one that other programs hold up holds up all, so their number is measured."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import final

import torch
from torch import nn

from fledge.errors import ConfigError
from fledge.runtime.collective import Place
from fledge.runtime.config import RuntimeConfig
from fledge.runtime.probe import thread_speeds

logger = logging.getLogger(__name__)

NEARLY = 0.95
"""Share of the highest speed from which more threads are preferred to fewer."""
SETS_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment by which users and torchrun give torch a number of threads."""
USUAL_WIDTH = 256
"""Width where the model is unknown, or has no matrix."""

Probe = Callable[[Sequence[int], int], Mapping[int, float]]
"""Measures the speed of some numbers of threads at matrices of a width; the unit is its own."""


@final
class Threads:
    """Owner of the number of torch's threads in this process, `number` of at most `most`."""

    def __init__(
        self,
        choices: Sequence[int],
        probe: Probe,
        *,
        number: int | None = None,
        use: Callable[[int], None] = torch.set_num_threads,
    ) -> None:
        """`choices` fall from `most`; a single one is a fixed number. `number` is in use now."""
        self.choices = tuple(choices)
        self.most = self.choices[0]
        self.number = self.most if number is None else number
        self._probe = probe
        self._use = use

    @classmethod
    def start(
        cls, config: RuntimeConfig, place: Place, device: torch.device, dtype: torch.dtype
    ) -> "Threads":
        """Find the numbers to choose from; products are to be measured in the format `dtype`.

        There is nothing to choose where the settings or the environment give the number, where
        several processes share the machine, or where the CPU does not compute.

        Raises:
            ConfigError: `runtime.threads` are more than the machine's cores.
        """
        probe, most = partial(thread_speeds, dtype=dtype), own_number()
        if config.threads != "auto":
            torch.set_num_threads(checked(config.threads, usable_cores()))
            return cls([config.threads], probe)
        is_given = any(name in os.environ for name in SETS_THREADS)
        if is_given or place.local_world_size > 1 or device.type != "cpu":
            # An earlier run of this process may have set another number.
            torch.set_num_threads(most)
            return cls([most], probe)
        return cls(halves(most), probe, number=torch.get_num_threads())

    @property
    def is_fixed(self) -> bool:
        """True where there is nothing to choose."""
        return len(self.choices) == 1

    def measure(self, width: int = USUAL_WIDTH) -> bool:
        """Take the number that is fastest now for a model of this width; tell whether it changed.

        Of numbers that are nearly as fast the largest is taken: other programs come and go.
        """
        if self.is_fixed:
            return False
        speeds, before = self._probe(self.choices, width), self.number
        fast = NEARLY * max(speeds.values())
        self._take(max(number for number, speed in speeds.items() if speed >= fast))
        return self.number != before

    def resume(self, number: int) -> bool:
        """Take the number that a run was saved with; return False if it cannot be had here."""
        if self.is_fixed or not 1 <= number <= self.most:
            return False
        self._take(number)
        return True

    def _take(self, number: int) -> None:
        self.number = number
        self._use(number)


def threads_for_answers() -> Threads:
    """Return the threads where models only answer or are measured, on the CPU as they do."""
    place, cpu = Place.from_environment(), torch.device("cpu")
    return Threads.start(RuntimeConfig(), place, cpu, torch.float32)


def choose_threads(width: int = USUAL_WIDTH) -> None:
    """Choose the number of threads, once, before a model of this width answers or is measured."""
    threads = threads_for_answers()
    threads.measure(width)
    if threads.number < threads.most:
        logger.info(
            "%d of %d threads at work: more are no faster here and now",
            threads.number,
            threads.most,
        )


def usable_cores() -> int:
    """Return the cores that this process may use; hyper-threads count."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def own_number() -> int:
    """Return torch's own number of threads, its cores without hyper-threads.

    It is remembered, because torch forgets it with the first other number.
    """
    return torch.get_num_threads()


def checked(wanted: int, cores: int) -> int:
    """Return a wanted number of threads.

    Raises:
        ConfigError: there are fewer cores.
    """
    if wanted > cores:
        raise ConfigError(
            f"runtime.threads is {wanted}, but this machine has {cores} cores for fledge; set at "
            f'most {cores}, or "auto"'
        )
    return wanted


def halves(most: int) -> list[int]:
    """Return a number, its half and so on, down to 1: `halves(12)` is 12, 6, 3, 1."""
    numbers = [most]
    while numbers[-1] > 1:
        numbers.append(numbers[-1] // 2)
    return numbers


def width_of(model: nn.Module) -> int:
    """Return the width of a model's vectors: the longest shorter side of its matrices."""
    sides = (min(weight.shape) for weight in model.parameters() if weight.dim() == 2)
    return max(sides, default=USUAL_WIDTH)
