"""A language model opened to answer or to be measured: in its fastest format, not to be trained."""

from pathlib import Path

import torch

from fledge.checkpoint.model_files import LoadedModel, with_text
from fledge.checkpoint.naming import naming
from fledge.checkpoint.resolved import Checkpoint, resolve
from fledge.checkpoint.weights import load_mapped
from fledge.model.config import GPTConfig
from fledge.model.counting import parameters
from fledge.model.eight_bit import round_to_eight_bits
from fledge.model.gpt import GPT
from fledge.model.huggingface.decoder_only import family_of, read_config
from fledge.runtime.device import compute_dtype
from fledge.runtime.weights import weight_dtype
from fledge.weight_format import WeightFormat

DEVICE = torch.device("cpu")
"""Device that answers: checkpoints are opened on the CPU."""


def open_language_model(directory: Path, weights: WeightFormat = "auto") -> LoadedModel:
    """Read a model for inference, in the format that is fastest here or in the one given.

    Matrices that the file has in that format and in our layout stay in the file, mapped into
    memory: the model must not be changed.

    Raises:
        CheckpointError: as `load_language_model`.
    """
    checkpoint = resolve(directory)
    model = load_for_inference(checkpoint, inference_dtype(checkpoint, weights))
    return with_text(directory, model)


def load_for_inference(checkpoint: Checkpoint, dtype: torch.dtype) -> GPT:
    """Return a model in the format of `inference_dtype`, as `load_mapped` does.

    For int8 its matrices are rounded, one after another, from the format of its other numbers.

    Raises:
        CheckpointError: as `load_language_model`.
    """
    if dtype != torch.int8:
        return load_mapped(checkpoint, dtype)
    model = load_mapped(checkpoint, compute_dtype("auto", DEVICE))
    round_to_eight_bits(model)
    return model


def inference_dtype(checkpoint: Checkpoint, weights: WeightFormat) -> torch.dtype:
    """Return the format in which `open_language_model` keeps the weights.

    Raises:
        CheckpointError: config.json describes no language model.
    """
    return weight_dtype(weights, parameters(settings_of(checkpoint)), DEVICE)


def settings_of(checkpoint: Checkpoint) -> GPTConfig:
    """Return the settings of a language model, without opening its weights.

    Raises:
        CheckpointError: config.json describes none.
    """
    settings = checkpoint.config_json
    with naming(checkpoint.named):
        return read_config(family_of(settings), settings)
