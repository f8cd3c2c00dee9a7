"""Data and runs of toy size, shared by the tests of estimates."""

import json

from fledge.config import parse_section
from fledge.runs.run import STAGES, Run
from fledge.runtime import Runtime
from fledge.text.tokenizer import Tokenizer
from fledge.train.stage import StageContext

TEXT = "The fox is quick. The dog is lazy. One and one is two, and two and two is four.\n\n" * 60
RUNTIME = {"device": "cpu", "dtype": "float32", "compile": False}


def write_data(home):
    """A tokenizer, a text, demonstrations, rankings and pairs."""
    (home / "book.txt").write_text(TEXT)
    Tokenizer.train([TEXT], 300).save(home / "tokenizer")
    chats = [{"prompt": f"Is {n} even?", "completion": "yn"[n % 2]} for n in range(24)]
    write(home / "chats.jsonl", chats)
    ranked = [{"prompt": f"Is {n} even?", "chosen": "yes", "rejected": "no"} for n in range(24)]
    write(home / "pairs.jsonl", ranked)
    (home / "translations.tsv").write_text("".join(f"one {n}\tun {n}\n" for n in range(40)))


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def pretraining(home, output, steps=12, **settings):
    stage = {
        "name": "pretrain",
        "text": [str(home / "book.txt")],
        "tokenizer": str(home / "tokenizer"),
        "size": {"context_length": 32, "width": 16, "num_layers": 2},
        "held_out_fraction": 0.2,
    }
    return run(stage, output, steps, **settings)


def run(stage, output, steps=12, **settings):
    values = {
        "output": str(output),
        "stage": stage,
        "batch": {"examples": 8},
        "optimizer": {"steps": steps},
        "checkpoint": {"every": 5},
        "runtime": RUNTIME,
        **settings,
    }
    return parse_section(values, Run, "a test")


def built(run):
    """The stage of a run, ready to train, with its runtime."""
    runtime = Runtime.start(run.runtime)
    runtime.seed(run.seed)
    context = StageContext(
        run.output, run.seed, run.batch, runtime, run.optimizer.steps, lora=run.lora
    )
    stage = STAGES[run.stage.name](run.stage, context)
    runtime.prepare(stage.trained)
    return stage, runtime
