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
    """Yield this process's rows of the remaining minibatches, with its pretraining rows.

    Each epoch has its own shuffle, the same on every process. A minibatch counts as done once the
    loop has it. A used-up rollout ends early.
    """
    per_epoch = -(-experience.examples // world.minibatch)
    per_rollout = epochs * per_epoch
    while not is_used_up(state, world, epochs):
        epoch, index = divmod(state.minibatches_done, per_epoch)
        shuffle = random(world.seed, "shuffle", state.rollouts_done, epoch)
        minibatch = experience.minibatch(index, world.minibatch, shuffle)
        ours = minibatch.share(world.rank, world.world_size)
        step = state.rollouts_done * per_rollout + state.minibatches_done
        is_first = state.minibatches_done == 0
        state.minibatches_done += 1
        if world.pretraining is None:
            yield PPOBatch.unmixed(ours, is_first)
        else:
            rows = world.pretraining(step).to(ours.old_log_probs.device)
            scale = minibatch.weight / world.all_sum(rows.weight).clamp(min=1)
            yield PPOBatch(ours, rows, scale, is_first)


def is_used_up(state: PPOState, world: World, epochs: int) -> bool:
    """Tell whether no minibatch of the current rollout is left; an update too large ends it."""
    per_rollout = epochs * -(-state.answers_per_rollout // world.minibatch)
    return state.minibatches_done >= per_rollout or state.guard.rollout_is_used_up
