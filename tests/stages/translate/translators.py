"""Toy sentence pairs, and runs of stage "translate" over them."""

import json
from pathlib import Path

from fledge.config import parse_section
from fledge.runs.run import STAGES, Run, execute
from fledge.train.progress import SilentProgress

PAIRS = Path(__file__).parents[3] / "runs" / "tiny" / "data" / "pairs.tsv"
LEARNT = {
    "dropout": 0.0,
    "batch_tokens": 256,
    "size": {
        "context_length": 24,
        "width": 32,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "num_heads": 2,
        "feed_forward_width": 64,
    },
    "averaging": {"checkpoints": 5, "every": 4},
}
"""With 120 steps, enough to translate the toy language."""
FLOAT32 = {"device": "cpu", "dtype": "float32", "compile": False}
SIZE = {
    "context_length": 24,
    "width": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_heads": 2,
    "feed_forward_width": 32,
}


def settings(output, steps=8, **changes):
    """A run; keys of `changes` are the stage's, but for those that name a section of the run."""
    sections = {
        name: changes.pop(name) for name in ("checkpoint", "evaluation", "batch") if name in changes
    }
    optimizer = changes.pop("optimizer", {})
    stage = {
        "name": "translate",
        "pairs": [str(PAIRS)],
        "held_out_fraction": 0.1,
        "vocabulary_size": 320,
        "size": SIZE,
        "dropout": 0.1,
        "batch_tokens": 128,
        "averaging": {"checkpoints": 3, "every": 2},
        **changes,
    }
    values = {
        "output": str(output),
        "seed": 3,
        "stage": stage,
        "optimizer": {
            "learning_rate": 1e-2,
            "betas": [0.9, 0.98],
            "weight_decay": 0.0,
            "schedule": "inverse_sqrt",
            "warmup_steps": 8,
            "steps": steps,
            **optimizer,
        },
        "runtime": FLOAT32,
        **sections,
    }
    return parse_section(values, Run, source="test")


def train(output, steps=8, build=None, **changes):
    """The final checkpoint."""
    return execute(settings(output, steps, **changes), SilentProgress(), build)


class Killed(Exception):
    """What a run dies of in a test."""


def killed_at(step):
    """Builds a stage that dies, in every process, behind a step and before it could be saved."""

    def build(config, context):
        stage = STAGES["translate"](config, context)
        on_step = stage.on_step

        def count(metrics):
            on_step(metrics)
            if stage.steps_done == step:
                raise Killed

        stage.on_step = count
        return stage

    return build


def write_pairs(path, pairs):
    path.write_text("".join(f"{one}\t{other}\n" for one, other in pairs), encoding="utf-8")
    return str(path)


def metrics_of(output):
    lines = (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
