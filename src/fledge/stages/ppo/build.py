"""Build PPO from its settings: load checkpoints, read prompts, set up the engine."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.adapter_files import save_language_adapter, save_scalar_adapter
from fledge.checkpoint.directory import CRITIC, find_checkpoint
from fledge.checkpoint.model_files import (
    LoadedModel,
    LoadedScalarModel,
    load_language_model,
    load_scalar_model,
    save_language_model,
    save_scalar_model,
)
from fledge.data.batch import PromptBatch, TokenBatch
from fledge.data.corpus import Corpus
from fledge.data.order import PromptOrder, rows_of_step
from fledge.data.packing import window_batch
from fledge.data.records import Skipped, warn_of_skipped
from fledge.data.sources import source_hashes
from fledge.errors import ConfigError
from fledge.files import file_hash
from fledge.model.gpt import GPT
from fledge.model.lora import without_adapters
from fledge.model.scalar import ScalarModel
from fledge.runtime import random
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.answering import answering
from fledge.stages.ppo.columns import Ids, Row, Wanted
from fledge.stages.ppo.config import PPOConfig, PretrainingMixConfig
from fledge.stages.ppo.prompts import Prompts, read_prompts
from fledge.stages.ppo.reward_functions import (
    Functions,
    FunctionScore,
    ModelScore,
    RewardFunction,
    Score,
)
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.samples import Sampled
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import Respond, Watched, World
from fledge.train.stage import Sources, StageContext, adapt_for


def build_ppo(
    config: PPOConfig,
    context: StageContext,
    reward: RewardFunction | None = None,
    judge: RewardFunction | None = None,
) -> PPO:
    """Build a stage ready to train.

    Python functions replace settings: `reward` that of the reward, `judge` that of the monitor.

    Raises:
        ConfigError: sizes do not divide, or the reward model has another tokenizer.
        FledgeError: a checkpoint or a file of prompts cannot be used.
    """
    check_sizes(config, context)
    directory = find_checkpoint(config.policy)
    loaded = load_language_model(directory)
    skipped = Skipped() if config.skip_bad else None
    functions = Functions.named_in(config, reward, judge)
    prompts = read_prompts(config, loaded.renderer, skipped, functions)
    warn_of_skipped(skipped)
    score_by = ScoringTexts(config, loaded, prompts)
    banned_ids = banned(loaded)
    runtime = context.runtime
    score, critic, parents = _reward(config, loaded, score_by, context, functions.reward)
    temperature = config.rollout.temperature
    if context.lora is None:
        frozen = Reference(load_language_model(directory).model, temperature, banned_ids)
        runtime.prepare(frozen)
    else:
        # One trunk serves both: without its adapters the policy is the reference.
        frozen = Reference(loaded.model, temperature, banned_ids)
        adapt_for(loaded.model, context, "policy")
    trained = ActorCritic(loaded.model, critic, temperature, banned_ids)
    respond_to = answering(trained, loaded, config, context, banned_ids)
    world = World(
        respond=respond_to,
        score=score,
        gold=None if functions.gold is None else score_by.trained(functions.gold),
        prompts=PromptOrder(
            prompts.train,
            config.rollout.examples,
            context.seed,
            runtime.rank,
            runtime.world_size,
        ),
        held_out=PromptBatch(prompts.held_out) if prompts.held_out else None,
        watched=_watched(functions.judge, respond_to, score_by, context),
        sampled=_sampled(loaded, prompts, context),
        # A separator of texts also stops an answer, but does not count as the end of a turn.
        stop_ids=(loaded.tokenizer.special.end,),
        minibatch=context.batch.examples,
        pretraining=_mix(config.pretraining, loaded, context),
        save=saving(
            loaded, context, directory, parents.get("reward", directory), config.critic.keep
        ),
        seed=context.seed,
        rows_per_forward=context.batch.microbatch or context.examples_per_process,
        rank=runtime.rank,
        world_size=runtime.world_size,
        all_sum=runtime.sum,
        rows_of_all=runtime.rows_of_all,
        natural_rollouts=-(-len(prompts.train) // config.rollout.examples),
        sources=Sources({"policy": directory, **parents}, _hashes(config)),
    )
    return PPO(config, trained, frozen, world)


def check_sizes(config: PPOConfig, context: StageContext) -> None:
    """Check that all processes can take the same number of equal steps.

    Raises:
        ConfigError: a size is not a multiple of the size that divides it.
    """
    rollout, batch = config.rollout.examples, context.batch.examples
    if rollout % batch:
        raise ConfigError(
            f"stage.rollout.examples is {rollout}, expected a multiple of batch.examples, {batch}"
        )
    mix = config.pretraining
    if mix is not None and mix.rows % context.runtime.world_size:
        raise ConfigError(
            f"stage.pretraining.rows is {mix.rows}, expected a multiple of the "
            f"{context.runtime.world_size} processes"
        )


def banned(loaded: LoadedModel) -> tuple[int, ...]:
    """Return the ids that are never sampled: padding, role tokens, rows beyond the vocabulary."""
    return tuple(sorted(loaded.banned_ids))


def saving(
    loaded: LoadedModel,
    context: StageContext,
    policy_base: Path,
    critic_base: Path,
    keep_critic: bool = True,
) -> Callable[[GPT, ScalarModel, Path], None]:
    """Return the function that saves the policy, and the critic in `critic` inside it if kept.

    Of adapted models only the adapters are saved.
    """
    tokenizer, template, lora = loaded.tokenizer, loaded.template, context.lora
    recommended = loaded.recommended

    def save(policy: GPT, critic: ScalarModel, directory: Path) -> None:
        if lora is None:
            save_language_model(directory, policy, tokenizer, template, recommended)
        else:
            loaded_policy = LoadedModel(policy, tokenizer, template, recommended)
            save_language_adapter(directory, loaded_policy, lora, policy_base)
        if keep_critic:
            save_critic(critic, directory / CRITIC)

    def save_critic(critic: ScalarModel, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        if lora is None:
            save_scalar_model(directory, critic, tokenizer, template)
        else:
            loaded_critic = LoadedScalarModel(critic, tokenizer, template)
            save_scalar_adapter(directory, loaded_critic, lora, critic_base)

    return save


def _reward(
    config: PPOConfig,
    loaded: LoadedModel,
    score_by: "ScoringTexts",
    context: StageContext,
    function: RewardFunction | None,
) -> tuple[Score, ScalarModel, dict[str, Path]]:
    """Return the source of scores, the initial critic, and the parent checkpoint if any."""
    if function is not None:
        critic = ScalarModel.from_language_model(loaded.model, random(context.seed, "critic"))
        critic.zero_head()
        adapt_for(critic.trunk, context, "critic")
        return score_by.trained(function), critic, {}
    directory = find_checkpoint(Path(config.reward))
    scalar = load_scalar_model(directory)
    if scalar.tokenizer.fingerprint != loaded.tokenizer.fingerprint:
        raise ConfigError(
            f"{directory}: the reward model has another tokenizer than the policy {config.policy}; "
            "train it from the same SFT checkpoint, or set stage.reward to a Python function, "
            "which scores text"
        )
    rows = context.batch.microbatch or context.examples_per_process
    if context.lora is not None:
        score, critic = _shared(scalar.model, rows, context), scalar.model
    else:
        context.runtime.prepare(scalar.model.requires_grad_(False))
        score, critic = ModelScore(scalar.model, rows), load_scalar_model(directory).model
    if config.critic.start == "zero":
        critic.zero_head()
    return score, critic, {"reward": directory}


def _shared(critic: ScalarModel, rows: int, context: StageContext) -> Score:
    """Score by the critic's trunk without its adapters: it is the reward model's trunk."""
    reward = ScalarModel(critic.trunk)
    reward.head = copy.deepcopy(critic.head).to(context.runtime.device)
    score = ModelScore(reward, rows)
    adapt_for(critic.trunk, context, "critic")

    def unadapted(rollout: Rollout) -> Float[Tensor, " B"]:
        with without_adapters(critic.trunk):
            return score(rollout)

    return unadapted


@dataclass(frozen=True, slots=True)
class ScoringTexts:
    """Makes scores of Python functions, which may take columns of the files of prompts."""

    config: PPOConfig
    loaded: LoadedModel
    prompts: Prompts

    def trained(self, function: RewardFunction) -> FunctionScore:
        """Score answers to the prompts that are trained on and held out.

        Raises:
            ConfigError: the function takes a column that the files do not have.
        """
        return self._score(function, self.prompts.rows, self.config.prompts)

    def watched(self, function: RewardFunction) -> FunctionScore:
        """Score answers to the monitor's prompts.

        Raises:
            ConfigError: as `trained`.
        """
        assert self.config.score.monitor is not None
        return self._score(function, self.prompts.monitored_rows, self.config.score.monitor.prompts)

    def _score(
        self, function: RewardFunction, rows: Mapping[Ids, Row], files: Sequence[str]
    ) -> FunctionScore:
        tokenizer = self.loaded.tokenizer
        columns = Wanted.of(function).chosen(rows.values(), files)
        special, texts = tokenizer.special_ids, self.prompts.texts
        return FunctionScore(function, tokenizer.decode, special, texts, rows, columns)


def _watched(
    judge: RewardFunction | None,
    respond_to: Respond,
    score_by: ScoringTexts,
    context: StageContext,
) -> Watched | None:
    """Return the function that answers and judges the monitor's prompts, the same way each time."""
    if score_by.config.score.monitor is None or judge is None:
        return None
    score, watched = score_by.watched(judge), PromptBatch(score_by.prompts.monitored)
    seed = int(torch.randint(2**31, (), generator=random(context.seed, "monitor")))

    @torch.no_grad()
    def measure() -> Float[Tensor, " N"]:
        with context.runtime.autocast():
            return score(respond_to(watched, seed)).cpu()

    return measure


def _sampled(loaded: LoadedModel, prompts: Prompts, context: StageContext) -> Sampled | None:
    """Take the first held-out prompts as those of the sample answers; None without any."""
    chosen, tokenizer = prompts.held_out[: context.samples.prompts], loaded.tokenizer
    if not chosen:
        return None

    def text(ids: Sequence[int]) -> str:
        return tokenizer.decode([id_ for id_ in ids if id_ not in tokenizer.special_ids])

    return Sampled(PromptBatch(chosen), prompts.texts, text, context.samples.every)


def _mix(
    config: PretrainingMixConfig | None, loaded: LoadedModel, context: StageContext
) -> Callable[[int], TokenBatch] | None:
    """Return the function that takes a step's windows of pretraining text, in shuffled order."""
    if config is None:
        return None
    corpus = Corpus.open(config.corpus, loaded.tokenizer)
    length = loaded.renderer.row_length(config.length, "stage.pretraining.length")
    windows = corpus.train.windows(length)
    if len(windows) == 0:
        raise ConfigError(
            f"{config.corpus}: the text is shorter than one row of {config.length:,} tokens; lower "
            "stage.pretraining.length, or use more text"
        )
    runtime = context.runtime
    place = (context.seed, runtime.rank, runtime.world_size)

    def mix(step: int) -> TokenBatch:
        rows = rows_of_step(len(windows), config.rows, step, *place)
        return window_batch([windows[row] for row in rows])

    return mix


def _hashes(config: PPOConfig) -> dict[str, str]:
    monitor = config.score.monitor
    hashes = source_hashes((*config.prompts, *(monitor.prompts if monitor else ())))
    for name in (config.reward, config.score.gold, monitor.judge if monitor else None):
        file = Path((name or "").rpartition(":")[0])
        if file.suffix == ".py" and file.is_file():
            hashes[str(file)] = file_hash(file)
    if config.pretraining is not None:
        hashes |= Corpus.open(config.pretraining.corpus).hashes
    return hashes
