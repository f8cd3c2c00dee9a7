"""What each process of the translation stage's distributed test runs."""

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stages.translate.translators import Killed, killed_at, train


def even(output):
    """Without dropout, micro-batches and odd batches included.

    A large epsilon: AdamW would make whole steps of gradients that are nothing but rounding.
    """
    optimizer, batch = {"epsilon": 1e-2}, {"microbatch": 3, "examples": 2}
    train(output, steps=8, dropout=0.0, optimizer=optimizer, batch=batch)


def resume(output):
    """Break off among the averaged weights, then go on, with dropout."""
    every = {"checkpoint": {"every": 7}}
    with contextlib.suppress(Killed):
        train(output / "broken", steps=10, build=killed_at(8), **every)
    train(output / "broken", steps=10, **every)
    train(output / "straight", steps=10, **every)


CASES = {"even": even, "resume": resume}

if __name__ == "__main__":
    for name in sys.argv[2:]:
        CASES[name](Path(sys.argv[1]) / name)
