import pytest
import torch

from fledge.errors import ConfigError, TrainingError
from fledge.stages.ppo.reward_functions import (
    FunctionScore,
    ModelScore,
    load_reward_function,
    names_a_function,
)
from fledge.stages.ppo.rollout import Rollout
from stages.ppo.small_ppo import PAD, language_model, reward_model

SPECIAL = frozenset({0, 1})
ROLLOUT = Rollout.join([(4, 5), (6,)], [(7, 1), (8, 9, 9)], PAD)


def letters(ids):
    return "".join(chr(ord("a") + id_) for id_ in ids)


def scored_by(function, texts=None):
    return FunctionScore(function, letters, SPECIAL, texts or {})


def test_a_function_sees_text_without_special_tokens():
    seen = []

    def reward(prompts, responses):
        seen.append((prompts, responses))
        return [len(response) for response in responses]

    assert scored_by(reward)(ROLLOUT).tolist() == [1.0, 3.0]
    assert seen == [(["ef", "g"], ["h", "ijj"])]


def test_a_known_prompt_comes_as_its_messages_say_it():
    seen = []
    score = scored_by(lambda p, r: seen.extend(p) or [0.0, 0.0], {(4, 5): "Hello?"})
    score(ROLLOUT)
    assert seen == ["Hello?", "g"]


@pytest.mark.parametrize("scores", [[1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_scores_that_cannot_be_used_are_refused(scores):
    with pytest.raises(TrainingError, match="expected 2 finite numbers"):
        scored_by(lambda p, r: scores)(ROLLOUT)


def test_a_reward_model_is_read_at_the_answer_s_end():
    model = reward_model(language_model())
    scores = ModelScore(model, rows=1)(ROLLOUT)
    for row, (prompt, answer) in enumerate(ROLLOUT.rows()):
        alone = model(torch.tensor([[*prompt, *answer]]))[0, -1]
        assert float(scores[row]) == pytest.approx(float(alone), abs=1e-5)
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_functions_load_from_files_and_modules(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def brevity(prompts, responses):\n    return [-len(r) for r in responses]\n")
    assert load_reward_function(f"{file}:brevity")(["a"], ["bcd"]) == [-3]
    assert load_reward_function("math:fsum").__name__ == "fsum"
    assert names_a_function(f"{file}:brevity") and names_a_function("math:fsum")
    assert not names_a_function("checkpoints/reward") and not names_a_function(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:f", "cannot import 'no_such_module'"),
        ("missing.py:f", "no such file"),
        ("math:no_such", "has no function 'no_such'"),
    ],
)
def test_a_function_that_is_not_there_is_named(name, message):
    with pytest.raises(ConfigError, match=message):
        load_reward_function(name)
