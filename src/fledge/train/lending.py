"""Other weights lent to a module for as long as something is done with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def lent(module: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Within the block `module` has these weights, by parameter name, in place of its own."""
    parameters = dict(module.named_parameters())
    saved = {name: parameters[name].data for name in weights}
    for name, weight in weights.items():
        parameters[name].data = weight
    try:
        yield
    finally:
        for name, data in saved.items():
            parameters[name].data = data
