"""Settings of a run that concern the machine it runs on."""

from typing import Literal

from fledge.config import Config


class RuntimeConfig(Config):
    """Device, number format and compilation; "auto" looks at the machine."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto takes CUDA, then MPS, then the CPU."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the matrix products; trained weights and optimiser stay float32.
    auto takes bfloat16 where the hardware multiplies it faster than float32."""
    compile: bool | Literal["auto"] = "auto"
    """torch.compile every Transformer block; auto does for runs long enough to earn it back."""
    gradient_checkpointing: bool = False
    """Keep only the inputs of every block, and compute the rest anew in the backward pass (Chen et
    al. 2016, arXiv:1604.06174): less memory, a third more work, the same gradients."""
