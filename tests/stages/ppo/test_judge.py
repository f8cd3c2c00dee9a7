import pytest
import torch

from fledge.stages.ppo.rollout import Rollout
from stages.ppo.small_ppo import PAD, small_ppo


def test_scores_of_any_number_format_are_shaped_in_float32():
    def score(rollout):
        return torch.full((rollout.examples,), 1.5, dtype=torch.bfloat16)

    rules = {"missing_end": "subtract", "missing_end_score": -0.001}
    stage = small_ppo(score=score, score_=rules, world={"gold": score})
    judged = stage.judge(Rollout.join([(4,)], [(7, 7)], PAD))
    assert judged.scores.tolist() == pytest.approx([1.499], rel=1e-6)
    assert judged.gold.dtype == judged.raw_scores.dtype == torch.float32
