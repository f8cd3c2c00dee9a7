"""Decoders of both architectures for beam search: a step, and rows that can be reordered."""

from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT
from fledge.model.transformer import Transformer


@final
class TransformerDecoder:
    """An encoder-decoder on B sources, each read once."""

    @torch.inference_mode()
    def __init__(
        self, model: Transformer, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]
    ) -> None:
        self.model = model
        self.state = model.start(model.encode(source, source_mask), source_mask)

    def step(self, last: Int[Tensor, " N"]) -> Float[Tensor, "N V"]:
        """Return the logits of the token after `last`, one of each row."""
        return self.model.step(last, self.state)

    def reorder(self, rows: Int[Tensor, " M"]) -> None:
        """Let row i go on as the old row `rows[i]`."""
        self.state.reorder(rows)


@final
class GPTDecoder:
    """A decoder-only model behind B prompts of one length, up to their last token."""

    @torch.inference_mode()
    def __init__(self, model: GPT, prompts: Int[Tensor, "B P"], capacity: int) -> None:
        """`prompts` end before the first `last`; `capacity` counts all tokens."""
        self.model = model
        device = prompts.device
        self.cache = KeyValueCache(model.config, len(prompts), capacity, device=device)
        if prompts.shape[1]:
            model.hidden(prompts, cache=self.cache)

    def step(self, last: Int[Tensor, " N"]) -> Float[Tensor, "N V"]:
        """Return the logits of the token after `last`, one of each row."""
        logits: Tensor = self.model(last[:, None], cache=self.cache)
        return logits[:, 0]

    def reorder(self, rows: Int[Tensor, " M"]) -> None:
        """Let row i go on as the old row `rows[i]`."""
        self.cache = self.cache.taken(rows)
