"""Train a translator as in "Attention is all you need" (Vaswani et al. 2017, arXiv:1706.03762)."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.translation_files import (
    LoadedTranslationModel,
    load_translation_model,
    save_translation_model,
)
from fledge.data.pair_batch import PairLoader, SentencePairBatch, by_length
from fledge.data.records import warn_of_skipped
from fledge.data.sentence_pairs import SentencePair
from fledge.evaluate.translation import TranslationScore, score_translations
from fledge.files import write_text
from fledge.generate.beam import BeamSettings
from fledge.generate.translation import translate
from fledge.model.transformer import Transformer
from fledge.runtime import random
from fledge.stages.translate.average import LastWeights
from fledge.stages.translate.config import TranslateConfig
from fledge.stages.translate.data import (
    ParallelText,
    encode_pairs,
    load_parallel_text,
    own_tokenizer,
    sample_file,
)
from fledge.stages.translate.loss import TeacherForcing, mean_nll
from fledge.text.known_words import known_words
from fledge.train.stage import LossTerms, Sources, Stage, StageContext

EVALUATION_TOKENS = 16_384
"""Padded tokens of one forward pass in evaluation; they do not change the result."""
EVALUATION_LOGITS = 2**27
"""Most logits of such a pass, half a gigabyte: with a large vocabulary it has fewer tokens."""
SAMPLES = 20
"""Number of held-out sentences whose translations are saved as samples."""


@final
class Translate(Stage[SentencePairBatch]):
    """Predict every next token of a translation from its source and the reference before it."""

    name = "translate"

    def __init__(
        self,
        config: TranslateConfig,
        loaded: LoadedTranslationModel,
        text: ParallelText,
        context: StageContext,
    ) -> None:
        """Train `loaded` in place; `build` makes a stage from settings alone."""
        self.config = config
        self.loaded = loaded
        self.text = text
        self.context = context
        loaded.model.set_dropout(config.dropout)
        self.teacher = TeacherForcing(loaded.model, config.label_smoothing)
        self.trained = self.teacher
        self.loader = PairLoader(
            encode_pairs(text.train, loaded, text.skipped)[1],
            loaded.model.config.pad_id,
            tokens=config.batch_tokens,
            seed=context.seed,
            rank=context.runtime.rank,
            world_size=context.runtime.world_size,
        )
        held_out, self.held_out_ids = encode_pairs(text.held_out, loaded, text.skipped)
        self.held_out = spread(held_out, config.measures.sentences)
        warn_of_skipped(text.skipped)
        steps, every = context.steps or self.natural_steps(), config.averaging.every
        self.average = LastWeights(
            config.averaging.checkpoints, every or max(1, steps // 50), steps
        )
        self.steps_done = 0

    @classmethod
    def build(cls, config: TranslateConfig, context: StageContext) -> "Translate":
        """Read the pairs; create a model with its tokenizer, or load the one to continue from."""
        text = load_parallel_text(config, context.seed)
        return cls(config, _load_or_create(config, text, context), text, context)

    def batches(self) -> Iterator[SentencePairBatch]:
        return self.loader

    def loss(self, batch: SentencePairBatch) -> LossTerms:
        smoothed, nll = self.teacher(batch)
        return LossTerms(smoothed, {"nll": nll})

    def on_step(self, metrics: object) -> None:
        self.steps_done += 1
        self.average.after_step(self.steps_done, self.trained)

    def evaluate(self) -> dict[str, float]:
        if not self.held_out_ids:
            return {}
        with self.average.applied(self.trained):
            config = self.loaded.model.config
            tokens = min(EVALUATION_TOKENS, EVALUATION_LOGITS // config.vocabulary_size)
            nll = mean_nll(self.teacher, by_length(self.held_out_ids, config.pad_id, tokens))
            score = self._translate_held_out()
        perplexity = math.exp(min(nll, 700.0))
        return {"validation_loss": nll, "perplexity": perplexity, **score.metrics()}

    def save_model(self, directory: Path) -> None:
        with self.average.applied(self.trained):
            save_translation_model(directory, self.loaded)

    def natural_steps(self) -> int:
        return max(1, math.ceil(self.config.epochs * self.loader.batches_per_epoch))

    def sources(self) -> Sources:
        model = self.config.model
        parents = {} if model is None else {"model": find_checkpoint(model)}
        return Sources(parents, self.text.hashes)

    def state_dict(self) -> dict[str, object]:
        return {
            "loader": self.loader.state_dict(),
            "average": self.average.state_dict(),
            "steps_done": self.steps_done,
        }

    def load_state_dict(self, state: dict[str, object]) -> None:
        loader, average, steps_done = state["loader"], state["average"], state["steps_done"]
        assert isinstance(loader, dict) and isinstance(average, dict)
        assert isinstance(steps_done, int)
        self.loader.load_state_dict(loader)
        self.average.load_state_dict(average, self.context.runtime.device)
        self.steps_done = steps_done

    def _translate_held_out(self) -> TranslationScore:
        """Translate and score the held-out sentences, and save samples beside the metrics."""
        measures = self.config.measures
        found = translate(
            self.loaded,
            [pair.source for pair in self.held_out],
            BeamSettings(beams=measures.beams),
        )
        texts = [best[0].text for best in found]
        references = [pair.target for pair in self.held_out]
        score = score_translations(texts, references, measures.tokenizer)
        if self.context.runtime.is_main:
            self._write_samples(texts, score)
        return score

    def _write_samples(self, texts: list[str], score: TranslationScore) -> None:
        samples = [
            {"source": pair.source, "reference": pair.target, "translation": text}
            for pair, text in zip(self.held_out[:SAMPLES], texts, strict=False)
        ]
        values = {"step": self.steps_done, **score.as_json(), "samples": samples}
        text = json.dumps(values, indent=1, ensure_ascii=False)
        write_text(sample_file(self.context.output), text + "\n")


def spread(pairs: Sequence[SentencePair], count: int | None) -> list[SentencePair]:
    """Pick `count` evenly spaced pairs, since many corpora are sorted; None keeps all."""
    if count is None or count >= len(pairs):
        return list(pairs)
    return [pairs[index * len(pairs) // count] for index in range(count)]


def _load_or_create(
    config: TranslateConfig, text: ParallelText, context: StageContext
) -> LoadedTranslationModel:
    words = known_words(pair.source for pair in text.train)
    if config.model is not None:
        loaded = load_translation_model(find_checkpoint(config.model))
        # A model that did not record its words knows more than these pairs have.
        known = loaded.known_words and loaded.known_words | words
        return replace(loaded, known_words=known)
    tokenizer = own_tokenizer(config, text.train, context)
    model = Transformer(config.size.config(tokenizer, config.dropout))
    model.initialise(random(context.seed, "initialise"))
    return LoadedTranslationModel(model, tokenizer, tokenizer, config.languages, words)
