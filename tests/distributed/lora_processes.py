"""Program of each process in the distributed tests of adapters."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from distributed.rlhf_processes import names, ppo_stage
from fledge.config import parse_section
from fledge.runs.run import Run, execute
from fledge.train.progress import SilentProgress
from raised import FLOAT32


def stages(files):
    return {
        "sft": {
            "name": "sft",
            "model": names(files)["policy"],
            "demonstrations": names(files)["demonstrations"],
            "dropout": 0.0,
        },
        "reward": {
            "name": "reward",
            "model": names(files)["policy"],
            "rankings": names(files)["rankings"],
            "patience": 9,
        },
        "ppo": ppo_stage(files),
    }


def run(files, output):
    for name, stage in stages(files).items():
        values = {
            "output": str(output / name),
            "seed": 2,
            "lora": {"rank": 3},
            "stage": stage,
            "batch": {"examples": 8, "microbatch": 2},
            # A larger epsilon: AdamW makes whole steps of gradients that are only rounding.
            "optimizer": {
                "learning_rate": 2e-3,
                "steps": 3,
                "weight_decay": 0.0,
                "epsilon": 1e-5,
            },
            "evaluation": {"every": 2},
            "runtime": {**FLOAT32, "gradient_checkpointing": True},
        }
        execute(parse_section(values, Run, source="test"), SilentProgress())


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
