"""Scores of a reward model for answers that are given by their ids."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.model_files import LoadedScalarModel
from fledge.evaluate.answers import Answered
from fledge.evaluate.replies import Reply
from fledge.runtime.memory import make_room
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.rollout import Rollout

ROWS = 8
"""Rows of a forward pass; has no effect on the result."""


def reward_scores(
    judge: LoadedScalarModel, replies: Sequence[Answered | Reply]
) -> Float[Tensor, "N"]:
    """Return the reward model's score of each reply."""
    make_room()
    rollout = Rollout.join(
        [each.prompt_ids for each in replies],
        [each.answer_ids for each in replies],
        judge.tokenizer.special.pad,
    )
    return ModelScore(judge.model, ROWS)(rollout)
