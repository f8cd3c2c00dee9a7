"""The encoder-decoder Transformer: Figure 1 of "Attention is all you need" (arXiv:1706.03762)."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.decoder_state import DecoderState
from fledge.model.layers import LayerNorm, set_dropout
from fledge.model.masks import key_padding
from fledge.model.multi_head import DecoderCache
from fledge.model.positions import sinusoids
from fledge.model.transformer_config import TransformerConfig
from fledge.model.transformer_layers import make_decoder_layer, make_encoder_layer


class Transformer(nn.Module):
    """Figure 1: source and target ids in, logits of the next target token out.

    One embedding serves source, target and output (section 3.4). Padding is on the right.
    """

    position_table: Float[Tensor, "P D"]
    output_bias: Float[Tensor, "1 V"]

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary_size, config.width)
        self.encoder = nn.ModuleList(
            make_encoder_layer(config) for _ in range(config.encoder_layers)
        )
        self.decoder = nn.ModuleList(
            make_decoder_layer(config) for _ in range(config.decoder_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        # Pre-norm leaves the last sum unnormalised; post-norm has already normalised it.
        is_pre = config.norm_position == "pre"
        self.encoder_norm = _last_norm(config) if is_pre else nn.Identity()
        self.decoder_norm = _last_norm(config) if is_pre else nn.Identity()
        table = sinusoids(config.context_length, config.width, config.positions)
        self.register_buffer("position_table", table, persistent=False)
        # Marian's `final_logits_bias`: carried along, never trained.
        self.register_buffer("output_bias", torch.zeros(1, config.vocabulary_size))

    def forward(
        self,
        source: Int[Tensor, "B S"],
        source_mask: Bool[Tensor, "B S"],
        inputs: Int[Tensor, "B T"],
    ) -> Float[Tensor, "B T V"]:
        """Return the logits after each of `inputs`, the target shifted right by one."""
        return self.logits(self.decode(inputs, self.encode(source, source_mask), source_mask))

    def encode(
        self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]
    ) -> Float[Tensor, "B S D"]:
        """Return the memory, the source as the decoder sees it; `source_mask` is True on tokens."""
        x = self._embed(source, start=0)
        for layer in self.encoder:
            x = layer(x, key_padding(source_mask))
        memory: Tensor = self.encoder_norm(x)
        return memory

    def decode(
        self,
        inputs: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S D"],
        source_mask: Bool[Tensor, "B S"],
    ) -> Float[Tensor, "B T D"]:
        """Return the decoder's output for whole targets, without a cache."""
        x = self._embed(inputs, start=0)
        for layer in self.decoder:
            x = layer(x, memory, None, key_padding(source_mask))
        hidden: Tensor = self.decoder_norm(x)
        return hidden

    def start(
        self, memory: Float[Tensor, "B S D"], source_mask: Bool[Tensor, "B S"]
    ) -> DecoderState:
        """Begin to decode token by token."""
        rows = torch.arange(len(memory), device=memory.device)
        return DecoderState(memory, source_mask, [DecoderCache() for _ in self.decoder], rows)

    def step(self, last: Int[Tensor, " B"], state: DecoderState) -> Float[Tensor, "B V"]:
        """Return the logits of the token after `last`, and move `state` on by one token."""
        x = self._embed(last[:, None], start=state.length)
        state.length += 1
        target_mask = torch.ones(1, 1, 1, state.length, dtype=torch.bool, device=x.device)
        source_mask = key_padding(state.source_mask)
        for layer, cache in zip(self.decoder, state.caches, strict=True):
            x = layer(x, state.memory, target_mask, source_mask, cache)
        return self.logits(self.decoder_norm(x))[:, 0]

    def logits(self, hidden: Float[Tensor, "B T D"]) -> Float[Tensor, "B T V"]:
        """Return the scores of every token of the vocabulary, in fp32."""
        return F.linear(hidden, self.token_embedding.weight).float() + self.output_bias

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw matrices by Glorot and Bengio 2010, uniform, and embeddings from N(0, 1/D)."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1:
                parameter.fill_(1.0 if name.endswith("norm.weight") else 0.0)
            elif name == "token_embedding.weight":
                nn.init.normal_(parameter, std=self.config.width**-0.5, generator=generator)
            else:
                nn.init.xavier_uniform_(parameter, generator=generator)

    def set_dropout(self, rate: float) -> None:
        """Use this rate from now on, `config` included."""
        self.config = self.config.model_copy(update={"dropout": rate})
        set_dropout(self, rate)

    def _embed(self, ids: Int[Tensor, "B T"], start: int) -> Float[Tensor, "B T D"]:
        x = self.token_embedding(ids)
        if self.config.scale_embedding:
            x = x * math.sqrt(self.config.width)
        x = x + self.position_table[start : start + ids.shape[1]]
        embedded: Tensor = self.dropout(x)
        return embedded


def _last_norm(config: TransformerConfig) -> LayerNorm:
    return LayerNorm(config.width, eps=config.norm_epsilon)
