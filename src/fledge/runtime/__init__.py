"""Devices, number formats, processes and seeds: no other package knows of them."""

from fledge.runtime.config import RuntimeConfig
from fledge.runtime.random import random, random_state, seed_everything, set_random_state
from fledge.runtime.runtime import Runtime

__all__ = [
    "Runtime",
    "RuntimeConfig",
    "random",
    "random_state",
    "seed_everything",
    "set_random_state",
]
