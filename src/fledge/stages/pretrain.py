"""Pretraining: next-token prediction over windows of a text corpus."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, final

from pydantic import Field, model_validator

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import LoadedModel, load_language_model, save_language_model
from fledge.config import Config
from fledge.data.batch import TokenBatch
from fledge.data.corpus import Corpus, build_corpus
from fledge.data.loader import in_order
from fledge.data.packing import window_batch, window_loader
from fledge.data.records import Skipped, warn_of_skipped
from fledge.errors import ConfigError
from fledge.model.config import FamilyName, GPTConfig
from fledge.model.gpt import GPT
from fledge.runtime import random
from fledge.stages.next_token import EVALUATION_TOKENS, NextToken, held_out_metrics
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from fledge.train.stage import LossTerms, Sources, Stage, StageContext


class ModelSize(Config):
    """The shape of a new model."""

    family: FamilyName = "qwen3"
    """Architecture; qwen3 is llama with normalised queries and keys."""
    context_length: int = Field(256, ge=2)
    """Longest sequence in tokens, T."""
    width: int = Field(256, ge=8)
    """D, width of the residual stream."""
    num_layers: int = Field(6, ge=1)
    """L, number of blocks."""
    num_heads: int | None = Field(None, ge=1)
    """H, query heads; none makes heads 64 wide, or 32 in models narrower than 256."""
    num_key_value_heads: int | None = Field(None, ge=1)
    """G, key-value heads, which groups of queries share; none is H."""

    def config(self, vocabulary_size: int) -> GPTConfig:
        """Return the whole configuration of a model with this vocabulary.

        Raises:
            ConfigError: the width does not divide into the heads.
        """
        return GPTConfig.sized(
            vocabulary_size,
            self.context_length,
            self.width,
            self.num_layers,
            family=self.family,
            num_heads=self.num_heads,
            num_key_value_heads=self.num_key_value_heads,
        )


class PretrainConfig(Config):
    """Settings of stage "pretrain"."""

    name: Literal["pretrain"] = "pretrain"
    text: tuple[str, ...] = ()
    """Files and folders of .txt and .md, record files with a "text" field, or hub:NAME."""
    tokenizer: Path | None = None
    """Directory of the tokenizer; needed for a new model."""
    model: Path | None = None
    """Checkpoint to continue from; none makes a new model of `size`."""
    size: ModelSize = ModelSize()
    """The shape of a new model."""
    corpus: Path | None = None
    """Directory of the encoded text; none is `corpus` in the output. If it exists, `text` may be
    left out."""
    skip_bad: bool = False
    """Skip records that cannot be used, and list them, instead of stopping."""
    held_out_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the text to hold out from training: whole documents, or the end of a single one."""
    isolate_documents: bool = False
    """Keep documents in the same window from attending to each other."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout rate: 0 for text seen once, 0.1-0.2 for more than three epochs over little text."""
    epochs: float = Field(1.0, gt=0)
    """Passes over the text, unless `optimizer.steps` sets the length."""

    @model_validator(mode="after")
    def _a_model_brings_its_own(self) -> "PretrainConfig":
        if self.model is not None and self.tokenizer is not None:
            raise ValueError("model brings its own tokenizer; leave tokenizer out")
        if self.model is not None and self.size != ModelSize():
            raise ValueError("model keeps its own size; leave size out")
        return self


@final
class Pretrain(Stage[TokenBatch]):
    """Predict every next token of a corpus (Radford et al. 2019)."""

    name = "pretrain"

    def __init__(
        self, config: PretrainConfig, loaded: LoadedModel, corpus: Corpus, context: StageContext
    ) -> None:
        """Train `loaded` in place; `build` makes a stage from settings alone."""
        self.config = config
        self.loaded = loaded
        self.corpus = corpus
        self.context = context
        loaded.model.set_dropout(config.dropout)
        self.next_token = NextToken(loaded.model)
        self.trained = self.next_token
        self.length = loaded.model.config.context_length
        self.tokens_per_step = context.examples_per_process * self.length
        self.loader = window_loader(
            corpus.train,
            self.length,
            examples=context.batch.examples,
            seed=context.seed,
            rank=context.runtime.rank,
            world_size=context.runtime.world_size,
            isolate=self._isolate,
        )

    @classmethod
    def build(cls, config: PretrainConfig, context: StageContext) -> "Pretrain":
        """Load or create the model, and build the corpus if needed.

        Raises:
            ConfigError: a new model has no tokenizer, or there is neither text nor corpus.
            FledgeError: a file cannot be used.
        """
        loaded = _load_or_create(config, context)
        corpus = _open_or_build(config, loaded.tokenizer, context)
        return cls(config, loaded, corpus, context)

    def batches(self) -> Iterator[TokenBatch]:
        return self.loader

    def loss(self, batch: TokenBatch) -> LossTerms:
        return LossTerms(self.next_token(batch))

    def evaluate(self) -> dict[str, float]:
        held_out = self.corpus.validation
        # A part too short for one window is measured in a shorter one.
        length = max(1, min(self.length, len(held_out) - 1))
        windows = held_out.windows(length)
        batches = in_order(
            windows,
            lambda rows: window_batch(rows, self._isolate),
            examples=max(1, EVALUATION_TOKENS // length),
        )
        table = self.corpus.index.bytes_per_token
        return held_out_metrics(self.next_token, batches, table)

    def save_model(self, directory: Path) -> None:
        loaded = self.loaded
        save_language_model(
            directory, loaded.model, loaded.tokenizer, loaded.template, loaded.recommended
        )

    def natural_steps(self) -> int:
        tokens = self.config.epochs * len(self.corpus.train)
        return max(1, round(tokens / (self.length * self.context.batch.examples)))

    def sources(self) -> Sources:
        model = self.config.model
        parents = {} if model is None else {"model": find_checkpoint(model)}
        return Sources(parents, self.corpus.hashes)

    def state_dict(self) -> dict[str, object]:
        return {"loader": self.loader.state_dict()}

    def load_state_dict(self, state: dict[str, object]) -> None:
        loader = state["loader"]
        assert isinstance(loader, dict)
        self.loader.load_state_dict(loader)

    @property
    def _isolate(self) -> int | None:
        separator = self.loaded.tokenizer.special.separator
        return separator if self.config.isolate_documents else None


def tokenizer_of(config: PretrainConfig) -> Tokenizer:
    """Load the tokenizer of a new model.

    Raises:
        ConfigError: the settings name none.
    """
    if config.tokenizer is None:
        raise ConfigError(
            "a new model needs stage.tokenizer; train one with `fledge tokenizer train`"
        )
    return Tokenizer.load(config.tokenizer)


def _load_or_create(config: PretrainConfig, context: StageContext) -> LoadedModel:
    if config.model is not None:
        return load_language_model(find_checkpoint(config.model))
    tokenizer = tokenizer_of(config)
    model = GPT(config.size.config(tokenizer.vocabulary_size))
    model.initialise(random(context.seed, "initialise"))
    return LoadedModel(model, tokenizer, ChatTemplate.of(tokenizer))


def _open_or_build(config: PretrainConfig, tokenizer: Tokenizer, context: StageContext) -> Corpus:
    directory = config.corpus or context.output / "corpus"
    if config.text and context.runtime.is_main:
        skipped = Skipped() if config.skip_bad else None
        with context.preparing("encoding the text") as tell:
            build_corpus(
                config.text,
                tokenizer,
                directory,
                held_out_fraction=config.held_out_fraction,
                seed=context.seed,
                progress=tell,
                skipped=skipped,
            )
        warn_of_skipped(skipped)
    elif not config.text and config.corpus is None:
        raise ConfigError("stage.text is missing; name files or folders to pretrain on")
    context.runtime.barrier()
    return Corpus.open(directory, tokenizer)
