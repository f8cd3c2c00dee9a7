"""Bytes of the tensors that live at the same time while something is computed."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


@final
class LiveBytes(TorchDispatchMode):
    """Counts the bytes of every tensor that an operation makes, until it is freed.

    `live` counts them now, `peak` at most. Tensors made before the context are not counted, nor is
    what a kernel allocates and frees inside itself. The result of the operations stays the same.

    Example:
        `with LiveBytes() as count: loss = model(batch)`, then `count.live` are the saved tensors.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live: int = 0
        self.peak: int = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        arguments: Sequence[Any] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one operation and count its results."""
        before = {_key(one) for one in arguments if isinstance(one, Tensor)}
        result = function(*arguments, **(options or {}))
        for one in result if isinstance(result, tuple | list) else (result,):
            # An operation in place, or a view, makes no memory.
            if isinstance(one, Tensor) and _key(one) not in before:
                self._count(one)
        return result

    def _count(self, tensor: Tensor) -> None:
        storage, key = tensor.untyped_storage(), _key(tensor)
        if key in self._known:
            return
        size = storage.nbytes()
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.live -= size


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
