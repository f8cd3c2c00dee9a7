"""Cut a rollout into the batches of its optimiser steps."""

from collections.abc import Iterator

from fledge.runtime.random import random
from fledge.stages.ppo.batch import PPOBatch
from fledge.stages.ppo.rollout import Experience
from fledge.stages.ppo.state import PPOState
from fledge.stages.ppo.world import World


def minibatches(
    experience: Experience, state: PPOState, world: World, epochs: int
) -> Iterator[PPOBatch]:
    """Yield the remaining minibatches of all epochs, with their pretraining rows.

    Each epoch has its own shuffle. A minibatch counts as done once the loop has it. A used-up
    rollout ends early.
    """
    per_epoch = -(-experience.examples // world.minibatch)
    per_rollout = epochs * per_epoch
    while state.minibatches_done < per_rollout and not state.guard.rollout_is_used_up:
        epoch, index = divmod(state.minibatches_done, per_epoch)
        shuffle = random(world.seed, "shuffle", state.rollouts_done, epoch)
        minibatch = experience.minibatch(index, world.minibatch, shuffle)
        step = state.rollouts_done * per_rollout + state.minibatches_done
        is_first = state.minibatches_done == 0
        state.minibatches_done += 1
        if world.pretraining is None:
            yield PPOBatch.unmixed(minibatch, is_first)
        else:
            rows = world.pretraining(step).to(minibatch.old_log_probs.device)
            yield PPOBatch.mix(minibatch, rows, is_first, world.all_sum)
