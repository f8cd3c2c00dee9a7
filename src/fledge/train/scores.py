"""From a score to the reward of a whole answer: clipped, and answers that never end made bad."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fledge.train.ppo_config import ScoreConfig


def shape_scores(
    scores: Float[Tensor, "B"], ended: Bool[Tensor, "B"], config: ScoreConfig
) -> Float[Tensor, "B"]:
    """Clip, then replace (Ziegler et al. 2019) or lower (TRL) the score of what did not end."""
    if config.clip is not None:
        scores = scores.clamp(-config.clip, config.clip)
    if config.missing_end == "replace":
        return torch.where(ended, scores, config.missing_end_score)
    if config.missing_end == "subtract":
        return torch.where(ended, scores, scores + config.missing_end_score)
    return scores
