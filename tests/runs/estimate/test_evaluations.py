"""Tokens that measurements and saves read, against what a reward model then reads."""

import pytest

from fledge.model.gpt import GPT
from fledge.runs.estimate.evaluations import held_out_tokens, save_tokens
from fledge.runtime import Runtime, RuntimeConfig
from fledge.stages.reward import stage as reward_stage
from fledge.stages.reward.config import RewardConfig
from fledge.stages.reward.stage import RewardModelling
from fledge.train.stage import BatchConfig, StageContext
from raised import FLOAT32, raise_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


@pytest.mark.parametrize("unit_variance", [False, True])
def test_a_reward_model_reads_as_many_tokens_as_are_estimated(
    files, unit_variance, tmp_path, monkeypatch
):
    config = RewardConfig(
        model=files["policy"],
        rankings=files["rankings"],
        demonstrations=files["demonstrations"],
        held_out_fraction=0.25,
        unit_variance=unit_variance,
    )
    runtime = Runtime.start(RuntimeConfig(**FLOAT32))
    context = StageContext(tmp_path, 3, BatchConfig(examples=8), runtime, None)
    stage = RewardModelling.build(config, context)
    read = []
    score = reward_stage.score_rankings

    def counted(scores, rankings, pad):
        places.clear()
        for one in rankings:  # alone, without padding
            score(scores, [one], pad)
        read.append(sum(places))
        return score(scores, rankings, pad)

    places: list[int] = []
    hidden = GPT.hidden

    def counting(model, ids, *rest):
        places.append(ids.numel())
        return hidden(model, ids, *rest)

    monkeypatch.setattr(GPT, "hidden", counting)
    monkeypatch.setattr(reward_stage, "score_rankings", counted)
    stage.evaluate()
    assert sum(read) == held_out_tokens(stage) > 0
    read.clear()
    stage.save_model(tmp_path)
    assert sum(read) == save_tokens(stage) > 0
    assert len(read) == 1 + unit_variance
