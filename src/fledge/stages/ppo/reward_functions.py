"""Sources of scores: a reward model, or any Python function of prompts and responses."""

import importlib
import importlib.util
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsFloat, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fledge.errors import ConfigError, TrainingError
from fledge.model.scalar import ScalarModel
from fledge.stages.ppo.by_length import by_length
from fledge.stages.ppo.columns import Ids, Row
from fledge.stages.ppo.config import PPOConfig, ScoreConfig
from fledge.stages.ppo.rollout import Rollout

RewardFunction = Callable[..., Iterable[SupportsFloat]]
"""Maps texts of prompts and responses to one score each, in a list, an array or a tensor.

A prompt is the text of its messages, separated by blank lines. A response has no end token. Further
parameters name columns of the prompts' files, each a list as long as the responses."""

Score = Callable[[Rollout], Float[Tensor, "B"]]
"""Computes r(x, y) for each row of a rollout."""

Decode = Callable[[list[int]], str]


class ModelScore:
    """Scores an answer by a reward model at its last token (Ouyang et al. 2022, 3.5).

    `rows` limits the rows of a forward pass, and so its memory.
    """

    def __init__(self, model: ScalarModel, rows: int = 64) -> None:
        self.model = model.eval().requires_grad_(False)
        self.rows = rows

    @torch.no_grad()
    def __call__(self, rollout: Rollout) -> Float[Tensor, "B"]:
        """Score each row; lengths, not a search for padding, locate the last token."""
        scores = torch.empty(rollout.examples, device=rollout.inputs.device)
        for indices, part in by_length(rollout, self.rows):
            scores[indices] = self._score(part).to(scores.dtype)
        return scores

    def _score(self, rollout: Rollout) -> Float[Tensor, "B"]:
        scalars: Tensor = self.model(rollout.ids)  # B T+1
        return scalars.gather(1, rollout.lengths[:, None] - 1)[:, 0]


class FunctionScore:
    """Scores texts by a Python function.

    `prompt_texts` holds the text of prompts by their ids; others are decoded. `rows` holds their
    records, whose `columns` the function takes; a field that a record lacks is None.
    """

    def __init__(
        self,
        function: RewardFunction,
        decode: Decode,
        special_ids: frozenset[int],
        prompt_texts: Mapping[Ids, str],
        rows: Mapping[Ids, Row] | None = None,
        columns: tuple[str, ...] = (),
    ) -> None:
        self.function = function
        self.decode = decode
        self.special_ids = special_ids
        self.prompt_texts = prompt_texts
        self.rows = rows or {}
        self.columns = columns

    def __call__(self, rollout: Rollout) -> Float[Tensor, "B"]:
        """Score each row.

        Raises:
            TrainingError: the scores are not one finite number for each response.
        """
        rows = list(rollout.rows())
        prompts = [self.prompt_texts.get(tuple(ids)) or self._text(ids) for ids, _ in rows]
        records = [self.rows.get(tuple(ids), {}) for ids, _ in rows]
        columns = {name: [record.get(name) for record in records] for name in self.columns}
        scores = self.function(prompts, [self._text(ids) for _, ids in rows], **columns)
        checked = _check_scores(scores, len(rows), self.function)
        return torch.tensor(checked, device=rollout.inputs.device)

    def _text(self, ids: list[int]) -> str:
        return self.decode([id_ for id_ in ids if id_ not in self.special_ids])


@dataclass(frozen=True, slots=True)
class Functions:
    """Python functions of a run: its reward, its gold score and its monitor's judge."""

    reward: RewardFunction | None
    gold: RewardFunction | None
    judge: RewardFunction | None

    @classmethod
    def named_in(
        cls,
        config: PPOConfig,
        reward: RewardFunction | None = None,
        judge: RewardFunction | None = None,
    ) -> "Functions":
        """Load the functions that the settings name, but for those that are given.

        Raises:
            ConfigError: as `load_reward_function`.
        """
        gold, monitor = config.score.gold, config.score.monitor
        if reward is None and names_a_function(config.reward):
            reward = load_reward_function(config.reward)
        if judge is None and monitor is not None:
            judge = load_reward_function(monitor.judge)
        return cls(reward, None if gold is None else load_reward_function(gold), judge)


def names_a_function(reward: str) -> bool:
    """Tell whether `reward` is `module:function` or `file.py:function`, not a checkpoint."""
    source, colon, function = reward.rpartition(":")
    return bool(colon) and function.isidentifier() and not Path(reward).exists() and bool(source)


def load_reward_function(name: str) -> RewardFunction:
    """Import `module:function`, or run `file.py` and take its function.

    Raises:
        ConfigError: there is no such module, file or function.
    """
    source, _, function_name = name.rpartition(":")
    module = _load_file(Path(source)) if source.endswith(".py") else _load_module(source, name)
    function = vars(module).get(function_name)
    if not callable(function):
        known = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise ConfigError(
            f"reward {name!r}: {source} has no function {function_name!r}; its functions are: "
            f"{', '.join(known) or 'none'}"
        )
    return cast(RewardFunction, function)


def _load_file(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"fledge_reward_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"reward function: {path}: no such file; name an existing .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _load_module(source: str, name: str) -> object:
    try:
        return importlib.import_module(source)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"reward {name!r}: cannot import {error.name!r}; give a checkpoint directory, "
            "an installed module:function, or path/to/file.py:function"
        ) from error


def _check_scores(
    scores: Iterable[SupportsFloat], expected: int, function: RewardFunction
) -> list[float]:
    numbers = [float(score) for score in scores]
    if len(numbers) != expected or not all(map(math.isfinite, numbers)):
        raise TrainingError(
            f"reward function {function!r}: expected {expected} finite numbers, "
            f"one for each response, found {len(numbers)}: {numbers[:8]}"
        )
    return numbers


def shape_scores(
    scores: Float[Tensor, "B"], ended: Bool[Tensor, "B"], config: ScoreConfig
) -> Float[Tensor, "B"]:
    """Clip scores, then replace (Ziegler et al. 2019) or lower (TRL) those of unended answers."""
    if config.clip is not None:
        scores = scores.clamp(-config.clip, config.clip)
    if config.missing_end == "replace":
        return torch.where(ended, scores, config.missing_end_score)
    if config.missing_end == "subtract":
        return torch.where(ended, scores, scores + config.missing_end_score)
    return scores
