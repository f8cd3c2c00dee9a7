"""Compare what `fledge plan` says with what then happens, over five different runs.

    python benchmarks/plan.py --checkpoint checkpoints/smollm2

Each run is planned and then trained for a few steps in a process of its own: peak memory is the
process's, time per step the median after the first, disk the output's. About 6 minutes on two idle
cores; `--quick` takes a step or two of each. Without `--checkpoint` the last run is left out.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.cli.project import write_project
from fledge.train.metrics_file import read_metrics

COMPARED = ("time of a step", "peak memory", "disk")
DEMONSTRATIONS = 3000
"""Chats that the SFT runs read."""
MUON = ["optimizer.name=muon", "optimizer.schedule=wsd", "optimizer.learning_rate=3e-3"]
LAST_ONLY = ["checkpoint.keep=1", "runtime.compile=false"]


@dataclass(frozen=True)
class Compared:
    """One number of one run: as planned, and as measured."""

    run: str
    quantity: str
    planned: float
    measured: float

    @property
    def ratio(self) -> float:
        return self.planned / self.measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="SmolLM2-135M-Instruct, imported")
    parser.add_argument("--quick", action="store_true", help="few steps: does it run at all?")
    parser.add_argument("--only", help="comma-separated names of runs; what they need must exist")
    parser.add_argument("--home", type=Path, help="folder for data and models, which stay")
    chosen = parser.parse_args()
    home = chosen.home or Path(tempfile.mkdtemp(prefix="fledge-benchmark-"))
    begun = time.perf_counter()
    prepare(home)
    rows: list[Compared] = []
    for name, words in runs(home, chosen.checkpoint, chosen.quick).items():
        if chosen.only is None or name in chosen.only.split(","):
            rows += compare(name, words, home)
            print(table(rows), flush=True)
    print(f"\n{time.perf_counter() - begun:.0f} s in all")
    if chosen.home is None:
        shutil.rmtree(home)


def prepare(home: Path) -> None:
    """Write the project's data, fewer demonstrations, and the two tokenizers."""
    if (home / "large").is_dir():
        return
    if not (home / "data").is_dir():
        write_project(home, 0)
    chats = (home / "data" / "demonstrations.jsonl").read_text().splitlines()[:DEMONSTRATIONS]
    (home / "chats.jsonl").write_text("\n".join(chats) + "\n")
    for name, size in (("small", 1536), ("large", 8192)):
        fledge("tokenizer", "train", home / "data" / "text", "-v", size, "-o", home / name)


def runs(home: Path, checkpoint: Path | None, quick: bool) -> dict[str, list[object]]:
    """Return the command of each run; the later ones begin with what the earlier ones made."""
    text, chats = home / "data" / "text", home / "chats.jsonl"

    def steps(number: int) -> str:
        return f"optimizer.steps={2 if quick else number}"

    found: dict[str, list[object]] = {
        "pretrain, 1.9M": [
            *("pretrain", "-d", text, "--tokenizer", home / "small", steps(60), *MUON),
            *("stage.size.width=192", "stage.size.num_layers=4", "batch.examples=2"),
        ],
        "sft, 1.9M": [
            *("sft", "-m", home / "pretrain, 1.9M", "-d", chats, steps(60), *MUON),
            *("stage.length=128", "stage.dropout=0.0", "batch.examples=8"),
        ],
        "reward, 1.9M": [
            *("reward", "-m", home / "sft, 1.9M", "-d", home / "data" / "rankings.jsonl"),
            *("batch.examples=8", steps(30)),
        ],
        "ppo, 1.9M": [
            *("ppo", "-m", home / "sft, 1.9M", "-r", home / "reward, 1.9M"),
            *("-d", home / "data" / "rankings.jsonl", "batch.examples=32", steps(16)),
            *("stage.rollout.examples=64", "stage.rollout.max_new_tokens=48"),
        ],
        "pretrain, 15M": [
            *("pretrain", "-d", text, "--tokenizer", home / "large", steps(10)),
            *("stage.size.width=384", "stage.size.num_layers=7", "batch.examples=16"),
        ],
    }
    if checkpoint is not None:
        found["sft with LoRA, 135M"] = [
            *("sft", "-m", checkpoint, "-d", chats, steps(8), "lora.rank=16"),
            *("stage.length=256", "batch.examples=8", "stage.held_out_fraction=0.0"),
        ]
    return found


def compare(name: str, words: Sequence[object], home: Path) -> list[Compared]:
    """Plan a run, train it, and compare."""
    output = home / name
    shutil.rmtree(output, ignore_errors=True)
    command = [*words, *LAST_ONLY, "-o", output]
    plan = json.loads(fledge("plan", "--json", *command))["runs"][0]
    peak = peak_of(command)
    times = [row["seconds"] for row in read_metrics(output / "metrics.jsonl") if "seconds" in row]
    each = [later - earlier for earlier, later in itertools.pairwise(times)] or times
    disk = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    # A median does not suit PPO, where one step in four waits for a rollout.
    step = times[-1] / len(times) if words[0] == "ppo" else statistics.median(each)
    measured = (step, peak, disk)
    planned = (plan["seconds_per_step"], plan["peak_bytes"], plan["total_disk_bytes"])
    return [
        Compared(name, quantity, said, found)
        for quantity, said, found in zip(COMPARED, planned, measured, strict=True)
    ]


def fledge(*words: object) -> str:
    """Run a command of fledge and return what it prints."""
    command = [sys.executable, "-m", "fledge", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def peak_of(words: Sequence[object]) -> int:
    """Run a command of fledge, and return the largest resident memory of its process in bytes."""
    command = [sys.executable, "-m", "fledge", *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def table(rows: Sequence[Compared]) -> str:
    """Write a Markdown table: planned / measured, and the ratio."""
    lines = [
        "",
        "| run | quantity | planned | measured | planned / measured |",
        "|---|---|--:|--:|--:|",
    ]
    for row in rows:
        seconds = row.quantity == COMPARED[0]
        unit, scale = ("ms", 1e3) if seconds else ("MiB", 2**-20)
        numbers = f"{scale * row.planned:,.1f} {unit} | {scale * row.measured:,.1f} {unit}"
        lines.append(f"| {row.run} | {row.quantity} | {numbers} | {row.ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
