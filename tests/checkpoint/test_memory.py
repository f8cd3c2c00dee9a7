"""Importing and loading hold little more than the model: each measured in its own process."""

import subprocess
import sys
from pathlib import Path

import torch

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
from fledge.checkpoint.gguf_file import export_gguf
from fledge.checkpoint.model_files import load_language_model

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

name, (small, large, output) = sys.argv[1], map(Path, sys.argv[2:])
action = {
    "import": import_model,
    "gguf": lambda source, output: export_gguf(source, output.with_suffix(".gguf")),
    "load": lambda source, output: load_language_model(source),
}[name]
action(small, output / f"small-{name}")  # what is imported on the way is no part of the model
# ru_maxrss knows only the peak of the whole process, and begins with that of its parent.
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
action(large, output / f"large-{name}")
print((kilobytes("VmHWM") - before) * 1024)
"""


def write_random(directory: Path, width: int, feed_forward_width: int) -> Path:
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
    write_tensors(directory / "model.safetensors", tensors)
    return directory


def test_peak_memory_is_little_more_than_the_model(tmp_path):
    small = write_random(tmp_path / "small", 32, 64)
    large = write_random(tmp_path / "large", 1024, 2816)
    size = (large / "model.safetensors").stat().st_size
    assert size > 200e6

    def used(action: str) -> float:
        command = [sys.executable, "-c", PROGRAM, action, small, large, tmp_path]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(result.stdout) / size

    # Nothing is kept while copying: a few of the largest tensors are all there ever is.
    assert used("import") < 0.3
    assert used("gguf") < 0.5
    assert 1 <= used("load") <= MOST
