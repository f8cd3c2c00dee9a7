"""A model as files in Hugging Face layout: config.json, model.safetensors, generation_config.json
and the tokenizer's. Every damage is named with its file and tensor; no pickle is ever read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED, Recommended, read_recommended
from fledge.checkpoint.resolved import WEIGHTS, resolve
from fledge.checkpoint.settings import check_vocabulary, load_tokenizer, write_settings
from fledge.checkpoint.tensors import write_tensors
from fledge.checkpoint.weights import load_weights
from fledge.model.gpt import GPT
from fledge.model.huggingface import (
    blank_language_model,
    blank_scalar_model,
    from_huggingface,
    scalar_from_huggingface,
    scalar_to_huggingface,
    to_huggingface,
)
from fledge.model.huggingface.family import dtype_name
from fledge.model.scalar import ScalarModel
from fledge.text.chat import ChatTemplate
from fledge.text.renderer import Renderer
from fledge.text.tokenizer import Tokenizer

__all__ = [
    "LoadedModel",
    "LoadedScalarModel",
    "check_vocabulary",
    "load_language_model",
    "load_scalar_model",
    "save_language_model",
    "save_scalar_model",
]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A language model with its tokenizer, chat template and recommended sampling."""

    model: GPT
    tokenizer: Tokenizer
    template: ChatTemplate
    recommended: Recommended = NOTHING_RECOMMENDED

    @property
    def renderer(self) -> Renderer:
        """The text side of the model, without its weights."""
        return Renderer(self.tokenizer, self.template, self.model.config.context_length)

    @property
    def weights(self) -> str:
        """Number format of the weights: "float32", "bfloat16" or "int8"."""
        return dtype_name(self.model.token_embedding.weight)

    @property
    def banned_ids(self) -> frozenset[int]:
        """Ids that no answer may hold: padding, roles, and rows beyond the tokenizer."""
        beyond = range(self.tokenizer.vocabulary_size, self.model.config.vocabulary_size)
        return self.tokenizer.banned_ids.union(beyond)


@dataclass(frozen=True, slots=True)
class LoadedScalarModel:
    """A reward or value model with its tokenizer and chat template."""

    model: ScalarModel
    tokenizer: Tokenizer
    template: ChatTemplate

    @property
    def renderer(self) -> Renderer:
        """The text side of the model, without its weights."""
        return Renderer(self.tokenizer, self.template, self.model.trunk.config.context_length)


def save_language_model(
    directory: Path,
    model: GPT,
    tokenizer: Tokenizer,
    template: ChatTemplate,
    recommended: Recommended = NOTHING_RECOMMENDED,
) -> None:
    """Write the files into `directory`; the same model gives the same bytes.

    Raises:
        CheckpointError: no Hugging Face family has the model's settings, or the tokenizer's
            vocabulary is not the model's.
    """
    check_vocabulary(directory, model.config.vocabulary_size, tokenizer)
    config, tensors = to_huggingface(model.config, model.state_dict())
    _save(Path(directory), config, tensors, tokenizer, template, recommended)


def save_scalar_model(
    directory: Path, model: ScalarModel, tokenizer: Tokenizer, template: ChatTemplate
) -> None:
    """Write the files of a classifier with one label; see `scalar_to_huggingface`.

    Raises:
        CheckpointError: as `save_language_model`.
    """
    check_vocabulary(directory, model.trunk.config.vocabulary_size, tokenizer)
    config, tensors = scalar_to_huggingface(model.trunk.config, model.state_dict())
    _save(Path(directory), config, tensors, tokenizer, template)


def load_language_model(directory: Path) -> LoadedModel:
    """Read a directory of ours or of others; weights become fp32, the model is in eval mode.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, or does not fit the others.
    """
    checkpoint = resolve(directory)
    return with_text(directory, load_weights(checkpoint, from_huggingface, blank_language_model))


def with_text(directory: Path, model: GPT) -> LoadedModel:
    """Return a model with what lies beside its weights: tokenizer, template, recommended sampling.

    Raises:
        CheckpointError: there is no tokenizer, or it is another model's.
    """
    tokenizer = load_tokenizer(directory, model.config.vocabulary_size)
    recommended = read_recommended(directory)
    return LoadedModel(model, tokenizer, ChatTemplate.of(tokenizer), recommended)


def load_scalar_model(directory: Path) -> LoadedScalarModel:
    """Read a reward or value model, as `load_language_model` reads a language model.

    Raises:
        CheckpointError: as `load_language_model`.
    """
    checkpoint = resolve(directory)
    model = load_weights(checkpoint, scalar_from_huggingface, blank_scalar_model)
    tokenizer = load_tokenizer(directory, model.trunk.config.vocabulary_size)
    return LoadedScalarModel(model, tokenizer, ChatTemplate.of(tokenizer))


def _save(
    directory: Path,
    config_json: Mapping[str, object],
    tensors: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    recommended: Recommended = NOTHING_RECOMMENDED,
) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    write_settings(directory, config_json, tokenizer, recommended.settings())
    write_tensors(directory / WEIGHTS, tensors)
    tokenizer.save(directory, template.source)
