"""Step 2 of InstructGPT: a reward model from rankings (Ouyang et al. 2022, arXiv:2203.02155)."""

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, final

import torch
from torch import Tensor

from fledge.checkpoint.adapter_files import save_scalar_adapter
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import (
    LoadedScalarModel,
    load_language_model,
    save_scalar_model,
)
from fledge.data.batch import ComparisonBatch
from fledge.data.loader import Loader
from fledge.data.records import Skipped, warn_of_skipped
from fledge.data.rendering import RenderedRanking, collate_rankings
from fledge.evaluate.preferences import PreferencePairs, preference_pairs, preference_report
from fledge.model.lora import LoRAConfig, trained_state
from fledge.model.scalar import ScalarModel
from fledge.runtime import random
from fledge.stages.doctor import Doctor, warn
from fledge.stages.reward.config import RewardConfig
from fledge.stages.reward.data import Comparisons, as_rankings, first_of, read_comparisons
from fledge.stages.reward.length_balance import LengthBalance
from fledge.stages.reward.loss import AnswerScores, ranking_loss, score_rankings
from fledge.train.moving_average import lent
from fledge.train.stage import LossTerms, Sources, Stage, StageContext, adapt_for


@final
class RewardModelling(Stage[ComparisonBatch]):
    """Score answers so that those which people ranked higher score higher.

    One row of a batch is a prompt with all its answers: pairs that are shuffled apart overfit
    within an epoch (section 3.5).
    """

    name = "reward"
    unit = "prompts"

    def __init__(
        self,
        config: RewardConfig,
        loaded: LoadedScalarModel,
        comparisons: Comparisons,
        context: StageContext,
    ) -> None:
        """Train `loaded` in place; `build` makes a stage from settings alone."""
        self.config = config
        self.loaded = loaded
        self.comparisons = comparisons
        self.context = context
        loaded.model.trunk.set_dropout(config.dropout)
        adapt_for(loaded.model.trunk, context, "model")
        self.scores = AnswerScores(loaded.model)
        self.trained = self.scores
        self.best = BestWeights(config.patience)
        self.doctor = Doctor()
        self.balance = LengthBalance.of(comparisons.train) if config.balance_lengths else None
        self.loader: Loader[RenderedRanking, ComparisonBatch] = Loader(
            list(comparisons.train),
            self._collate,
            examples=context.batch.examples,
            seed=context.seed,
            rank=context.runtime.rank,
            world_size=context.runtime.world_size,
        )

    @classmethod
    def build(cls, config: RewardConfig, context: StageContext) -> "RewardModelling":
        """Put a new head on the SFT model, and read the rankings."""
        language = load_language_model(find_checkpoint(config.model))
        generator = random(context.seed, "reward head")
        model = ScalarModel.from_language_model(language.model, generator)
        loaded = LoadedScalarModel(model, language.tokenizer, language.template)
        skipped = Skipped() if config.skip_bad else None
        comparisons = read_comparisons(config, loaded.renderer, skipped)
        warn_of_skipped(skipped)
        return cls(config, loaded, comparisons, context)

    def batches(self) -> Iterator[ComparisonBatch]:
        return self.loader

    def loss(self, batch: ComparisonBatch) -> LossTerms:
        weights = None if self.balance is None else self.balance.weights(batch.lengths)
        scores = self.scores(batch)
        return LossTerms(*ranking_loss(scores, batch.ranks, self.config.centre, weights))

    def evaluate(self) -> dict[str, float]:
        """Measure accuracy with its 95 % interval, log loss, calibration and effect of length.

        Log loss and calibration are those of the scores as they are saved.
        """
        if not self.comparisons.held_out:
            return {}
        pairs = self.held_out_pairs().scaled(self._gain())
        metrics = preference_report(pairs, random(self.context.seed, "bootstrap")).metrics()
        whole = self.context.runtime.whole
        weights = {name: whole(weight) for name, weight in trained_state(self.trained).items()}
        self.best.offer(metrics["accuracy"], weights)
        warn(self.doctor.saw_report(metrics))
        return metrics

    @torch.no_grad()
    def held_out_pairs(self) -> PreferencePairs:
        """Score every held-out pair."""
        scores, batch = self._score(self.comparisons.held_out)
        return preference_pairs(scores, batch.ranks, batch.lengths)

    @property
    def wants_to_stop(self) -> bool:
        return self.best.is_exhausted

    def natural_steps(self) -> int:
        prompts = self.config.epochs * len(self.comparisons.train)
        return max(1, math.ceil(prompts / self.context.batch.examples))

    def sources(self) -> Sources:
        parents = {"model": find_checkpoint(self.config.model)}
        return Sources(parents, self.comparisons.hashes)

    def save_model(self, directory: Path) -> None:
        """Write the model, its bias set so that demonstrations score 0 on average (section 3.5)."""
        loaded = self.loaded
        if self.context.lora is not None:
            self._save_adapter(directory, self.context.lora)
            return
        state = loaded.model.state_dict() if self.best.weights is None else self._best_state()
        model = _copy(loaded.model, state)
        normalise(model, self._zero(model), self._gain(model))
        save_scalar_model(directory, model, loaded.tokenizer, loaded.template)

    def _save_adapter(self, directory: Path, lora: LoRAConfig) -> None:
        """Write the adapter, normalised as a whole model is, without a copy of the trunk."""
        loaded, base = self.loaded, find_checkpoint(self.config.model)
        # The same trunk under a second head, which takes the bias.
        model = ScalarModel(loaded.model.trunk)
        training = loaded.model.training
        with lent(loaded.model, self._best_state()), self.context.runtime.autocast():
            model.head = copy.deepcopy(loaded.model.head)
            normalise(model.eval(), self._zero(model), self._gain(model))
            saved = LoadedScalarModel(model, loaded.tokenizer, loaded.template)
            save_scalar_adapter(directory, saved, lora, base)
        loaded.model.train(training)

    def state_dict(self) -> dict[str, object]:
        return {
            "loader": self.loader.state_dict(),
            "best": self.best.state_dict(),
            "doctor": self.doctor.state_dict(),
        }

    def load_state_dict(self, state: dict[str, object]) -> None:
        values = cast(dict[str, Any], state)
        self.loader.load_state_dict(values["loader"])
        self.best.load_state_dict(values["best"])
        if "doctor" in values:  # not in earlier checkpoints
            self.doctor.load_state_dict(values["doctor"])

    def _collate(self, rankings: Sequence[RenderedRanking]) -> ComparisonBatch:
        return collate_rankings(rankings, self.loaded.tokenizer.special.pad)

    def _best_state(self) -> dict[str, Tensor]:
        weights = self.best.weights or {}
        return {name.removeprefix("model."): weight for name, weight in weights.items()}

    def _score(
        self, rankings: Sequence[RenderedRanking], model: ScalarModel | None = None
    ) -> tuple[Tensor, ComparisonBatch]:
        """Score all answers of all rankings by the model in training, or by another."""
        scores = self.scores if model is None else AnswerScores(model)
        return score_rankings(scores, rankings, self.loaded.tokenizer.special.pad)

    @torch.no_grad()
    def _zero(self, model: ScalarModel) -> float:
        """Return the mean score that becomes 0."""
        zero = first_of(as_rankings(self.comparisons.zero))
        return float(self._score(zero, model)[0].mean())

    @torch.no_grad()
    def _gain(self, model: ScalarModel | None = None) -> float:
        """Return the factor of the saved scores, which gives them deviation 1 if that is set."""
        if not self.config.unit_variance:
            return 1.0
        scores, batch = self._score(first_of(self.comparisons.train), model)
        return 1.0 / max(1e-6, float(scores[batch.lengths > 0].std()))


@torch.no_grad()
def normalise(model: ScalarModel, mean: float, gain: float) -> None:
    """Set r ← gain · (r − mean) in the head; for gain > 0 this keeps the order of answers."""
    model.head.bias.sub_(mean).mul_(gain)
    model.head.weight.mul_(gain)


class BestWeights:
    """The weights of the best evaluation so far; none are kept where `patience` is None."""

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.accuracy = -math.inf
        self.waited = 0
        self.weights: dict[str, Tensor] | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether the last `patience` evaluations brought nothing better."""
        return self.patience is not None and self.waited >= self.patience

    def offer(self, accuracy: float, weights: Mapping[str, Tensor]) -> None:
        """Keep a copy of `weights` if `accuracy` is the best so far."""
        if self.patience is None:
            return
        if accuracy > self.accuracy:
            self.accuracy, self.waited = accuracy, 0
            self.weights = {name: weight.detach().clone() for name, weight in weights.items()}
        else:
            self.waited += 1

    def state_dict(self) -> dict[str, object]:
        """Return numbers and tensors by name."""
        best = None if self.weights is None else {"accuracy": self.accuracy, **self.weights}
        return {"waited": self.waited, "best": best or {}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume where `state_dict` was taken."""
        self.waited = state["waited"]
        if state["best"]:
            weights = dict(state["best"])
            self.accuracy = weights.pop("accuracy")
            self.weights = weights


def _copy(model: ScalarModel, state: Mapping[str, Tensor]) -> ScalarModel:
    with torch.device("meta"):
        copy = ScalarModel(type(model.trunk)(model.trunk.config))
    copy.load_state_dict({n: t.detach().clone() for n, t in state.items()}, assign=True)
    copy.to(copy.head.weight.device)  # the rotary tables, which are no part of the state
    return copy.eval().requires_grad_(False)
