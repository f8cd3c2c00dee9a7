"""Models without numbers: names and shapes on the meta device."""

from collections.abc import Callable, Mapping
from typing import Any, final

from torch.nn import init
from torch.overrides import TorchFunctionMode

_DRAWS = frozenset({init.normal_, init.uniform_, init.kaiming_uniform_, init.xavier_uniform_})


@final
class Undrawn(TorchFunctionMode):
    """Draw no initial numbers for the layers that are made within the block.

    On the meta device there are none. Drawing them all the same would import torch's compiler,
    which takes a second.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if func in _DRAWS:
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)
