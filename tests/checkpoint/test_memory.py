"""Importing and loading hold little more than the model: each measured in its own process."""

import subprocess
import sys
from pathlib import Path

import torch

from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.settings import write_settings
from fledge.checkpoint.tensors import write_tensors
from fledge.model.config import GPTConfig
from fledge.model.huggingface.decoder_only import (
    blank_language_model,
    family_for,
    language_settings,
)
from fledge.model.huggingface.family import shapes_of
from fledge.model.huggingface.family import write_tensors as stored
from fledge.text.tokenizer import Tokenizer

MOST = 1.3
PROGRAM = """
import re, sys
from pathlib import Path
from fledge.checkpoint.exchange import import_model
from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.inference import open_language_model
from fledge.checkpoint.model_files import load_language_model
from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

def write_a_token(source):
    loaded = open_language_model(source, "bfloat16")
    request = Request("0", (1, 2, 3), SamplingParams(max_new_tokens=2))
    Engine(loaded.model, max_batch=1).generate([request])
    return loaded  # kept, as a server keeps it

name, (small, large, output) = sys.argv[1], map(Path, sys.argv[2:])
action = {
    "import": import_model,
    "gguf": lambda source, output: export_gguf(source, output.with_suffix(".gguf")),
    "quantised": lambda source, output: import_gguf(source.with_suffix(".gguf"), output),
    "load": lambda source, output: load_language_model(source),
    "answer": lambda source, output: write_a_token(source),
}[name]
action(small, output / f"small-{name}")  # what is imported on the way is no part of the model
# ru_maxrss knows only the peak of the whole process, and begins with that of its parent.
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
kept = action(large, output / f"large-{name}")
print((kilobytes("VmHWM") - before) * 1024)
"""


def write_random(
    directory: Path, width: int, feed_forward_width: int, dtype: torch.dtype = torch.float32
) -> Path:
    """A random Llama whose weights are 51.7 million numbers at width 1024."""
    directory.mkdir()
    tokenizer = Tokenizer.train(["the tide comes in twice a day"], 280)
    config = GPTConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        context_length=64,
        width=width,
        num_layers=4,
        num_heads=width // 32,
        num_key_value_heads=width // 32,
        head_width=32,
        feed_forward_width=feed_forward_width,
    )
    write_settings(directory, {**language_settings(config), "torch_dtype": "float32"}, tokenizer)
    tokenizer.save(directory)
    shapes = shapes_of(blank_language_model(config))
    state = {name: torch.zeros(shape).uniform_(-0.1, 0.1) for name, shape in shapes.items()}
    tensors = stored(family_for(config).language_entries(config), state)
    write_tensors(directory / "model.safetensors", tensors, dtype)
    return directory


def used(action: str, small: Path, large: Path) -> int:
    """The most bytes that an action on `large` takes in a process that did it to `small` before."""
    command = [sys.executable, "-c", PROGRAM, action, small, large, large.parent]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(result.stdout)


def test_peak_memory_is_little_more_than_the_model(tmp_path):
    small = write_random(tmp_path / "small", 32, 64)
    large = write_random(tmp_path / "large", 1024, 2816)
    for directory in (small, large):
        export_gguf(directory, directory.with_suffix(".gguf"), precision="q8_0")
    size = (large / "model.safetensors").stat().st_size
    assert size > 200e6

    # Nothing is kept while copying: a few of the largest tensors are all there ever is.
    assert used("import", small, large) < 0.3 * size
    assert used("gguf", small, large) < 0.5 * size
    # Half a model in bfloat16, whose weights are never all there.
    assert used("quantised", small, large) < 0.25 * size
    assert 1 * size <= used("load", small, large) <= MOST * size


def test_an_answering_model_takes_little_more_than_its_file(tmp_path):
    small = write_random(tmp_path / "small", 32, 64, torch.bfloat16)
    large = write_random(tmp_path / "large", 1024, 2816, torch.bfloat16)
    size = (large / "model.safetensors").stat().st_size
    assert size > 100e6
    assert 0.9 * size <= used("answer", small, large) <= MOST * size
