"""Learning-rate schedules: fractions of the peak rate as pure functions of the step."""

import math
from typing import Literal

ScheduleName = Literal["cosine", "wsd", "linear", "constant", "inverse_sqrt"]


def rate_fraction(
    schedule: ScheduleName,
    step: int,
    steps: int,
    warmup_steps: int = 0,
    final_fraction: float = 0.1,
    decay_fraction: float = 0.5,
) -> float:
    """Return the share of the peak rate at `step` of `steps`.

    It rises linearly from 0 over `warmup_steps`, then follows the schedule down to
    `final_fraction` at step `steps`; "constant" stays at 1. "wsd" holds 1, then falls linearly over
    the last `decay_fraction` of the steps (Hu et al. 2024, arXiv:2404.06395). "inverse_sqrt" falls
    as 1/√step, whatever `steps` is (Vaswani et al. 2017, equation 3, whose peak is
    (D · warmup_steps)^-0.5).
    """
    if step < warmup_steps:
        return step / warmup_steps
    if schedule == "constant":
        return 1.0
    if schedule == "inverse_sqrt":
        return math.sqrt(max(1, warmup_steps) / max(1, step))
    start = max(warmup_steps, steps - round(steps * decay_fraction))
    first = start if schedule == "wsd" else warmup_steps
    progress = min(1.0, max(0, step - first) / max(1, steps - first))
    shape = 0.5 * (1.0 + math.cos(math.pi * progress)) if schedule == "cosine" else 1.0 - progress
    return final_fraction + (1.0 - final_fraction) * shape
