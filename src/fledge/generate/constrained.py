"""Logits of a batch in which some answers follow a grammar."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fledge.generate.sampling import REMOVED
from fledge.generate.sequence import Sequence


def allowed_only(logits: Float[Tensor, "B V"], rows: list[Sequence]) -> Float[Tensor, "B V"]:
    """Remove the tokens that the grammar of a row does not allow next; others stay as they are."""
    constraints = {i: row.constraint for i, row in enumerate(rows) if row.constraint is not None}
    flags = [constraint.allowed(logits.shape[-1]) for constraint in constraints.values()]
    allowed = torch.from_numpy(np.stack(flags)).to(logits.device)
    indices = torch.tensor(list(constraints), device=logits.device)
    return logits.index_copy(0, indices, logits[indices].masked_fill(~allowed, REMOVED))
