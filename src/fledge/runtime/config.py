"""Settings of a run that concern the machine it runs on."""

from typing import Literal

from pydantic import field_validator

from fledge.config import Config


class RuntimeConfig(Config):
    """Device, number format, threads and compilation; "auto" looks at the machine."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """auto takes CUDA, then MPS, then the CPU."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the matrix products; trained weights and optimiser stay float32.
    auto takes bfloat16 where the hardware multiplies it faster than float32."""
    threads: int | Literal["auto"] = "auto"
    """Threads of the CPU. auto measures which number is fastest, when a run begins and when its
    steps become much slower, and takes `OMP_NUM_THREADS` where it is set. Sums of another number
    of threads are rounded differently: only a fixed one gives the same weights bit for bit."""
    compile: bool | Literal["auto"] = "auto"
    """torch.compile every Transformer block; auto does for runs long enough to earn it back."""
    gradient_checkpointing: bool = False
    """Keep only the inputs of every block, and compute the rest anew in the backward pass (Chen et
    al. 2016, arXiv:1604.06174): less memory, a third more work, the same gradients."""

    @field_validator("threads", mode="before")
    @classmethod
    def _is_a_number_or_auto(cls, value: object) -> object:
        if value != "auto" and (type(value) is not int or value < 1):
            raise ValueError('expected a whole number from 1, or "auto"')
        return value
