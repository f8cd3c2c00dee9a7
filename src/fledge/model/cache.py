"""Keys and values of tokens already read, so that decoding computes each token once."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.model import masks
from fledge.model.config import GPTConfig


@dataclass(frozen=True, slots=True)
class LayerCache:
    """Keys and values of one layer of a `KeyValueCache` during one forward pass."""

    keys: Float[Tensor, "B G S d"]
    values: Float[Tensor, "B G S d"]
    rows: Int[Tensor, "B 1"]
    slots: Int[Tensor, "B T"]
    attends_to_new_only: bool
    """True while no row holds a token: the new tokens attend causally among themselves alone."""

    def append(
        self, k: Float[Tensor, "B G T d"], v: Float[Tensor, "B G T d"]
    ) -> tuple[Float[Tensor, "B G S2 d"], Float[Tensor, "B G S2 d"]]:
        """Write the new keys and values behind each row's own; return those that attention reads.

        They have the cache's number format, in which attention then computes.
        """
        if self.attends_to_new_only:
            # Every row begins at slot 0: a plain copy, many times as fast as scattering.
            new = k.shape[2]
            self.keys[:, :, :new], self.values[:, :, :new] = k.detach(), v.detach()
            return k, v
        # Indexing with tensors on both sides of a slice moves G last: B T G d.
        self.keys[self.rows, :, self.slots] = k.detach().transpose(1, 2).type_as(self.keys)
        self.values[self.rows, :, self.slots] = v.detach().transpose(1, 2).type_as(self.values)
        return self.keys, self.values


class KeyValueCache:
    """Preallocated keys and values of `rows` texts, each with its own length.

    A forward pass of T tokens writes into slots `lengths … lengths + T - 1` of each row and adds T
    to `lengths`. Prompts of unequal length go in right-padded, then `set_lengths` gives each its
    real length; slots beyond it are never seen and are overwritten by later tokens. No row may grow
    past `capacity`; the caller counts.

    `window` shows fewer rows and slots of the same tensors, so that a step costs only what it uses.
    """

    def __init__(
        self,
        config: GPTConfig,
        rows: int,
        capacity: int,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> None:
        shape = (config.num_layers, rows, config.num_key_value_heads, capacity, config.head_width)
        # Zeros, not empty memory: a NaN in a masked slot would still spoil 0 · NaN.
        self.keys: Float[Tensor, "L B G S d"] = torch.zeros(shape, dtype=dtype, device=device)
        self.values: Float[Tensor, "L B G S d"] = torch.zeros_like(self.keys)
        self.lengths: Int[Tensor, " B"] = torch.zeros(rows, dtype=torch.long, device=device)
        self._has_tokens = False
        self._whole: KeyValueCache | None = None

    @property
    def rows(self) -> int:
        """Number of texts."""
        return self.keys.shape[1]

    @property
    def capacity(self) -> int:
        """Slots of a row, in tokens."""
        return self.keys.shape[3]

    @property
    def is_empty(self) -> bool:
        """True while no row holds a token; known without asking the device."""
        return not (self if self._whole is None else self._whole)._has_tokens

    def layers(self, new: int, mask: Bool[Tensor, "#B 1 #T S"] | None) -> list[LayerCache]:
        """Return each layer's part for a forward pass of `new` tokens a row under `mask`."""
        rows = torch.arange(self.rows, device=self.lengths.device)[:, None]
        slots = self.positions(new)
        new_only = self.is_empty and mask is None
        return [
            LayerCache(self.keys[layer], self.values[layer], rows, slots, new_only)
            for layer in range(self.keys.shape[0])
        ]

    def positions(self, new: int) -> Int[Tensor, "B T"]:
        """Return the positions of the next `new` tokens of each row in its text."""
        return self.lengths[:, None] + torch.arange(new, device=self.lengths.device)

    def mask(self, new: int) -> Bool[Tensor, "B 1 T S"] | None:
        """Return the slots that `new` tokens a row may see; None (causal) in an empty cache."""
        return None if self.is_empty else masks.cached(self.lengths, new, self.capacity)

    def advance(self, new: int) -> None:
        """Count `new` tokens a row as read."""
        self.lengths += new
        self._mark()

    def set_lengths(self, lengths: Int[Tensor, " B"]) -> None:
        """Keep the first `lengths` tokens of each row."""
        self.lengths.copy_(lengths)

    def window(self, rows: int, capacity: int, first_row: int = 0) -> "KeyValueCache":
        """Return `rows` rows from `first_row` on and their first `capacity` slots, as views."""
        view = object.__new__(KeyValueCache)
        chosen = slice(first_row, first_row + rows)
        view.keys = self.keys[:, chosen, :, :capacity]
        view.values = self.values[:, chosen, :, :capacity]
        view.lengths = self.lengths[chosen]
        view._whole = self if self._whole is None else self._whole
        return view

    def fresh_window(self, rows: int, capacity: int, first_row: int = 0) -> "KeyValueCache":
        """Return a `window` for new texts, whose rows are forgotten.

        The window is empty by itself, so that prompts attend causally among themselves, without a
        mask.
        """
        view = self.window(rows, capacity, first_row)
        view.lengths.zero_()
        self._mark()
        view._whole, view._has_tokens = None, False
        return view

    def move_row(self, source: int, destination: int, length: int) -> None:
        """Copy a text of `length` tokens from one row over another."""
        self.keys[:, destination, :, :length] = self.keys[:, source, :, :length]
        self.values[:, destination, :, :length] = self.values[:, source, :, :length]
        self.lengths[destination] = length

    def place(self, other: "KeyValueCache", rows: Int[Tensor, " N"]) -> None:
        """Copy the N texts of `other` over these rows."""
        self.keys[:, rows, :, : other.capacity] = other.keys.type_as(self.keys)
        self.values[:, rows, :, : other.capacity] = other.values.type_as(self.values)
        self.lengths[rows] = other.lengths
        self._mark()

    def taken(self, rows: Int[Tensor, " M"]) -> "KeyValueCache":
        """Copy rows into a new cache: row i has the text of row `rows[i]`; M may differ from B."""
        copy = object.__new__(KeyValueCache)
        copy.keys, copy.values = self.keys[:, rows], self.values[:, rows]
        copy.lengths = self.lengths[rows]
        copy._whole, copy._has_tokens = None, not self.is_empty
        return copy

    def _mark(self) -> None:
        # Windows share tensors, so they must share this too: a window that thinks itself empty
        # would attend to its new tokens alone.
        (self if self._whole is None else self._whole)._has_tokens = True
