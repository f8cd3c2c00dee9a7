"""Llama 3.1's rope scaling, recovered from the factors of a GGUF file."""

import math

import numpy as np
import pytest
import torch

import fledge
from checkpoint.gguf.gguf_files import random_model, write_gguf
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.gguf.rope import scaling_of
from fledge.errors import CheckpointError
from fledge.model.config import RotaryConfig
from fledge.model.positions import frequencies


def factors(
    base: float, width: int, factor: float, low: float, high: float, context: float
) -> torch.Tensor:
    """llama.cpp's own converter, number by number."""
    found = []
    for index in range(0, width, 2):
        length = 2 * math.pi * base ** (index / width)
        if length < context / high:
            found.append(1.0)
        elif length > context / low:
            found.append(factor)
        else:
            smooth = (context / length - low) / (high - low)
            found.append(1 / ((1 - smooth) / factor + smooth))
    return torch.tensor(found, dtype=torch.float32)


@pytest.mark.parametrize(
    ("base", "width", "scaling"),
    [
        (500_000.0, 128, (8.0, 1.0, 4.0, 8192.0)),  # Llama 3.1
        (500_000.0, 64, (32.0, 1.0, 4.0, 8192.0)),  # Llama 3.2
        (10_000.0, 64, (4.0, 1.0, 4.0, 2048.0)),
        (10_000.0, 64, (2.5, 0.5, 3.5, 4096.0)),
        (5_000.0, 10, (8.0, 1.0, 4.0, 16.0)),
        (10_000.0, 16, (8.0, 1.0, 4.0, 512.0)),  # one wave between
        (10_000.0, 8, (8.0, 1.0, 1.5, 100.0)),  # none between
        (500_000.0, 4, (8.0, 1.0, 4.0, 8192.0)),
    ],
)
def test_the_frequencies_are_those_of_the_file(base, width, scaling):
    stored = factors(base, width, *scaling)
    assert len(stored.unique()) > 1
    found = scaling_of(stored, base, width)
    assert found is not None and found["rope_type"] == "llama3"
    plain = frequencies(RotaryConfig(base=base), width)
    scaled = frequencies(RotaryConfig(base=base, scaling=found), width)
    torch.testing.assert_close(scaled, plain / stored, rtol=1e-5, atol=0)


def test_published_settings_are_recognised():
    for factor, width in ((8.0, 128), (32.0, 64)):
        found = scaling_of(factors(500_000.0, width, factor, 1.0, 4.0, 8192.0), 500_000.0, width)
        assert found == {
            "rope_type": "llama3",
            "factor": factor,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        }
    found = scaling_of(factors(10_000.0, 64, 4.0, 1.0, 4.0, 2048.0), 10_000.0, 64)
    assert found is not None and found["original_max_position_embeddings"] == 2048


def test_equal_factors_are_linear_and_ones_are_none():
    assert scaling_of(torch.ones(8), 10_000.0, 16) is None
    assert scaling_of(torch.full((8,), 4.0), 10_000.0, 16) == {"rope_type": "linear", "factor": 4.0}


@pytest.mark.parametrize(
    "stored",
    [
        torch.tensor([1.0, 1.1, 1.3, 1.2, 2.0, 4.0, 4.0, 4.0]),
        torch.tensor([2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, float("nan")]),
        torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -4.0]),
        torch.linspace(1, 64, 8),
    ],
)
def test_other_factors_are_refused(stored):
    with pytest.raises(CheckpointError, match=r"rope_freqs.weight scales positions in a way that"):
        scaling_of(stored, 10_000.0, 16)


@torch.inference_mode()
def test_a_model_with_factors_computes_what_it_did(tmp_path):
    parameters = {
        "rope_type": "llama3",
        "rope_theta": 5000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    }
    model = random_model("llama", rope_parameters=parameters)
    stored = factors(5000.0, 64, 8.0, 1.0, 4.0, 32.0).numpy()
    path = write_gguf(tmp_path / "model.gguf", "llama", model, extra={"rope_freqs.weight": stored})
    import_gguf(path, tmp_path / "out")
    ids = torch.arange(3, 60)[None]
    found = fledge.load(tmp_path / "out").model(ids)
    torch.testing.assert_close(found, model(ids).logits, atol=1e-5, rtol=0)
    both = {"llama.rope.scaling.factor": 2.0}
    extra = {"rope_freqs.weight": np.asarray(stored)}
    path = write_gguf(tmp_path / "both.gguf", "llama", model, extra=extra, **both)
    with pytest.raises(CheckpointError, match=r"both rope_freqs.weight and .*scaling.factor'"):
        import_gguf(path, tmp_path / "both")
