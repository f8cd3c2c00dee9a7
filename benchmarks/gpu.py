"""Check fledge on this GPU, then time it: at most eight minutes, without any network.

    python benchmarks/gpu.py --json gpu.json

First the device's own ceilings: large matrix products and memory, by torch. Then correctness:
logits, gradients, cached and batched decoding, a PPO iteration, resuming and FSDP2 beside the CPU's
numbers, to the tolerance of the number format. Then speed: pretraining at 125M and 350M, SFT and
PPO at 125M by phase, decoding at 1, 16 and 256 rows, as shares of the ceilings.

A part that fails or takes too long is reported, and the others go on. The exit status is 1 if
fledge is not known to be right. `--device cpu --toy` shows on any machine that all of it runs.
"""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

import _baselines
import torch
from _gpu_decode import decoding
from _gpu_machine import ceilings, machine, others_bytes
from _gpu_parts import Part, Runner, work
from _gpu_ppo import ppo
from _gpu_report import Report
from _gpu_resume import resume, sharded
from _gpu_right import compiled, decode, forward, gradients, ppo_step
from _gpu_setting import FULL, TOY, Setting
from _gpu_speed import output_layer, pretraining, sft

from fledge.runtime.collective import Place
from fledge.runtime.device import find_device

BUDGET = 470.0
"""Seconds for everything, so that a limit of eight minutes is kept."""
DEVICE, DEVICE_SECONDS = "device", 90.0
"""The question for the device and its ceilings, and its bound."""
PARTS = [
    Part("forward", forward, 40, True),
    Part("gradients", gradients, 40, True),
    Part("decode", decode, 40, True),
    Part("PPO step", ppo_step, 40, True),
    Part("resume", resume, 40, True),
    Part("FSDP2", sharded, 40, True),
    Part("compiled", compiled, 90, True),
    Part("pretraining 350M", pretraining("350M"), 110, False),
    Part("decoding", decoding, 80, False),
    Part("PPO 125M, uncompiled", ppo(compiles=False), 60, False),
    Part("pretraining 125M", pretraining("125M"), 80, False),
    Part("SFT 125M", sft, 80, False),
    Part("PPO 125M, compiled", ppo(compiles=True), 110, False),
    Part("output layer 350M", output_layer("350M"), 30, False),
    Part("pretraining 350M, uncompiled", pretraining("350M", compiles=False), 50, False),
]
"""The most important first: what no time is left for is left out."""


def main() -> None:
    chosen = arguments()
    if chosen.worker:
        setting = Setting(find_device(chosen.device, Place(0, 0, 1)), TOY if chosen.toy else FULL)
        work({part.name: part for part in PARTS}, setting, {DEVICE: lambda: facts(setting)})
        return
    if chosen.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(
            "gpu: expected a CUDA device, found none; run it on a machine with one, or see that it "
            "runs at all with --device cpu --toy"
        )
    begun = time.monotonic()
    toy = ["--toy"] if chosen.toy else []
    command = [sys.executable, __file__, "--worker", "--device", chosen.device, *toy]
    runner = Runner(command, BUDGET)
    try:
        report = Report(runner.ask(DEVICE, DEVICE_SECONDS), chosen.toy)
        for part in PARTS:
            if part.name in chosen.only:
                report.add(runner.run(part))
    finally:
        runner.stop()
    report.end(time.monotonic() - begun)
    if chosen.json:
        chosen.json.write_text(report.json(), encoding="utf-8")
    if chosen.record:
        report.record()
    sys.exit(report.is_wrong)


def facts(setting: Setting) -> dict[str, object]:
    """Return the device, its ceilings and the versions, as JSON holds them."""
    others = others_bytes(setting)
    return {
        "machine": asdict(machine(setting)),
        "ceilings": [asdict(each) for each in ceilings(setting).each],
        "others_bytes": others,
        "versions": _baselines.versions() | cuda_versions(),
    }


def cuda_versions() -> dict[str, str]:
    """Return the versions below torch that a GPU's speed depends on."""
    if torch.version.cuda is None:
        return {}
    return {"CUDA": torch.version.cuda, "cuDNN": str(torch.backends.cudnn.version())}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--toy", action="store_true", help="tiny sizes: does it run at all?")
    names = [part.name for part in PARTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="some parts")
    parser.add_argument("--json", type=Path, help="write everything to this file, too")
    parser.add_argument(
        "--record", action="store_true", help="write baselines/gpu.json, if all is right"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.record and (chosen.toy or chosen.device == "cpu"):
        parser.error("--record keeps real sizes on a GPU; leave --toy and --device cpu out")
    return chosen


if __name__ == "__main__":
    main()
