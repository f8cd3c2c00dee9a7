"""The tensors of a family's file beside ours, in one table that is read in both directions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor, nn

from fledge.errors import CheckpointError
from fledge.model.config import GPTConfig
from fledge.model.huggingface.settings import Settings

Tensors = dict[str, Tensor]
PRECISIONS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


class TensorError(CheckpointError):
    """A tensor is missing, unknown, of another shape or quantised."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of our tensors: `theirs` stacked row under row, `rows` of each."""

    ours: str
    theirs: tuple[str, ...]
    rows: tuple[int, ...] = ()
    """Rows of each part; empty for a single one."""
    transposed: bool = False
    """True where theirs is stored input × output (GPT-2's Conv1D)."""
    optional: bool = False
    """True where a file may lack it, which leaves zeros."""


@dataclass(frozen=True, slots=True)
class Family:
    """One `model_type` of Hugging Face: how to read it and how to write it."""

    model_type: str
    language_architecture: str
    scalar_architecture: str
    prefix: str
    """Prefix of the trunk's tensors; a file of the bare trunk lacks it."""
    read_config: Callable[[Settings], GPTConfig]
    write_config: Callable[[GPTConfig], dict[str, object]]
    table: Callable[[GPTConfig], list[Entry]]
    """The trunk's entries, without `prefix`."""
    ignored: tuple[str, ...] = ()
    """Endings of tensors that hold nothing learnt (causal masks, rotary frequencies)."""

    def language_entries(self, config: GPTConfig) -> list[Entry]:
        """Return the entries of a `GPT`."""
        entries = [_under(entry, self.prefix) for entry in self.table(config)]
        if not config.tied_embeddings:
            entries.append(Entry("head.weight", ("lm_head.weight",)))
        return entries

    def scalar_entries(self, config: GPTConfig) -> list[Entry]:
        """Return the entries of a `ScalarModel`; Hugging Face's classifiers have no bias."""
        trunk = [_under(entry, self.prefix) for entry in self.table(config)]
        return [
            *(replace(entry, ours=f"trunk.{entry.ours}") for entry in trunk),
            Entry("head.weight", ("score.weight",)),
            Entry("head.bias", ("score.bias",), optional=True),
        ]


@final
class Renamed(Mapping[str, Tensor]):
    """Tensors under other names, `names` from new to old; each is read only when asked for."""

    def __init__(self, tensors: Mapping[str, Tensor], names: Mapping[str, str]) -> None:
        self._tensors = tensors
        self._names = names

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[self._names[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def write_tensors(entries: list[Entry], state: Mapping[str, Tensor]) -> Tensors:
    """Return our state under their names and in their layout: views, not copies."""
    tensors: Tensors = {}
    for entry in entries:
        for name, part in _slots(entry, state[entry.ours].detach()):
            tensors[name] = part.mT if entry.transposed else part
    return tensors


def read_tensors(
    entries: list[Entry],
    tensors: Mapping[str, Tensor],
    shapes: Mapping[str, torch.Size],
    dtype: torch.dtype = torch.float32,
    kept: Mapping[str, Tensor] | None = None,
) -> Tensors:
    """Read their tensors as our state, in `dtype` whatever the file's precision; `shapes` are ours.

    `kept` are the same tensors, of which those in our layout and format become ours without a copy.

    Raises:
        TensorError: a tensor is missing, unknown or of another shape; the message names it.
    """
    # Before memory is taken for what config.json claims.
    check_tensors(entries, tensors, shapes)
    state: Tensors = {}
    for entry in entries:
        if kept is not None and _is_ours(entry, tensors, dtype):
            state[entry.ours] = kept[entry.theirs[0]]
            continue
        state[entry.ours] = torch.zeros(shapes[entry.ours], dtype=dtype)
        for name, slot in _slots(entry, state[entry.ours]):
            if name in tensors or not entry.optional:
                slot.copy_(_part(entry, name, tensors, slot.shape))
    return state


def check_tensors(
    entries: list[Entry], tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]
) -> None:
    """Check tensors as `read_tensors` does, without reading them.

    Raises:
        TensorError: as `read_tensors`.
    """
    _refuse_strangers(entries, tensors)
    for entry in entries:
        for name, slot in _slots(entry, torch.empty(shapes[entry.ours], device="meta")):
            if name in tensors:
                _part(entry, name, tensors, slot.shape)


def their_shapes(
    entries: list[Entry], shapes: Mapping[str, torch.Size]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes that their tensors must have; `shapes` are ours."""
    return {
        name: tuple(slot.mT.shape if entry.transposed else slot.shape)
        for entry in entries
        for name, slot in _slots(entry, torch.empty(shapes[entry.ours], device="meta"))
    }


def precision(tensors: Mapping[str, Tensor]) -> dict[str, object]:
    """Return `torch_dtype` for config.json, if the tensors share one."""
    kinds = sorted({dtype_name(tensor) for tensor in tensors.values()})
    return {"torch_dtype": kinds[0]} if len(kinds) == 1 else {}


def dtype_name(tensor: Tensor) -> str:
    """Return the name that config.json has for a number format: "bfloat16"."""
    return str(tensor.dtype).removeprefix("torch.")


def shapes_of(model: nn.Module) -> dict[str, torch.Size]:
    """Return the shapes of a model's state, by name."""
    return {name: tensor.shape for name, tensor in model.state_dict().items()}


def _slots(entry: Entry, ours: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Pair each of their tensors with its rows of ours."""
    parts = torch.split(ours, list(entry.rows or ours.shape[:1]))
    return zip(entry.theirs, parts, strict=True)


def _is_ours(entry: Entry, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> bool:
    """Return whether an entry's only tensor can be taken as it is."""
    name, *others = entry.theirs
    is_same = not others and not entry.transposed and name in tensors
    return is_same and tensors[name].dtype == dtype


def _part(entry: Entry, name: str, tensors: Mapping[str, Tensor], shape: tuple[int, ...]) -> Tensor:
    expected = tuple(shape[::-1] if entry.transposed else shape)
    tensor = tensors[name]
    found = tuple(tensor.shape)
    if found != expected:
        raise TensorError(
            f"tensor {name} has shape {list(found)}, but config.json makes it {list(expected)}; "
            "the two files do not belong together"
        )
    if tensor.dtype not in PRECISIONS:
        raise TensorError(
            f"tensor {name} is stored as {dtype_name(tensor)}; fledge reads float32, float16, "
            "bfloat16 and float64: a quantised model must be converted back first"
        )
    return tensor.mT if entry.transposed else tensor


def _refuse_strangers(entries: list[Entry], tensors: Mapping[str, Tensor]) -> None:
    required = {name for entry in entries if not entry.optional for name in entry.theirs}
    known = {name for entry in entries for name in entry.theirs}
    missing, extra = sorted(required - set(tensors)), sorted(set(tensors) - known)
    if missing:
        raise TensorError(f"{_names(missing)} missing; the file is incomplete or of another model")
    if extra:
        raise TensorError(
            f"{_names(extra)} unknown to this architecture; "
            "loading without would give another model"
        )


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"tensor {shown} is" if len(names) == 1 else f"tensors {shown} are"


def _under(entry: Entry, prefix: str) -> Entry:
    return replace(entry, theirs=tuple(prefix + name for name in entry.theirs))
