"""Seeds: one number names every random choice of a run."""

import hashlib
import random as python_random
from typing import Any, cast

import numpy
import torch

RANK_STRIDE = 100_003
"""Processes draw from seeds this far apart, so that their dropout and samples differ."""


def seed_everything(seed: int, rank: int = 0) -> None:
    """Set the global generators of torch, numpy and Python for this process."""
    seed = (seed + rank * RANK_STRIDE) % 2**32
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    python_random.seed(seed)


def random(seed: int, *names: str | int) -> torch.Generator:
    """Make a CPU generator for one purpose, the same in every process.

    `random(1, "initialise")` and `random(1, "shuffle", 3)` are independent streams.
    """
    digest = hashlib.sha256(repr((seed, *names)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") % 2**63)


def random_state() -> dict[str, object]:
    """Return the global generators' states as plain values and tensors; dropout draws from them."""
    state: dict[str, object] = {
        "torch": torch.get_rng_state(),
        "numpy": _numpy_to_plain(numpy.random.get_state()),
        "python": list(python_random.getstate()),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, object]) -> None:
    """Go on drawing where `random_state` was taken."""
    values = cast(dict[str, Any], state)
    torch.set_rng_state(values["torch"])
    numpy.random.set_state(_numpy_from_plain(values["numpy"]))
    version, words, next_gauss = values["python"]
    python_random.setstate((version, tuple(words), next_gauss))
    if "cuda" in values and torch.cuda.is_available():
        torch.cuda.set_rng_state(values["cuda"])


def _numpy_to_plain(state: Any) -> list[object]:
    name, keys, *rest = state
    return [name, torch.from_numpy(keys.astype("int64")), *rest]


def _numpy_from_plain(state: Any) -> Any:
    name, keys, *rest = state
    return (name, keys.numpy().astype("uint32"), *rest)
