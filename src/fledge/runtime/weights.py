"""Number format of the weights of a model that only answers or is measured."""

import torch

from fledge.runtime.device import multiplies_bfloat16_fast
from fledge.weight_format import WeightFormat

BFLOAT16_PAYS_FROM = 4_000_000
"""Parameters from which weights are kept in bfloat16, where the hardware multiplies it.

Tokens per second in bfloat16 over those in float32, at 1 / 16 / 64 answers at a time, on one core
with AVX512-BF16. By torch alone: 0.83 / 1.05 / 1.26 at 2M parameters, 1.00 / 1.35 / 1.55 at 6M,
1.43 / 1.90 / 2.00 at 45M. By the step in C++: 1.38 / 1.73 / 1.21 at 2M, 2.69 / 1.69 / 1.41 at 6M.
Smaller models write thousands of tokens a second in either, and float32 keeps every digit of what
was measured when they were trained."""


def weight_dtype(wanted: WeightFormat, num_parameters: int, device: torch.device) -> torch.dtype:
    """Return the format of a model's weights for inference.

    "auto" follows from the device and the model's size alone. A stopwatch would sometimes choose
    otherwise on a busy machine, and the same model would then write other answers.
    """
    if wanted == "float32":
        return torch.float32
    if wanted == "bfloat16":
        return torch.bfloat16
    if wanted == "int8":
        return torch.int8
    is_large = num_parameters >= BFLOAT16_PAYS_FROM
    return torch.bfloat16 if is_large and multiplies_bfloat16_fast(device) else torch.float32
