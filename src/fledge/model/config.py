"""The sizes and choices that make a GPT: GPT-2, Llama and Qwen3 are points in this space."""

from typing import Literal

from pydantic import Field, model_validator

from fledge.config import Config
from fledge.errors import ConfigError

FamilyName = Literal["qwen3", "llama", "gpt2"]
"""Family that a new model is built like; qwen3 is llama with normalised queries and keys."""


class RotaryConfig(Config):
    """Rotary positions (Su et al. 2021, arXiv:2104.09864)."""

    base: float = 10_000.0
    """θ of the slowest wave, `rope_theta`."""
    scaling: dict[str, float | str] | None = None
    """Hugging Face's `rope_scaling` as it stands; None for none. Only types we implement load."""


class GPTConfig(Config):
    """A decoder-only Transformer; the letters V D L H G d F are those of every shape."""

    vocabulary_size: int = Field(gt=0)
    """V, rows of the embedding."""
    context_length: int = Field(gt=0)
    """Longest sequence in tokens."""
    width: int = Field(gt=0)
    """D."""
    num_layers: int = Field(gt=0)
    """L."""
    num_heads: int = Field(gt=0)
    """H, query heads."""
    num_key_value_heads: int = Field(gt=0)
    """G; fewer than H is grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245)."""
    head_width: int = Field(gt=0)
    """d; need not be D / H (Qwen3)."""
    feed_forward_width: int = Field(gt=0)
    """F, the hidden width of the feed-forward layer."""
    feed_forward: Literal["gelu", "swiglu"] = "swiglu"
    """GPT-2's GELU (tanh form) or SwiGLU (Shazeer 2020, arXiv:2002.05202)."""
    norm: Literal["layer", "rms"] = "rms"
    """LayerNorm or RMSNorm."""
    norm_epsilon: float = 1e-6
    """Added to the variance inside the norm."""
    rotary: RotaryConfig | None = RotaryConfig()
    """Rotary positions; None for learned absolute positions (GPT-2)."""
    bias: Literal["none", "query_key_value", "all"] = "none"
    """Linear layers with a bias: Llama none, Qwen2 on q, k and v, GPT-2 all."""
    query_key_norm: bool = False
    """RMSNorm on each head's q and k before the rotation (Qwen3)."""
    tied_embeddings: bool = True
    """One matrix for input embedding and output head."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Rate after embeddings, attention weights and sublayers, in training only."""

    @model_validator(mode="after")
    def _heads_group_evenly(self) -> "GPTConfig":
        if self.num_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_heads {self.num_heads} must be a multiple of "
                f"num_key_value_heads {self.num_key_value_heads}"
            )
        if self.rotary is not None and self.head_width % 2:
            raise ValueError(
                f"rotary positions turn pairs: head_width {self.head_width} must be even"
            )
        return self

    @classmethod
    def sized(
        cls,
        vocabulary_size: int,
        context_length: int,
        width: int,
        num_layers: int,
        *,
        family: FamilyName = "qwen3",
        num_heads: int | None = None,
        num_key_value_heads: int | None = None,
    ) -> "GPTConfig":
        """Settings in fledge's own shape for a size: F ≈ 8/3 D (GPT-2: 4 D).

        Without `num_heads` they are 64 wide, or 32 in models narrower than 256.

        Raises:
            ConfigError: the width does not divide into the heads.
        """
        heads = num_heads or max(1, width // (64 if width >= 256 else 32))
        if width % heads:
            raise ConfigError(
                f"width {width} does not divide into {heads} heads; "
                "choose a width that is a multiple of num_heads"
            )
        gpt2 = family == "gpt2"
        return cls(
            vocabulary_size=vocabulary_size,
            context_length=context_length,
            width=width,
            num_layers=num_layers,
            num_heads=heads,
            num_key_value_heads=num_key_value_heads or heads,
            head_width=width // heads,
            feed_forward_width=4 * width if gpt2 else max(32, round(width * 8 / 3 / 32) * 32),
            feed_forward="gelu" if gpt2 else "swiglu",
            norm="layer" if gpt2 else "rms",
            norm_epsilon=1e-5 if gpt2 else 1e-6,
            rotary=None if gpt2 else RotaryConfig(),
            bias="all" if gpt2 else "none",
            query_key_norm=family == "qwen3",
        )
