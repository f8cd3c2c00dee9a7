"""The monitor: it stops PPO before a judge that the reward model never saw falls."""

from functools import partial

import pytest
import torch

from fledge.checkpoint.lineage import read_lineage
from fledge.errors import ConfigError
from fledge.model.gpt import GPT
from fledge.runs.run import execute
from fledge.runtime import random
from fledge.stages.ppo.build import build_ppo
from fledge.stages.ppo.config import MonitorConfig, PPOConfig
from fledge.stages.ppo.monitor import Monitor, is_below
from fledge.stages.ppo.prompts import refuse_shared
from fledge.text.conversation import Conversation, Message
from fledge.train.progress import SilentProgress
from raised import metrics_of, raise_model, write_lines
from stages.ppo.small_ppo import language_model, small_ppo, train
from stages.ppo.test_ppo_run import kill, run, untimed, weights

CONFIG = MonitorConfig(prompts=("held-out.jsonl",), judge="mine.py:score", every=2)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return raise_model(tmp_path_factory.mktemp("raised"))


def seen(*means: float, config: MonitorConfig = CONFIG) -> tuple[Monitor, GPT]:
    """A monitor after measurements; the policy's weights hold the number of each."""
    monitor, policy = Monitor(config), language_model()
    noise = torch.randn(64, generator=random(0, "noise")) * 0.1
    for number, mean in enumerate(means):
        with torch.no_grad():
            policy.token_embedding.weight.fill_(number)
        monitor.saw(mean + noise, policy)
    return monitor, policy


def test_a_fall_is_two_measurements_in_a_row_below_the_best():
    once = CONFIG.model_copy(update={"patience": 1})
    assert not Monitor(once).stopped
    assert not seen(0.5, 0.6, 0.4)[0].stopped
    assert not seen(0.5, 0.6, 0.4, 0.7, 0.5)[0].stopped
    assert seen(0.5, 0.6, 0.4, 0.5)[0].stopped
    assert seen(0.5, 0.6, 0.4, config=once)[0].stopped


@pytest.mark.parametrize(
    ("means", "lent"),
    [
        ((0.5, 0.6, 0.6), 2),
        ((0.5, 0.6, 0.4), 1),
        ((0.5, 0.6, 0.4, 0.3), 1),
        ((0.5, 0.6, 0.4, 0.6), 3),
    ],
)
def test_the_best_policy_is_lent_while_the_newest_lies_below(means, lent):
    monitor, policy = seen(*means)
    with monitor.applied(policy):
        assert number_in(policy) == lent
    assert number_in(policy) == len(means) - 1


def number_in(policy: GPT) -> float:
    return float(policy.token_embedding.weight.detach()[0, 0])


def test_of_equal_measurements_the_first_is_the_best():
    monitor, policy = seen(0.5, 0.5, 0.4, 0.3)
    with monitor.applied(policy):
        assert number_in(policy) == 0


def test_the_newest_mean_and_the_best_are_told(caplog):
    monitor, policy = Monitor(CONFIG), language_model()
    told = [monitor.metrics()]
    for scores in ([0.0, 1.0], [3.0, -1.0], [0.5, -2.0], [1.0, -3.0]):
        monitor.saw(torch.tensor(scores), policy)
        told.append(monitor.metrics())
    names = ("monitor/judge", "monitor/best", "monitor/below")
    by_definition = [(0.5, 0.5, 0), (1.0, 1.0, 0), (-0.75, 1.0, 1), (-1.0, 1.0, 2)]
    assert told == [{}, *(dict(zip(names, one, strict=True)) for one in by_definition)]
    assert monitor.stopped
    assert "fell from 1.000 to -0.750; if PPO ends before it rises again" in caplog.text
    assert "PPO ends early: the held-out judge fell from 1.000 to -1.000" in caplog.text


def test_below_counts_in_standard_errors_of_the_paired_difference():
    best = torch.tensor([1.0, 0.0, 1.0, 1.0])
    worse = torch.tensor([1.0, 0.0, 0.0, 1.0])  # mean −1/4, standard error √3/4 / 2 = 0.2165
    assert is_below(worse, best, errors=1.1)
    assert not is_below(worse, best, errors=1.2)
    assert not is_below(best, best, errors=0.0)


@pytest.mark.parametrize(("gain", "most"), [(0.0, 0.08), (0.01, 0.05), (0.03, 0.02)])
def test_false_alarms_over_healthy_runs_are_rare(gain: float, most: float):
    """Judges that stay or rise, 64 prompts answered anew, 7 measurements."""
    alarms = sum(is_stopped([gain * n for n in range(7)], seed) for seed in range(100))
    assert alarms / 100 < most


def test_a_fall_is_seen_within_three_measurements():
    caught = sum(is_stopped([0, 0, 0, 0, -0.1, -0.2, -0.3], seed) for seed in range(100))
    assert caught / 100 > 0.85


def is_stopped(changes: list[float], seed: int) -> bool:
    """Show a monitor right and wrong answers whose chances change, and tell whether it stops."""
    generator = random(seed, "judge")
    monitor = Monitor(CONFIG)
    chance = 0.4 + 0.6 * torch.rand(64, generator=generator)
    for change in changes:
        scores = torch.bernoulli((chance + change).clamp(0, 1), generator=generator)
        if not monitor.stopped:
            monitor.saw(scores, TINY)
    return monitor.stopped


TINY = language_model()


def test_it_measures_first_and_after_every_second_rollout():
    judged = iter([0.5, 0.6, 0.7])
    stage = small_ppo(
        world={"watched": lambda: torch.full((4,), next(judged))},
        score_={"monitor": CONFIG},
        kl={"maximum": None, "maximum_clip_fraction": None},
    )
    history = train(stage, steps=16)  # four rollouts of four steps
    assert [line["monitor/judge"] for line in history[::4]] == pytest.approx([0.5, 0.5, 0.6, 0.6])
    assert stage.evaluate()["monitor/judge"] == pytest.approx(0.7)
    assert not stage.wants_to_stop


def test_training_ends_when_the_judge_falls():
    judged = iter([0.9, 0.5, 0.4])
    stage = small_ppo(
        world={"watched": lambda: torch.full((4,), next(judged))},
        score_={"monitor": CONFIG},
        kl={"maximum": None, "maximum_clip_fraction": None},
    )
    assert len(train(stage, steps=40)) == 16
    assert stage.wants_to_stop


def test_an_average_of_many_policies_is_not_what_was_measured():
    with pytest.raises(ValueError, match="set one of them"):
        PPOConfig(policy="p", reward="r", prompts=("d",), ema_decay=0.9, score={"monitor": CONFIG})


def monitored(files, output, tmp_path, **more):
    """A run whose judge dislikes every change: it falls at once."""
    prompts = write_lines(tmp_path / "held-out.jsonl", [{"prompt": f"two {n}?"} for n in range(4)])
    monitor = {"prompts": [prompts], "judge": "calls", "every": 1, "errors": 0.0}
    return run(files, output, steps=16, ema_decay=None, score={"monitor": monitor}, **more)


def falling(prompts, responses):
    """Fewer words are better: the untrained policy's seldom end."""
    assert all(prompt.startswith("two ") for prompt in prompts)
    return [-len(response) for response in responses]


def test_a_monitored_run_goes_on_bit_for_bit_after_a_kill(files, tmp_path):
    build = partial(build_ppo, judge=falling)

    whole = execute(monitored(files, tmp_path / "whole", tmp_path), SilentProgress(), build)
    settings = monitored(files, tmp_path / "part", tmp_path, every=3)
    with pytest.raises(RuntimeError, match="killed"):
        execute(settings, SilentProgress(), dying(build, 8))
    again = execute(settings, SilentProgress(), build)
    assert weights(again) == weights(whole)
    lines = untimed(metrics_of(tmp_path / "whole"))
    assert untimed(metrics_of(tmp_path / "part")) == lines
    assert all("monitor/judge" in line for line in lines)


def dying(build, at_step):
    def built(config, context):
        stage = build(config, context)
        after_step, calls = stage.on_step, []

        def on_step(metrics):
            after_step(metrics)
            calls.append(metrics)
            if len(calls) == at_step:
                kill()

        stage.on_step = on_step
        return stage

    return built


def test_a_judge_in_a_file_is_part_of_the_run_s_past(files, tmp_path):
    judge = tmp_path / "judge.py"
    judge.write_text("def score(prompts, responses):\n    return [1.0 for _ in responses]\n")
    prompts = write_lines(tmp_path / "held-out.jsonl", [{"prompt": "two?"}])
    monitor = {"prompts": [prompts], "judge": f"{judge}:score", "every": 1}
    settings = run(files, tmp_path / "run", steps=4, ema_decay=None, score={"monitor": monitor})
    checkpoint = execute(settings, SilentProgress())
    assert {str(judge), prompts} <= read_lineage(checkpoint).data.keys()


def test_prompts_of_training_are_refused_as_those_of_the_monitor():
    one, other = (Conversation((Message("user", text),)) for text in ("Why?", "How?"))
    refuse_shared([one], [other])
    with pytest.raises(ConfigError, match=r"found 1 of 2 in stage\.prompts too"):
        refuse_shared([one], [other, one])
