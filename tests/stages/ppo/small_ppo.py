"""A PPO stage of toy size, and what surrounds it, for tests."""

import torch

from fledge.data.batch import PromptBatch
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.policy import policy_logits
from fledge.model.scalar import ScalarModel
from fledge.runtime import random
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import World

VOCABULARY, PAD, END = 48, 0, 1
BANNED = (PAD, 2, 3)
PROMPTS = tuple(tuple(range(4, 4 + n)) for n in (1, 2, 3, 4)) * 2
LONGEST = 6


def language_model(seed=0, family="llama", dropout=0.0, spread=0.3):
    """Off its initial values, so that nothing is nearly uniform or exactly zero."""
    gpt2 = family == "gpt2"
    config = GPTConfig(
        vocabulary_size=VOCABULARY,
        context_length=16,
        width=16,
        num_layers=2,
        num_heads=2,
        num_key_value_heads=1,
        head_width=8,
        feed_forward_width=32,
        dropout=dropout,
        **(
            {"norm": "layer", "feed_forward": "gelu", "rotary": None, "bias": "all"} if gpt2 else {}
        ),
    )
    if gpt2:
        config = config.model_copy(update={"num_key_value_heads": 2})
    model = GPT(config)
    model.initialise(random(seed, "initialise"))
    generator = random(seed, "noise")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * spread)
    return model


def reward_model(policy, seed=0):
    """A scalar model with a bias, as normalisation leaves it."""
    model = ScalarModel.from_language_model(policy, random(seed, "head"))
    with torch.no_grad():
        model.head.bias.fill_(0.4)
    return model


def responding(policy, longest=LONGEST, temperature=1.0):
    """Plain sampling, a row at a time."""

    @torch.no_grad()
    def respond(batch, seed):
        generator = torch.Generator().manual_seed(seed)
        return Rollout.join(batch.prompts, [answer(p, generator) for p in batch.prompts], PAD)

    def answer(prompt, generator):
        ids = list(prompt)
        while len(ids) - len(prompt) < longest and (len(ids) == len(prompt) or ids[-1] != END):
            inputs = torch.tensor([ids])
            last = torch.zeros_like(inputs, dtype=torch.bool)
            last[0, -1] = True
            logits = policy_logits(policy, inputs, last, temperature, BANNED)
            ids.append(int(torch.multinomial(logits[0].softmax(0), 1, generator=generator)))
        return ids[len(prompt) :]

    return respond


def small_ppo(
    policy=None, score=None, temperature=1.0, world=None, minibatch=4, score_=None, **settings
):
    """A stage whose reward model, critic and policy share their first weights."""
    policy = policy or language_model()
    critic = reward_model(policy)
    reference = GPT(policy.config)
    reference.load_state_dict(policy.state_dict())
    settings.setdefault("rollout", {"examples": 8, "max_new_tokens": LONGEST})
    settings["score"] = score_ or {}
    config = PPOConfig(policy="sft", reward="reward", prompts=("prompts",), **settings)
    parts = {
        "respond": responding(policy, temperature=temperature),
        "score": score or ModelScore(reward_model(policy)),
        "prompts": lambda _: PromptBatch(PROMPTS),
        "stop_ids": (END,),
        "minibatch": minibatch,
        "save": lambda *_: None,
    }
    return PPO(
        config,
        ActorCritic(policy, critic, temperature, BANNED),
        Reference(reference, temperature, BANNED),
        World(**{**parts, **(world or {})}),
    )


def train(stage, steps, learning_rate=1e-2, microbatch=None):
    """The loop without its files; metrics of every step."""
    optimizer = torch.optim.Adam(stage.trained.parameters(), lr=learning_rate)
    history = []
    for batch in stage.batches():
        sums, maxima = {}, {}
        for part in batch.split(microbatch or batch.examples):
            terms = stage.loss(part)
            (terms.total / batch.weight).backward()
            for name, value in terms.metrics.items():
                sums[name] = sums.get(name, 0.0) + value
            maxima |= {n: max(v, maxima.get(n, v)) for n, v in terms.maxima.items()}
        optimizer.step()
        optimizer.zero_grad()
        means = {name: float(value / batch.weight) for name, value in sums.items()}
        history.append(means | stage.step_metrics() | maxima)
        stage.on_step(history[-1])
        if len(history) == steps:
            break
    return history
