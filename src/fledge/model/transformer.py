"""The encoder-decoder Transformer: Figure 1 of "Attention is all you need" (arXiv:1706.03762)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.layers import LayerNorm, set_dropout
from fledge.model.masks import key_padding
from fledge.model.multi_head import KeysValues, MultiHeadAttention
from fledge.model.sinusoids import sinusoids
from fledge.model.transformer_config import TransformerConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "swish": F.silu,
    "gelu": F.gelu,
}


@dataclass(slots=True)
class LayerMemory:
    """What one decoder layer remembers: its own past, and the source's keys and values."""

    past: KeysValues | None = None
    source: KeysValues | None = None


@dataclass(slots=True)
class DecoderState:
    """Incremental decoding of N rows: A sources read once, the targets so far, a token at a time.

    Each source serves N / A neighbouring rows, its beams.
    """

    encoded: Float[Tensor, "A S D"]
    source_mask: Bool[Tensor, "A S"]
    layers: list[LayerMemory]
    source_of_row: Int[Tensor, " N"]
    length: int = 0

    def reorder(self, rows: Int[Tensor, " M"]) -> None:
        """Row i goes on as the old row `rows[i]`; M may differ from N."""
        if torch.equal(rows, torch.arange(len(self.source_of_row), device=rows.device)):
            return
        sources, beams = torch.unique_consecutive(self.source_of_row[rows], return_counts=True)
        if bool((beams != beams[0]).any()):
            sources, beams = self.source_of_row[rows], torch.ones_like(rows)
        if not torch.equal(sources, torch.arange(len(self.encoded), device=rows.device)):
            self._keep_sources(sources)
        self.source_of_row = torch.arange(len(sources), device=rows.device).repeat_interleave(beams)
        for layer in self.layers:
            if layer.past is not None:
                layer.past.reorder(rows)

    def _keep_sources(self, sources: Int[Tensor, " A2"]) -> None:
        self.encoded, self.source_mask = self.encoded[sources], self.source_mask[sources]
        for layer in self.layers:
            if layer.source is not None:
                layer.source.reorder(sources)


class PositionwiseFeedForward(nn.Module):
    """max(0, x W1 + b1) W2 + b2, equation 2, or with Marian's activation."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.width, config.feed_forward_width)
        self.down = nn.Linear(config.feed_forward_width, config.width)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        down: Tensor = self.down(self.activation(self.up(x)))
        return down


class Residual(nn.Module):
    """Add & Norm: LayerNorm(x + Sublayer(x)) as printed, or x + Sublayer(LayerNorm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = LayerNorm(config.width, eps=config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)
        self.is_post = config.norm_position == "post"

    def forward(
        self, x: Float[Tensor, "B T D"], sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "B T D"]:
        if self.is_post:
            normed: Tensor = self.norm(x + self.dropout(sublayer(x)))
            return normed
        summed: Tensor = x + self.dropout(sublayer(self.norm(x)))
        return summed


class EncoderLayer(nn.Module):
    """Left half of Figure 1, one of N."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config.width, config.num_heads)
        self.feed_forward = PositionwiseFeedForward(config)
        self.self_attention_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B 1 1 S"]
    ) -> Float[Tensor, "B S D"]:
        attend = self.self_attention
        x = self.self_attention_residual(x, lambda h: attend(h, attend.remember(h), mask))
        x = self.feed_forward_residual(x, self.feed_forward)
        return x


class DecoderLayer(nn.Module):
    """Right half of Figure 1, one of N."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config.width, config.num_heads)
        self.cross_attention = MultiHeadAttention(config.width, config.num_heads)
        self.feed_forward = PositionwiseFeedForward(config)
        self.self_attention_residual = Residual(config)
        self.cross_attention_residual = Residual(config)
        self.feed_forward_residual = Residual(config)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        encoded: Float[Tensor, "A S D"],
        target_mask: Bool[Tensor, "#B 1 #T T2"] | None,
        source_mask: Bool[Tensor, "A 1 1 S"],
        memory: LayerMemory | None = None,
    ) -> Float[Tensor, "B T D"]:
        # Keys and values of the source are computed here and not before: where weights are sharded
        # they are whole only in this call.
        def own_past(h: Tensor) -> Tensor:
            attended: Tensor = self.self_attention(h, self._past(h, memory), target_mask)
            return attended

        def source(h: Tensor) -> Tensor:
            # B / A beams of one token each are so many queries to the one source they share.
            queries = h.reshape(len(encoded), -1, h.shape[2])
            keys_values = self._source(encoded, memory)
            attended: Tensor = self.cross_attention(queries, keys_values, source_mask)
            return attended.reshape(h.shape)

        x = self.self_attention_residual(x, own_past)
        x = self.cross_attention_residual(x, source)
        x = self.feed_forward_residual(x, self.feed_forward)
        return x

    def _past(self, x: Float[Tensor, "B T D"], memory: LayerMemory | None) -> KeysValues:
        new = self.self_attention.remember(x)
        if memory is None:
            return new
        if memory.past is None:
            memory.past = new
        else:
            memory.past.append(new)
        return memory.past

    def _source(self, encoded: Float[Tensor, "A S D"], memory: LayerMemory | None) -> KeysValues:
        if memory is None:
            return self.cross_attention.remember(encoded)
        if memory.source is None:
            memory.source = self.cross_attention.remember(encoded)
        return memory.source


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
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
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
        """Teacher forcing: logits after each of `inputs`, the target shifted right by one."""
        return self.logits(self.decode(inputs, self.encode(source, source_mask), source_mask))

    def encode(
        self, source: Int[Tensor, "B S"], source_mask: Bool[Tensor, "B S"]
    ) -> Float[Tensor, "B S D"]:
        """The source as the decoder sees it; `source_mask` is True on tokens."""
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
        """The decoder's output for whole targets; nothing is remembered."""
        x = self._embed(inputs, start=0)
        for layer in self.decoder:
            x = layer(x, memory, None, key_padding(source_mask))
        hidden: Tensor = self.decoder_norm(x)
        return hidden

    def start(
        self, memory: Float[Tensor, "B S D"], source_mask: Bool[Tensor, "B S"]
    ) -> DecoderState:
        """Begin to decode token by token: the source's keys and values are computed once."""
        rows = torch.arange(len(memory), device=memory.device)
        return DecoderState(memory, source_mask, [LayerMemory() for _ in self.decoder], rows)

    def step(self, last: Int[Tensor, " B"], state: DecoderState) -> Float[Tensor, "B V"]:
        """Logits of the token after `last`; `state` moves on by one."""
        x = self._embed(last[:, None], start=state.length)
        state.length += 1
        target_mask = torch.ones(1, 1, 1, state.length, dtype=torch.bool, device=x.device)
        source_mask = key_padding(state.source_mask)
        for layer, memory in zip(self.decoder, state.layers, strict=True):
            x = layer(x, state.encoded, target_mask, source_mask, memory)
        return self.logits(self.decoder_norm(x))[:, 0]

    def logits(self, hidden: Float[Tensor, "B T D"]) -> Float[Tensor, "B T V"]:
        """Scores of every token of the vocabulary, in fp32."""
        return F.linear(hidden, self.token_embedding.weight).float() + self.output_bias

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Matrices uniform by fan-in and fan-out (Glorot and Bengio 2010), embeddings N(0, 1/D)."""
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
