"""The state of an encoder-decoder that decodes token by token."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.model.multi_head import DecoderCache


@dataclass(slots=True)
class DecoderState:
    """N rows in the middle of decoding: A sources, encoded once, and the targets so far.

    Each source serves N / A neighbouring rows, its beams.
    """

    memory: Float[Tensor, "A S D"]
    """The encoder's output."""
    source_mask: Bool[Tensor, "A S"]
    caches: list[DecoderCache]
    """One a layer."""
    source_of_row: Int[Tensor, " N"]
    length: int = 0
    """Target tokens decoded so far."""

    def reorder(self, rows: Int[Tensor, " M"]) -> None:
        """Let row i go on as the old row `rows[i]`; M may differ from N."""
        if torch.equal(rows, torch.arange(len(self.source_of_row), device=rows.device)):
            return
        sources, beams = torch.unique_consecutive(self.source_of_row[rows], return_counts=True)
        if bool((beams != beams[0]).any()):
            sources, beams = self.source_of_row[rows], torch.ones_like(rows)
        if not torch.equal(sources, torch.arange(len(self.memory), device=rows.device)):
            self._keep_sources(sources)
        self.source_of_row = torch.arange(len(sources), device=rows.device).repeat_interleave(beams)
        for cache in self.caches:
            if cache.target is not None:
                cache.target.reorder(rows)

    def _keep_sources(self, sources: Int[Tensor, " A2"]) -> None:
        self.memory, self.source_mask = self.memory[sources], self.source_mask[sources]
        for cache in self.caches:
            if cache.source is not None:
                cache.source.reorder(sources)
