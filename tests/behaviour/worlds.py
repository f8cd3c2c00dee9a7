"""Worlds so small that every answer can be enumerated: the optimum of PPO's objective is known.

π* = π_ref · exp(r/β) / Z maximises J(π) = E r − β KL(π‖π_ref), and J* = β E log Z.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from fledge.data.batch import ComparisonBatch, PromptBatch
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.policy import policy_logits
from fledge.model.scalar import ScalarModel
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import World
from fledge.stages.reward.loss import AnswerScores, ranking_loss
from fledge.train.optimizer import Optimizer, OptimizerConfig

PROMPTS, TOKENS, LENGTH = 8, 8, 4
PAD = TOKENS
BANNED = tuple(range(TOKENS, TOKENS + 1 + PROMPTS))
SIZE = GPTConfig(
    vocabulary_size=TOKENS + 1 + PROMPTS,
    context_length=8,
    width=32,
    num_layers=2,
    num_heads=2,
    num_key_value_heads=2,
    head_width=16,
    feed_forward_width=64,
)


@dataclass(frozen=True)
class EnumerableWorld:
    """8 prompts of one token, 8 tokens, answers of 4: 4,096 answers a prompt.

    With `end` token 0 ends an answer, which then has 1 to 4 tokens.
    """

    reference: GPT
    rewards: Tensor  # P × 8 × 8 × 8 × 8
    end: bool = False
    prompts: tuple[tuple[int, ...], ...] = field(
        default=tuple((TOKENS + 1 + index,) for index in range(PROMPTS))
    )

    def score(self, rollout: Rollout) -> Tensor:
        """The reward of each row; what follows an end token is 0, as the tables have it."""
        return torch.tensor([self._reward(*row) for row in rollout.rows()])

    def score_rows(self, rollout: Rollout) -> Tensor:
        """The same at once, for answers that all have 4 tokens after a prompt of 1."""
        prompt = rollout.inputs[:, 0] - TOKENS - 1
        return self.rewards[(prompt, *rollout.targets.unbind(dim=1))]

    def _reward(self, prompt: list[int], answer: list[int]) -> float:
        padded = answer + [0] * (LENGTH - len(answer))
        return float(self.rewards[(prompt[0] - TOKENS - 1, *padded)])


def answer_log_probs(policy: GPT, end: bool) -> Tensor:
    """log π(y | x) of every answer: P × 8 × 8 × 8 × 8, in nats.

    With `end`, an answer stands where all tokens after its first 0 are 0 too; the rest is −inf.
    """
    prefixes = torch.cartesian_prod(*[torch.arange(TOKENS)] * (LENGTH - 1))
    prompts = torch.arange(TOKENS + 1, TOKENS + 1 + PROMPTS).repeat_interleave(len(prefixes))
    ids = torch.cat([prompts[:, None], prefixes.repeat(PROMPTS, 1)], dim=1)
    with torch.no_grad():
        logits = policy_logits(policy, ids, torch.ones_like(ids, dtype=torch.bool), 1.0, BANNED)
    steps = logits[:, :TOKENS].log_softmax(dim=-1).unflatten(0, (PROMPTS, len(prefixes), LENGTH))
    total = torch.zeros(PROMPTS, *[TOKENS] * LENGTH)
    alive = torch.ones(*[TOKENS] * LENGTH, dtype=torch.bool)
    tokens = torch.meshgrid(*[torch.arange(TOKENS)] * LENGTH, indexing="ij")
    for step in range(LENGTH):
        # The step's distribution depends on the first `step` tokens only.
        table = steps[:, :, step].unflatten(1, [TOKENS] * (LENGTH - 1))
        for _ in range(LENGTH - 1 - step):
            table = table.select(step + 1, 0)
        for _ in range(LENGTH - 1 - step):
            table = table.unsqueeze(-1)
        dead = torch.where(tokens[step] == 0, 0.0, float("-inf"))
        total = total + torch.where(alive, table, dead)
        if end:
            alive = alive & (tokens[step] != 0)
    return total


@dataclass(frozen=True)
class Verdict:
    """How close a policy is to the optimum."""

    share: float  # of the attainable gain J* − J_ref
    variation: float  # mean total variation distance to π*
    kl: float
    optimal_kl: float
    end_rate: float  # share of written tokens that are the end token, where it ends
    optimal_end_rate: float


def judge(policy: GPT, world: EnumerableWorld, beta: float) -> Verdict:
    """Exact, by enumeration."""
    axes = tuple(range(1, LENGTH + 1))
    reference = answer_log_probs(world.reference, world.end)
    log_probs = answer_log_probs(policy, world.end)
    unnormalised = reference + world.rewards / beta
    log_z = unnormalised.flatten(1).logsumexp(dim=1)
    optimum = (unnormalised - log_z.view(-1, *[1] * LENGTH)).exp()

    def value_and_kl(probabilities: Tensor, logs: Tensor) -> tuple[float, float]:
        kl = (probabilities * (logs - reference).nan_to_num(0.0, 0.0, 0.0)).sum(axes).mean()
        gain = (probabilities * world.rewards).sum(axes).mean()
        return float(gain - beta * kl), float(kl)

    value, kl = value_and_kl(log_probs.exp(), log_probs)
    start, _ = value_and_kl(reference.exp(), reference)
    best, best_kl = value_and_kl(optimum, optimum.log())
    assert abs(best - float(beta * log_z.mean())) < 1e-4
    return Verdict(
        share=(value - start) / (best - start),
        variation=float(0.5 * (log_probs.exp() - optimum).abs().sum(axes).mean()),
        kl=kl,
        optimal_kl=best_kl,
        end_rate=end_rate(log_probs.exp()),
        optimal_end_rate=end_rate(optimum),
    )


def end_rate(probabilities: Tensor) -> float:
    """P(a written token is the end token) under a table of answers."""
    ended, tokens, mean = 0.0, 0.0, probabilities.mean(dim=0)
    for _ in range(LENGTH):
        tokens += float(mean.sum())
        ended += float(mean[0].sum())
        mean = mean[1:].sum(dim=0)
    return ended / tokens


def make_world(seed: int, end: bool = False) -> EnumerableWorld:
    """A reference trained on a random Markov chain, a random unigram and bigram reward."""
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(PROMPTS, TOKENS + 1, TOKENS, generator=random)
    reference = _trained_reference(logits.softmax(dim=-1), random)
    return EnumerableWorld(reference, _random_rewards(random, end), end)


def make_goodhart_world(seed: int) -> EnumerableWorld:
    """A little of token 0 is good, much of it is bad, and the reference hardly ever writes much.

    Gold is 0, 1, 1.6, −1, −3 for 0 to 4 of it, and some noise. A reward model that has only seen
    answers of the reference believes that more is better (Gao et al. 2022, arXiv:2210.10760).
    """
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(PROMPTS, TOKENS + 1, TOKENS, generator=random)
    chain = torch.cat(
        [torch.full_like(logits[..., :1], 0.1), 0.9 * logits[..., 1:].softmax(-1)], -1
    )
    reference = _trained_reference(chain, random)
    tokens = torch.stack(torch.meshgrid(*[torch.arange(TOKENS)] * LENGTH, indexing="ij"))
    liked = torch.tensor([0.0, 1.0, 1.6, -1.0, -3.0])[(tokens == 0).sum(dim=0)]
    return EnumerableWorld(reference, liked + 0.3 * _random_rewards(random, False))


def _trained_reference(chain: Tensor, random: torch.Generator) -> GPT:
    reference = GPT(SIZE)
    reference.initialise(random)
    optimizer = torch.optim.Adam(reference.parameters(), lr=3e-3)
    for _ in range(150):
        prompt = torch.randint(PROMPTS, (256,), generator=random)
        rows = [torch.full((256,), TOKENS)]
        for _ in range(LENGTH):
            rows.append(torch.multinomial(chain[prompt, rows[-1]], 1, generator=random)[:, 0])
        ids = torch.stack([prompt + TOKENS + 1, *rows[1:]], dim=1)
        loss = F.cross_entropy(reference(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return reference


def _random_rewards(random: torch.Generator, end: bool) -> Tensor:
    """Mean 0 and deviation 1 over all answers of a prompt; with `end`, −1 for no end token."""
    unigram = torch.randn(PROMPTS, TOKENS, generator=random)
    bigram = torch.randn(TOKENS, TOKENS, generator=random)
    a, b, c, d = torch.meshgrid(*[torch.arange(TOKENS)] * LENGTH, indexing="ij")
    rewards = sum(unigram[:, token] for token in (a, b, c, d))
    rewards = rewards + bigram[a, b] + bigram[b, c] + bigram[c, d]
    flat = rewards.flatten(1)
    rewards = (rewards - flat.mean(1).view(-1, 1, 1, 1, 1)) / flat.std(1).view(-1, 1, 1, 1, 1)
    if end:
        rewards = torch.where((a != 0) & (b != 0) & (c != 0) & (d != 0), -1.0, rewards)
    return rewards


def make_respond(policy: GPT, end: bool = False):
    """A sampler without a cache: all rows at once, one token after another."""

    @torch.no_grad()
    def respond(batch: PromptBatch, seed: int) -> Rollout:
        random = torch.Generator().manual_seed(seed)
        ids = torch.tensor(batch.prompts)
        alive = torch.ones(len(ids), dtype=torch.bool)
        masks = []
        for _ in range(LENGTH):
            last = torch.zeros_like(ids, dtype=torch.bool)
            last[:, -1] = True
            logits = policy_logits(policy, ids, last, 1.0, BANNED)
            token = torch.multinomial(logits.softmax(dim=-1), 1, generator=random)
            masks.append(alive)
            ids = torch.cat([ids, torch.where(alive[:, None], token, PAD)], dim=1)
            if end:
                alive = alive & (token[:, 0] != 0)
        return Rollout(ids[:, :-1], ids[:, 1:], torch.stack(masks, dim=1))

    return respond


def make_ppo(
    world: EnumerableWorld,
    seed: int,
    answers: int = 512,
    minibatches: int = 4,
    score=None,
    gold=None,
    **settings,
) -> PPO:
    """The stage as it is, with a critic that starts at 0."""
    config = PPOConfig(
        policy="sft",
        reward="world",
        prompts=("world",),
        rollout={"examples": answers, "max_new_tokens": LENGTH},
        kl={"maximum": None, "maximum_clip_fraction": None},
        score={"clip": None, "missing_end": "ignore"},
        **settings,
    )
    policy = GPT(SIZE)
    policy.load_state_dict(world.reference.state_dict())
    critic = ScalarModel.from_language_model(policy, torch.Generator().manual_seed(seed))
    torch.nn.init.zeros_(critic.head.weight)
    prompts = PromptBatch(world.prompts * (answers // PROMPTS))
    return PPO(
        config,
        ActorCritic(policy, critic, 1.0, BANNED),
        Reference(world.reference, 1.0, BANNED),
        World(
            respond=make_respond(policy, world.end),
            score=score or (world.score if world.end else world.score_rows),
            gold=gold,
            prompts=lambda _: prompts,
            stop_ids=(0,) if world.end else (),
            minibatch=answers // minibatches,
            save=lambda *_: None,
            seed=seed,
            rows_per_forward=answers,
        ),
    )


def train(stage: PPO, rollouts: int, learning_rate: float = 1e-3) -> list[dict[str, float]]:
    """The loop without its files: metrics of every step."""
    minibatches = stage.config.rollout.examples // stage.world.minibatch
    steps = rollouts * stage.config.epochs * minibatches
    config = OptimizerConfig(
        learning_rate=learning_rate, weight_decay=0.0, schedule="linear", final_fraction=0.0
    )
    optimizer = Optimizer(stage.trained, config, steps, stage.learning_rate_factors())
    history = []
    for batch in stage.batches():
        terms = stage.loss(batch)
        (terms.total / batch.weight).backward()
        torch.nn.utils.clip_grad_norm_(stage.trained.parameters(), 1.0)
        optimizer.step()
        means = {name: float(v / batch.weight) for name, v in terms.metrics.items()}
        history.append(means | stage.step_metrics() | terms.maxima)
        stage.on_step(history[-1])
        if len(history) == steps:
            break
    return history


def make_rankings(
    world: EnumerableWorld, count: int, answers: int, seed: int, sharpness: float = 2.0
) -> ComparisonBatch:
    """Rankings of sampled answers as noisy people give them (Plackett 1975, Luce 1959).

    The better of two wins with probability σ(sharpness · difference in gold).
    """
    random = torch.Generator().manual_seed(seed)
    prompts = torch.randint(PROMPTS, (count,), generator=random).repeat_interleave(answers)
    batch = PromptBatch(tuple(world.prompts[index] for index in prompts.tolist()))
    rollout = make_respond(world.reference)(batch, seed)
    gold = world.score_rows(rollout)
    gumbel = -torch.empty_like(gold).exponential_(generator=random).log()
    utilities = (sharpness * gold + gumbel).unflatten(0, (count, answers))
    ranks = utilities.argsort(dim=1, descending=True).argsort(dim=1)
    ids = rollout.ids.unflatten(0, (count, answers))
    return ComparisonBatch(ids, torch.full(ranks.shape, ids.shape[-1]), ranks)


def train_reward_model(
    world: EnumerableWorld, rankings: ComparisonBatch, epochs: int = 1, learning_rate: float = 5e-3
) -> ScalarModel:
    """One pass, 32 prompts a step, from the reference under a new head."""
    model = ScalarModel.from_language_model(world.reference, torch.Generator().manual_seed(0))
    scores = AnswerScores(model)
    steps = epochs * -(-rankings.examples // 32)
    config = OptimizerConfig(learning_rate=learning_rate, weight_decay=0.01, schedule="linear")
    optimizer = Optimizer(scores, config, steps)
    for _ in range(epochs):
        for batch in rankings.split(32):
            total, _ = ranking_loss(scores(batch), batch.ranks)
            (total / batch.weight).backward()
            optimizer.step()
    return model.requires_grad_(False)
