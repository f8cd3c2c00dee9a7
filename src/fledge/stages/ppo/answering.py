"""Sample the answers of a rollout, as many at the same time as their cache has room for."""

from fledge.checkpoint.model_files import LoadedModel
from fledge.data.batch import PromptBatch
from fledge.generate.engine import CAPACITY_STEP, Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, parameters
from fledge.stages.ppo.actor_critic import ActorCritic
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.world import Respond
from fledge.train.stage import StageContext

MAX_BATCH = 128
"""Answers generated at the same time, at most."""
SMALLEST_CACHE = 2**28
"""Bytes that the keys and values of any model's answers may take."""
WEIGHT_BYTES = 4
"""Bytes of a weight; a larger model's cache may take as many bytes as its weights."""


def answering(
    trained: ActorCritic, loaded: LoadedModel, config: PPOConfig, context: StageContext
) -> Respond:
    """Return the function that samples answers from the policy's whole weights.

    An answer depends on its seed, not on the other rows of the batch.
    """
    tokenizer, runtime, rollout = loaded.tokenizer, context.runtime, config.rollout
    sampling = SamplingParams(
        temperature=rollout.temperature, max_new_tokens=rollout.max_new_tokens
    )
    banned_ids = tuple(sorted(loaded.banned_ids))

    def answer(prompts: PromptBatch, seed: int) -> Rollout:
        seeds = prompts.seeds(seed)
        capacity = capacity_of(max(map(len, prompts.prompts)), rollout.max_new_tokens)
        rows = rows_at_once(trained.policy.config, capacity)
        with runtime.gathered(trained):
            # Torch alone: the first ratio of an update is 1 only if both round alike.
            engine = Engine(trained.policy, max_batch=min(rows, len(seeds)), native=False)
            answers = respond(
                engine, prompts.prompts, sampling, seeds, tokenizer.stop_ids, banned_ids
            )
        return Rollout.join(prompts.prompts, answers, tokenizer.special.pad).to(runtime.device)

    return answer


def capacity_of(longest_prompt: int, max_new_tokens: int) -> int:
    """Return the tokens that a row of the cache has room for.

    They are twice its prompt, rounded up, as it begins, then as many as its longest answer needs.
    """
    begins = 2 * -(-longest_prompt // CAPACITY_STEP)
    ends = -(-(longest_prompt + max_new_tokens) // CAPACITY_STEP)
    return max(begins, ends) * CAPACITY_STEP


def rows_at_once(config: GPTConfig, capacity: int) -> int:
    """Return the number of answers that are sampled at the same time, at least one.

    Their cache takes at most the bytes of the model's weights in fp32, or `SMALLEST_CACHE`.
    """
    room = max(SMALLEST_CACHE, WEIGHT_BYTES * parameters(config))
    row = cache_bytes(config, 1, min(capacity, config.context_length))
    return max(1, min(MAX_BATCH, room // row))
