"""SFT: learn to answer from demonstrations, step 1 of InstructGPT (Ouyang et al. 2022, 3.5)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

from pydantic import Field

from fledge.checkpoint.adapter_files import save_language_adapter
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import LoadedModel, load_language_model, save_language_model
from fledge.checkpoint.recommended import Recommended
from fledge.config import Config
from fledge.data.batch import TokenBatch
from fledge.data.corpus import Corpus
from fledge.data.demonstrations import demonstration_from
from fledge.data.loader import Loader, in_order
from fledge.data.packing import TokenRows, join, pack, window_loader
from fledge.data.plain_text import plain_text
from fledge.data.records import Skipped, refuse, warn_of_skipped
from fledge.data.rendering import render_demonstration
from fledge.data.shortfalls import warn_of_shortfalls
from fledge.data.sources import load_placed, source_hashes
from fledge.data.splits import split_conversations
from fledge.errors import ConfigError, DataError, RecordError
from fledge.stages.next_token import EVALUATION_TOKENS, NextToken, held_out_metrics
from fledge.stages.sample_answers import sample_answers
from fledge.text.conversation import Conversation, RenderedChat
from fledge.text.renderer import Renderer
from fledge.train.stage import LossTerms, Sources, Stage, StageContext, adapt_for


class SFTConfig(Config):
    """Settings of stage "sft"."""

    name: Literal["sft"] = "sft"
    model: Path
    """The pretrained checkpoint to start from."""
    demonstrations: tuple[str, ...] = Field(min_length=1)
    """Files of conversations, in any format of docs/data.md, or hub:NAME."""
    held_out: tuple[str, ...] = ()
    """Files to measure on; if empty, `held_out_fraction` of the prompts are held out."""
    held_out_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the prompts to hold out from training."""
    skip_bad: bool = False
    """Skip records that cannot be used, and list them, instead of stopping."""
    length: int | None = Field(None, ge=2)
    """Tokens of a packed row; none takes the model's context length."""
    epochs: float = Field(3.0, gt=0)
    """Passes over the demonstrations and `texts`, unless `optimizer.steps` sets the length."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout rate; InstructGPT used 0.2 on the residual stream (C.1)."""
    texts: tuple[str, ...] = ()
    """Plain text to mix in whole, in any format of pretraining text, so that a model of others
    keeps its language: short pieces of it share rows with the demonstrations."""
    corpus: Path | None = None
    """Pretraining text to mix in: the `corpus` directory of a pretraining run."""
    mix: float = Field(0.1, ge=0, lt=1)
    """Share of a batch's rows that come from `corpus`, so that the model does not forget it."""
    sampling: Recommended | None = None
    """Sampling that is saved with the model and that chat, page and API use where nobody says
    otherwise; none keeps that of the model to start from."""


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Rendered chats to train on, pieces of plain text, held-out chats, and each file's hash."""

    train: list[RenderedChat]
    texts: list[RenderedChat]
    held_out: list[RenderedChat]
    hashes: dict[str, str]


@final
class SFT(Stage[TokenBatch]):
    """Predict every next token of the assistant's turns, their end included."""

    name = "sft"

    def __init__(
        self,
        config: SFTConfig,
        loaded: LoadedModel,
        demonstrations: Demonstrations,
        corpus: Corpus | None,
        context: StageContext,
    ) -> None:
        """Train `loaded` in place; `build` makes a stage from settings alone."""
        self.config = config
        self.loaded = loaded
        self.corpus = corpus
        self.context = context
        self.demonstrations = demonstrations
        loaded.model.set_dropout(config.dropout)
        adapt_for(loaded.model, context, "model")
        self.next_token = NextToken(loaded.model)
        self.trained = self.next_token
        self.length = loaded.renderer.row_length(config.length, "stage.length")
        self.tokens_per_step = context.examples_per_process * self.length
        self.rows = self._pack([*demonstrations.train, *demonstrations.texts])
        self.mixed_rows = self._mixed_rows()
        self.chat_rows = context.batch.examples - self.mixed_rows
        self.loaders = self._loaders()

    @classmethod
    def build(cls, config: SFTConfig, context: StageContext) -> "SFT":
        """Load the model, the demonstrations and the text to mix in."""
        loaded = load_language_model(find_checkpoint(config.model))
        if config.sampling is not None:
            loaded = replace(loaded, recommended=config.sampling)
        skipped = Skipped() if config.skip_bad else None
        demonstrations = read_demonstrations(config, loaded.renderer, skipped)
        warn_of_skipped(skipped)
        corpus = None if config.corpus is None else Corpus.open(config.corpus, loaded.tokenizer)
        return cls(config, loaded, demonstrations, corpus, context)

    def batches(self) -> Iterator[TokenBatch]:
        while True:
            yield join([next(loader) for loader in self.loaders.values()])

    def loss(self, batch: TokenBatch) -> LossTerms:
        return LossTerms(self.next_token(batch))

    def evaluate(self) -> dict[str, float]:
        if not self.demonstrations.held_out:
            return {}
        rows = self._pack(self.demonstrations.held_out)
        examples = max(1, EVALUATION_TOKENS // self.length)
        batches = in_order(rows, join, examples=examples)
        return held_out_metrics(self.next_token, batches, self.loaded.tokenizer.bytes_per_token)

    def samples(self) -> Sequence[Mapping[str, object]]:
        chosen = self.demonstrations.held_out[: self.context.samples.prompts]
        return sample_answers(self.loaded, chosen)

    def save_model(self, directory: Path) -> None:
        loaded, lora = self.loaded, self.context.lora
        if lora is None:
            save_language_model(
                directory, loaded.model, loaded.tokenizer, loaded.template, loaded.recommended
            )
        else:
            save_language_adapter(directory, loaded, lora, find_checkpoint(self.config.model))

    def natural_steps(self) -> int:
        return max(1, math.ceil(self.config.epochs * len(self.rows) / self.chat_rows))

    def sources(self) -> Sources:
        hashes = self.demonstrations.hashes
        if self.corpus is not None:
            hashes = {**hashes, **self.corpus.hashes}
        return Sources({"model": find_checkpoint(self.config.model)}, hashes)

    def state_dict(self) -> dict[str, object]:
        return {name: loader.state_dict() for name, loader in self.loaders.items()}

    def load_state_dict(self, state: dict[str, object]) -> None:
        for name, loader in self.loaders.items():
            position = state[name]
            assert isinstance(position, dict)
            loader.load_state_dict(position)

    def _pack(self, chats: Sequence[RenderedChat]) -> TokenRows:
        return TokenRows(pack(chats, self.length, self.loaded.tokenizer.special.pad))

    def _mixed_rows(self) -> int:
        """Count the rows of pretraining text in a batch: equally many per process, at least one."""
        if self.corpus is None or self.config.mix == 0:
            return 0
        processes, examples = self.context.runtime.world_size, self.context.batch.examples
        rows = max(1, round(self.config.mix * examples / processes)) * processes
        if rows >= examples:
            raise ConfigError(
                f"stage.mix={self.config.mix} leaves no room for chats among batch.examples="
                f"{examples} on {processes} processes; raise batch.examples or lower stage.mix"
            )
        return rows

    def _loaders(self) -> "dict[str, Loader[Any, TokenBatch]]":
        context = self.context
        rank, world_size = context.runtime.rank, context.runtime.world_size
        loaders: dict[str, Loader[Any, TokenBatch]] = {
            "chats": Loader(
                self.rows,
                join,
                examples=self.chat_rows,
                seed=context.seed,
                rank=rank,
                world_size=world_size,
            )
        }
        if self.corpus is not None and self.mixed_rows:
            loaders["text"] = window_loader(
                self.corpus.train,
                self.length,
                examples=self.mixed_rows,
                seed=context.seed,
                rank=rank,
                world_size=world_size,
            )
        return loaders


def read_demonstrations(
    config: SFTConfig, renderer: Renderer, skipped: Skipped | None
) -> Demonstrations:
    """Read and render the demonstrations, then hold some out by prompt.

    Raises:
        RecordError: one cannot be used, unless `skipped` collects it.
        DataError: none is left.
    """
    length = renderer.row_length(config.length, "stage.length")
    train = _rendered(config.demonstrations, renderer, length, skipped)
    if config.held_out:
        held_out = _rendered(config.held_out, renderer, length, skipped)
    else:
        chats = dict(train)
        parts = split_conversations([one for one, _ in train], config.held_out_fraction)
        train, held_out = ([(one, chats[one]) for one in part] for part in parts)
    return Demonstrations(
        train=[chat for _, chat in train],
        texts=plain_text(config.texts, renderer.tokenizer, length, skipped),
        held_out=[chat for _, chat in held_out],
        hashes=source_hashes((*config.demonstrations, *config.texts, *config.held_out)),
    )


def _rendered(
    sources: Sequence[str], renderer: Renderer, length: int, skipped: Skipped | None
) -> list[tuple[Conversation, RenderedChat]]:
    """Render every demonstration whose answers begin within `length` tokens."""
    tokenizer = renderer.tokenizer
    rendered = []
    for source in sources:
        for placed in load_placed(
            source, demonstration_from, skipped=skipped, kind="demonstrations"
        ):
            try:
                one = render_demonstration(placed, tokenizer, renderer.template, length)
                rendered.append((placed.item, one))
            except RecordError as error:
                refuse(error, skipped)
    if not rendered:
        raise DataError(
            f"{', '.join(sources)}: no demonstration fits in {length:,} tokens; use a longer "
            "context"
        )
    warn_of_shortfalls([one for _, one in rendered], tokenizer, length, ", ".join(sources))
    return [(item, one.chat) for item, one in rendered]
