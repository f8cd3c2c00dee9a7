"""Sample the answers of a rollout, as many at the same time as their cache has room for."""

from fledge.checkpoint.model_files import LoadedModel
from fledge.data.batch import PromptBatch
from fledge.generate.engine import Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.model.config import GPTConfig
from fledge.model.counting import cache_bytes, parameters
from fledge.runtime.memory import make_room
from fledge.stages.ppo.actor_critic import ActorCritic
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.world import Respond
from fledge.train.stage import StageContext

MAX_BATCH = 128
"""Answers generated at the same time, at most."""
SMALLEST_CACHE = 2**28
"""Bytes that the keys and values of any model's answers may take on a CPU."""
WEIGHT_BYTES = 4
"""Bytes of a weight in training; a larger model's cache may take as many bytes as its weights."""


def answering(
    trained: ActorCritic,
    loaded: LoadedModel,
    config: PPOConfig,
    context: StageContext,
    banned_ids: tuple[int, ...],
) -> Respond:
    """Return the function that samples answers from the policy's whole weights.

    An answer depends on its seed, not on the other rows of the batch.
    """
    tokenizer, runtime, rollout = loaded.tokenizer, context.runtime, config.rollout
    sampling = SamplingParams(
        temperature=rollout.temperature, max_new_tokens=rollout.max_new_tokens
    )

    def answer(prompts: PromptBatch, seed: int) -> Rollout:
        seeds = prompts.seeds(seed)
        policy = trained.policy
        length = longest_text(policy.config, prompts.prompts, rollout.max_new_tokens)
        rows = rows_at_once(policy.config, length) if runtime.device.type == "cpu" else MAX_BATCH
        make_room()
        with runtime.gathered(trained):
            # Torch alone: the first ratio of an update is 1 only if both round alike.
            engine = Engine(
                policy, max_batch=min(rows, len(seeds)), max_length=length, native=False
            )
            answers = respond(
                engine, prompts.prompts, sampling, seeds, tokenizer.stop_ids, banned_ids
            )
        return Rollout.join(prompts.prompts, answers, tokenizer.special.pad).to(runtime.device)

    return answer


def longest_text(
    config: GPTConfig, prompts: tuple[tuple[int, ...], ...], max_new_tokens: int
) -> int:
    """Return the tokens that a prompt and its answer have at most: slots of a row of the cache."""
    return min(config.context_length, max(map(len, prompts)) + max_new_tokens)


def rows_at_once(config: GPTConfig, length: int) -> int:
    """Return the number of answers that are sampled at the same time on a CPU, at least one.

    Their cache takes at most the bytes of the model's weights in fp32, or `SMALLEST_CACHE`.
    """
    room = max(SMALLEST_CACHE, WEIGHT_BYTES * parameters(config))
    return max(1, min(MAX_BATCH, room // cache_bytes(config, 1, length)))
