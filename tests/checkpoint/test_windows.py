"""Sliding windows: a model answers as in transformers, within its window."""

import json

import pytest
import torch
from transformers import AutoModelForCausalLM

from checkpoint.foreign_models import write_foreign
from fledge.checkpoint.model_files import load_language_model
from fledge.errors import CheckpointError
from text.foreign import CHATML


def foreign(directory, family, **values):
    """Save a model of `transformers` whose context is 96, with some settings changed."""
    write_foreign(directory, family, template=CHATML)
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return directory


@pytest.mark.parametrize(
    ("family", "values", "context"),
    [
        ("mistral", {"sliding_window": None}, 96),
        ("mistral", {"sliding_window": 4096}, 96),
        ("mistral", {"sliding_window": 96}, 96),
        ("mistral", {"sliding_window": 24}, 24),
        ("qwen2", {"use_sliding_window": False, "sliding_window": 24}, 96),
        (
            "qwen2",
            {
                "use_sliding_window": True,
                "sliding_window": 24,
                "max_window_layers": 0,
                "layer_types": None,
            },
            24,
        ),
        (
            "qwen2",
            {
                "use_sliding_window": True,
                "sliding_window": 24,
                "max_window_layers": 28,
                "layer_types": None,
            },
            96,
        ),
        (
            "qwen3",
            {
                "use_sliding_window": True,
                "sliding_window": 24,
                "layer_types": ["full_attention", "sliding_attention"],
            },
            24,
        ),
    ],
)
def test_within_its_window_a_model_is_the_one_of_transformers(
    tmp_path, family, values, context, caplog
):
    directory = foreign(tmp_path / "theirs", family, **values)
    ours = load_language_model(directory).model
    theirs = AutoModelForCausalLM.from_pretrained(directory).eval()
    assert ours.config.context_length == context
    assert ("is cut to its sliding window of 24" in caplog.text) == (context == 24)
    ids = torch.randint(0, 100, (2, context), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(ours(ids), theirs(ids).logits, atol=1e-4)


def test_a_mistral_that_names_no_window_has_4096(tmp_path):
    directory = foreign(tmp_path / "theirs", "mistral", max_position_embeddings=32_768)
    path = directory / "config.json"
    values = json.loads(path.read_text())
    del values["sliding_window"]
    path.write_text(json.dumps(values))
    assert load_language_model(directory).model.config.context_length == 4096


@pytest.mark.parametrize(
    ("family", "values", "fragment"),
    [
        ("mistral", {"sliding_window": "wide"}, "'sliding_window' must be a whole number"),
        ("mistral", {"sliding_window": 0}, "'sliding_window' must be a whole number above 0"),
        ("qwen2", {"use_sliding_window": "yes"}, "'use_sliding_window' must be true or false"),
        (
            "qwen2",
            {"use_sliding_window": True, "sliding_window": None},
            "'sliding_window' has no size",
        ),
        ("qwen3", {"layer_types": ["full_attention", "chunked_attention"]}, "layer_types"),
        ("qwen3", {"layer_types": ["sliding_attention"] * 2}, "'use_sliding_window' is not true"),
    ],
)
def test_a_window_that_is_none_is_refused(tmp_path, family, values, fragment):
    directory = foreign(tmp_path / "theirs", family, **values)
    with pytest.raises(CheckpointError) as caught:
        load_language_model(directory)
    assert fragment in str(caught.value)
