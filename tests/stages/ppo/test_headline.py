"""The terminal shows the reward and the KL of PPO."""

import io

from rich.console import Console

from fledge.train.progress import BarProgress, StepReport
from stages.ppo.small_ppo import small_ppo, train


def test_the_bar_shows_reward_and_kl_of_the_rollout(tmp_path):
    stage = small_ppo()
    metrics = {"loss": 0.0, **train(stage, steps=3)[-1]}
    headline = {name: metrics[key] for name, key in stage.headline.items()}
    text = io.StringIO()
    bar = BarProgress(Console(file=text, force_terminal=True, color_system=None, width=120))
    bar.begin("ppo", 0, 4, "tokens", tmp_path)
    bar.advance(StepReport(3, 4, 8, 1.0, metrics, headline))
    bar.end()
    for name, key in (("reward", "objective/scores"), ("KL", "objective/kl")):
        assert f"{name} {metrics[key]:.3f}" in text.getvalue()
