"""Llama 3.1's rope scaling, recovered from the factors that GGUF has in its place.

llama.cpp divides each frequency by a factor, `rope_freqs.weight`: 1 for fast waves, the scaling's
own for slow ones, and between them 1 / ((1 - s) / factor + s), where s grows with the frequency.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.errors import CheckpointError, ConfigError
from fledge.model.config import RotaryConfig
from fledge.model.positions import Scaling, frequencies

TOLERANCE = 1e-5
"""Largest relative error of a frequency: the factors are in float32."""
PUBLISHED: Scaling = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""Settings of Llama 3.1 to 3.3, tried first."""


def scaling_of(factors: Float[Tensor, " half"], base: float, head_width: int) -> Scaling | None:
    """Return the `rope_scaling` of Hugging Face that divides frequencies by `factors`.

    None where each is 1. Equal ones are a linear scaling. Several settings may give the same
    frequencies: Llama 3.1's own are preferred, else `low_freq_factor` is 1.

    Raises:
        CheckpointError: no scaling that fledge computes gives them.
    """
    factors = factors.double()
    if not (factors.isfinite() & (factors > 0)).all():
        raise _refusal(f"expected factors above 0, found {factors.tolist()[:8]}")
    if (factors == 1).all():
        return None
    if (factors == factors[0]).all():
        return {"rope_type": "linear", "factor": float(factors[0])}
    plain = frequencies(RotaryConfig(base=base), head_width)
    slowest = float(factors.max())
    published: Scaling = {"rope_type": "llama3", "factor": slowest, **PUBLISHED}
    fitted = _fitted(factors, plain.double(), slowest)
    candidates = [published] if fitted is None else [published, _rounded(fitted), fitted]
    for scaling in candidates:
        if _gives(scaling, factors, plain, base, head_width):
            return scaling
    raise _refusal("its factors are not those of Llama 3.1")


def _fitted(
    factors: Float[Tensor, " half"], plain: Float[Tensor, " half"], slowest: float
) -> Scaling | None:
    """Lay the line s = a · frequency − b, which is 0 or less for slow waves, 1 or more for fast."""
    kept = (1 / factors - 1 / slowest) / (1 - 1 / slowest)
    between = (kept > 1e-6) & (kept < 1 - 1e-6)
    fast, slow = plain[kept >= 1 - 1e-6], plain[kept <= 1e-6]
    points, shares = plain[between], kept[between]
    if len(points) > 1:
        slope = float((shares[0] - shares[-1]) / (points[0] - points[-1]))
        start = float(points[0] - shares[0] / slope)
    elif len(points) == 1:
        # Steep enough for the nearest wave on either side.
        above = [(1 - shares[0]) / (fast.min() - points[0])] if len(fast) else []
        below = [shares[0] / (points[0] - slow.max())] if len(slow) else []
        slope = float(max(*above, *below, torch.tensor(0.0)))
        start = float(points[0] - shares[0] / slope) if slope else 0.0
    elif len(fast) and len(slow):
        slope = float(1 / (fast.min() - slow.max()))
        start = float(slow.max())
    else:
        return None
    if not (slope > 0 and start > 0 and math.isfinite(slope)):
        return None
    # s = (context · frequency / 2π − low) / (high − low), with low = 1.
    return {
        "rope_type": "llama3",
        "factor": slowest,
        "low_freq_factor": 1.0,
        "high_freq_factor": 1 + 1 / (slope * start),
        "original_max_position_embeddings": 2 * math.pi / start,
    }


def _rounded(scaling: Scaling) -> Scaling:
    """Round settings that people choose as whole numbers."""
    return {n: float(round(v)) if isinstance(v, float) else v for n, v in scaling.items()}


def _gives(
    scaling: Scaling,
    factors: Float[Tensor, " half"],
    plain: Float[Tensor, " half"],
    base: float,
    head_width: int,
) -> bool:
    try:
        found = frequencies(RotaryConfig(base=base, scaling=scaling), head_width)
    except ConfigError:
        return False
    return torch.allclose(found.double(), plain.double() / factors, rtol=TOLERANCE, atol=0)


def _refusal(reason: str) -> CheckpointError:
    return CheckpointError(
        f"tensor rope_freqs.weight scales positions in a way that fledge does not compute: {reason}"
    )
