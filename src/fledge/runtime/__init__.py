"""Devices, number formats, processes and seeds: no other package knows of them."""

from typing import TYPE_CHECKING

from fledge.runtime.config import RuntimeConfig
from fledge.runtime.random import random, random_state, seed_everything, set_random_state

if TYPE_CHECKING:
    from fledge.runtime.runtime import Runtime

__all__ = [
    "Runtime",
    "RuntimeConfig",
    "random",
    "random_state",
    "seed_everything",
    "set_random_state",
]


def __getattr__(name: str) -> object:
    # Imported on first use: torch's sharding takes as long as half of torch, and only training
    # needs it.
    if name == "Runtime":
        from fledge.runtime.runtime import Runtime

        return Runtime
    raise AttributeError(f"module 'fledge.runtime' has no attribute {name!r}")
