"""Sizes and choices of the encoder-decoder Transformer: Figure 1's, and Marian's."""

from typing import Literal

from pydantic import Field, model_validator

from fledge.config import Config


class TransformerConfig(Config):
    """An encoder-decoder Transformer; defaults: the base model of Vaswani et al. 2017, Table 3."""

    vocabulary_size: int = Field(gt=0)
    """V, shared by source and target."""
    context_length: int = Field(512, gt=0)
    """Longest source and longest target in tokens."""
    width: int = Field(512, gt=0)
    """D, d_model in the paper."""
    encoder_layers: int = Field(6, gt=0)
    """N of the encoder."""
    decoder_layers: int = Field(6, gt=0)
    """N of the decoder; fewer than the encoder's translate faster for little loss."""
    num_heads: int = Field(8, gt=0)
    """H; d = D / H."""
    feed_forward_width: int = Field(2048, gt=0)
    """F, d_ff in the paper."""
    activation: Literal["relu", "swish", "gelu"] = "relu"
    """Function between the two feed-forward matrices: the paper's ReLU, opus-mt's swish."""
    norm_position: Literal["post", "pre"] = "post"
    """LayerNorm(x + Sublayer(x)) as printed, or x + Sublayer(LayerNorm(x)), which is steadier
    (Xiong et al. 2020, arXiv:2002.04745)."""
    norm_epsilon: float = 1e-5
    """Added to the variance inside the norm."""
    positions: Literal["interleaved", "halves"] = "interleaved"
    """Order of sines and cosines: turn by turn (section 3.5), or all sines first (Marian)."""
    scale_embedding: bool = True
    """Embeddings times √D (section 3.4)."""
    dropout: float = Field(0.1, ge=0.0, lt=1.0)
    """Rate after embeddings and sublayers (section 5.4); 0.3 for some ten thousand sentence
    pairs."""
    pad_id: int = Field(ge=0)
    """Padding; it also starts the decoder, as in Marian."""
    end_id: int = Field(ge=0)
    """Ends every source and every target."""

    @model_validator(mode="after")
    def _ids_and_heads_fit(self) -> "TransformerConfig":
        if self.width % self.num_heads:
            raise ValueError(f"width {self.width} must be a multiple of num_heads {self.num_heads}")
        if max(self.pad_id, self.end_id) >= self.vocabulary_size or self.pad_id == self.end_id:
            raise ValueError(
                f"pad_id {self.pad_id} and end_id {self.end_id} must be two different ids "
                f"below vocabulary_size {self.vocabulary_size}"
            )
        return self

    @property
    def head_width(self) -> int:
        """Width of one head, d."""
        return self.width // self.num_heads
