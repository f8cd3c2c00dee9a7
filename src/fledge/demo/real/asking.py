"""Open a model for the report card, and choose how it samples."""

from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import open_language_model
from fledge.checkpoint.model_files import LoadedModel
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.runs import TEMPERATURE
from fledge.generate.request import SamplingParams


def sampled(config: RealDemoConfig) -> SamplingParams:
    """Return the sampling of ranked answers, rollouts and comparisons, without a filter."""
    return SamplingParams(temperature=TEMPERATURE, max_new_tokens=config.max_new_tokens)


def likeliest(max_new_tokens: int) -> SamplingParams:
    """Return the sampling of a model's likeliest answer."""
    return SamplingParams(temperature=0.0, max_new_tokens=max_new_tokens)


def open_model(path: Path) -> LoadedModel:
    """Open a model for writing, in the number format that is fastest here."""
    return open_language_model(find_checkpoint(path))
