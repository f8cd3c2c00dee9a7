"""Program of each process in the distributed tests of SFT, the reward model and PPO."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest

from fledge.config import parse_section
from fledge.data.corpus import build_corpus
from fledge.runs.run import Run, execute
from fledge.stages.ppo.build import build_ppo
from fledge.stages.sft import SFT
from fledge.text.tokenizer import Tokenizer
from fledge.train.progress import SilentProgress
from raised import FLOAT32, raise_model


def run(output, stage, steps, examples, every=None):
    values = {
        "output": str(output),
        "seed": 2,
        "stage": stage,
        "batch": {"examples": examples, "microbatch": 2},
        "optimizer": {"learning_rate": 2e-3, "steps": steps, "weight_decay": 0.0},
        "checkpoint": {"every": every},
        "runtime": FLOAT32,
    }
    return parse_section(values, Run, source="test")


def write_files(directory):
    """The toy chat model and a corpus: by one process, before the others start."""
    files = raise_model(directory)
    text = directory / "text.txt"
    text.write_text("yes please, two or three of the blue ones. " * 60)
    tokenizer = Tokenizer.load(directory / "sft" / "step-00000001")
    build_corpus([str(text)], tokenizer, directory / "corpus")
    return files


def names(directory):
    file = lambda name: [str(directory / f"{name}.jsonl")]  # noqa: E731
    return {
        "policy": str(directory / "sft"),
        "reward": str(directory / "reward"),
        "prompts": file("prompts"),
        "rankings": file("rankings"),
        "demonstrations": file("demonstrations"),
    }


def sft_run(files, output, every=None):
    stage = {
        "name": "sft",
        "model": names(files)["policy"],
        "demonstrations": names(files)["demonstrations"],
        "texts": [str(files / "text.txt")],
        "epochs": 3.0,
    }
    return run(output, stage, steps=8, examples=4, every=every)


def sft(files, output):
    """Chats and plain text in the same rows."""
    execute(sft_run(files, output), SilentProgress())


def sft_resume(files, output):
    """Break off between two saves, then go on."""
    halves = sft_run(files, output, every=3)
    with pytest.raises(RuntimeError, match=r"^killed$"):
        execute(halves, SilentProgress(), killed_after(5, SFT.build))
    execute(halves, SilentProgress())


def reward(files, output):
    stage = {
        "name": "reward",
        "model": names(files)["policy"],
        "rankings": names(files)["rankings"],
        "demonstrations": names(files)["demonstrations"],
    }
    execute(run(output, stage, steps=6, examples=8), SilentProgress())


def ppo_stage(files, **changes):
    return {
        "name": "ppo",
        "policy": names(files)["policy"],
        "reward": names(files)["reward"],
        "prompts": names(files)["prompts"],
        "rollout": {"examples": 8, "max_new_tokens": 6},
        "kl": {"target": 0.5, "horizon": 50, "maximum_clip_fraction": None},
        "pretraining": {"corpus": str(files / "corpus"), "rows": 4, "length": 16},
        "ema_decay": 0.9,
        **changes,
    }


def ppo(files, output):
    """Two minibatches a rollout, in two epochs."""
    execute(run(output, ppo_stage(files), steps=8, examples=4), SilentProgress())


def killed_after(steps, make=build_ppo):
    """Build a stage that breaks off after so many steps of this process."""

    def build(config, context):
        stage, seen = make(config, context), []
        on_step = stage.on_step

        def count(metrics):
            on_step(metrics)
            seen.append(metrics)
            if len(seen) == steps:
                raise RuntimeError("killed")

        stage.on_step = count
        return stage

    return build


def go_on(files, output, every=5, killed=None):
    """Train, from the last checkpoint if there is one, until done or killed inside a rollout."""
    halves = run(output, ppo_stage(files), steps=8, examples=4, every=every)
    if killed is None:
        execute(halves, SilentProgress())
        return
    with pytest.raises(RuntimeError, match=r"^killed$"):
        execute(halves, SilentProgress(), killed_after(killed))


def resume(files, output):
    """Break off inside a rollout, then go on; answers come from the engine."""
    go_on(files, output / "broken", killed=6)
    go_on(files, output / "broken")
    go_on(files, output / "straight")


CASES = {
    "sft": sft,
    "sft resume": sft_resume,
    "reward": reward,
    "ppo": ppo,
    "resume": resume,
    # Two legs of one run, whose last leg is "ppo" again: saved at steps 3 and 6.
    "first leg": lambda files, output: go_on(files, output.with_name("ppo"), 3, killed=4),
    "second leg": lambda files, output: go_on(files, output.with_name("ppo"), 3, killed=4),
}

if __name__ == "__main__":
    for name in sys.argv[3:]:
        CASES[name](Path(sys.argv[1]), Path(sys.argv[2]) / name)
