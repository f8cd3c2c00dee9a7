"""The decoder-only Transformer: GPT-2, Llama, Qwen2 and Qwen3 are choices in its `GPTConfig`."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.attention import Attention
from fledge.model.cache import KeyValueCache, LayerCache
from fledge.model.config import GPTConfig
from fledge.model.eight_bit import EightBitEmbedding
from fledge.model.layers import make_feed_forward, make_norm, set_dropout
from fledge.model.positions import Rotary, Rotation

INITIAL_DEVIATION = 0.02


class Block(nn.Module):
    """One layer, pre-norm."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.attention_norm = make_norm(config)
        self.attention = Attention(config)
        self.feed_forward_norm = make_norm(config)
        self.feed_forward = make_feed_forward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "#B 1 #T S"] | None,
        rotation: Rotation | None,
        cache: LayerCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        x = x + self.dropout(self.attention(self.attention_norm(x), mask, rotation, cache))
        x = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return x


class GPT(nn.Module):
    """Ids in, next-token logits out; a new one has torch's own weights: call `initialise`."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary_size, config.width)
        self.position_embedding: nn.Embedding | None = None
        self.rotary: Rotary | None = None
        if config.rotary is None:
            self.position_embedding = nn.Embedding(config.context_length, config.width)
        else:
            self.rotary = Rotary(config.rotary, config.head_width, config.context_length)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.final_norm = make_norm(config)
        self.head: nn.Linear | None = None
        if not config.tied_embeddings:
            self.head = nn.Linear(config.width, config.vocabulary_size, bias=False)

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        positions: Int[Tensor, "#B T"] | None = None,
        mask: Bool[Tensor, "#B 1 #T S"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Return the logits of the token after each; arguments as for `hidden`."""
        return self.logits(self.hidden(ids, positions, mask, cache))

    def hidden(
        self,
        ids: Int[Tensor, "B T"],
        positions: Int[Tensor, "#B T"] | None = None,
        mask: Bool[Tensor, "#B 1 #T S"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "B T D"]:
        """Return the last layer's output after the final norm.

        Without `positions` tokens stand one after another, from 0 or from where `cache` ends;
        without `mask` attention is causal. With a `cache` the tokens are added to it, and a `mask`
        speaks of its slots (S = its capacity).
        """
        if positions is None:
            positions = self._next_positions(ids, cache)
        if mask is None and cache is not None:
            mask = cache.mask(ids.shape[1])
        x = self.token_embedding(ids)
        if self.position_embedding is not None:
            x = x + self.position_embedding(positions)
        x = self.dropout(x)
        rotation = None if self.rotary is None else self.rotary(positions)
        layers = [None] * len(self.blocks) if cache is None else cache.layers(ids.shape[1], mask)
        for block, layer in zip(self.blocks, layers, strict=True):
            x = block(x, mask, rotation, layer)
        if cache is not None:
            cache.advance(ids.shape[1])
        normed: Tensor = self.final_norm(x)
        return normed

    def logits(self, hidden: Float[Tensor, "*any D"]) -> Float[Tensor, "*any V"]:
        """Return the scores of every token of the vocabulary, in fp32."""
        if self.head is not None:
            logits: Tensor = self.head(hidden)
        elif isinstance(self.token_embedding, EightBitEmbedding):
            logits = self.token_embedding.scores(hidden)
        else:
            logits = F.linear(hidden, self.token_embedding.weight)
        return logits.float()

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw matrices from N(0, 0.02), those that end a residual branch from N(0, 0.02/√(2L))."""
        residual = INITIAL_DEVIATION / math.sqrt(2 * self.config.num_layers)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                is_residual = name.endswith(("attention.output.weight", "down.weight"))
                deviation = residual if is_residual else INITIAL_DEVIATION
                noise = torch.randn(parameter.shape, generator=generator, device=generator.device)
                parameter.copy_(noise * deviation)
            else:
                parameter.fill_(1.0 if name.endswith("norm.weight") else 0.0)

    def set_dropout(self, rate: float) -> None:
        """Use this rate from now on, `config` included; 0 makes training passes repeatable."""
        self.config = self.config.model_copy(update={"dropout": rate})
        set_dropout(self, rate)

    def _next_positions(
        self, ids: Int[Tensor, "B T"], cache: KeyValueCache | None
    ) -> Int[Tensor, "#B T"]:
        if cache is not None:
            return cache.positions(ids.shape[1])
        return torch.arange(ids.shape[1], device=ids.device)[None]
